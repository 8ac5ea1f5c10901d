"""The filter of Email/query (RFC 8621 §4.4.1): each value read before the store sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hongyan.jmap.arguments import (
    array,
    boolean,
    id_or_reference,
    json_object,
    optional,
    text,
    unsigned,
    utc_date,
)
from hongyan.jmap.errors import Json, MethodError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hongyan.jmap.call import Call

_DEPTH: Final = 20
NOTHING: Final[Json] = {"operator": "OR", "conditions": []}


def _checked(reader: Callable[[Any], object]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:  # noqa: ANN401  # JSON
        reader(value)
        return value

    return check


def _header(value: object) -> list[str]:
    words = array(text)(value)
    if len(words) in (1, 2):
        return words
    raise ValueError("is a name, and perhaps a text")


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "inMailbox": id_or_reference,
    "inMailboxOtherThan": array(id_or_reference),
    "before": _checked(utc_date),
    "after": _checked(utc_date),
    "minSize": unsigned,
    "maxSize": unsigned,
    **dict.fromkeys(
        ("allInThreadHaveKeyword", "someInThreadHaveKeyword", "noneInThreadHaveKeyword"), text
    ),
    **dict.fromkeys(("hasKeyword", "notKeyword"), text),
    "hasAttachment": boolean,
    **dict.fromkeys(("text", "from", "to", "cc", "bcc", "subject", "body"), text),
    "header": _header,
    "search": text,
}


@dataclass(slots=True)
class EmailFilter:
    """A filter that the store can take, and whether it looks at whole threads."""

    json: Json | None
    looks_at_threads: bool = field(default=False)


def take_filter(call: Call, accounts: Sequence[str] = ()) -> EmailFilter:
    """Take ``filter``, about the call's account or about ``accounts``. Raises `MethodError`."""
    given: Json | None = call.take("filter", optional(json_object), None)
    boxes = [call.store.mailboxes.list(each) for each in accounts or (call.account.id,)]
    known = frozenset(str(box.id) for some in boxes for box in some)
    found = EmailFilter(None)
    if given is not None:
        found.json = _Reading(call, known, found).read(given, 0)
    return found


@dataclass(frozen=True, slots=True)
class _Reading:
    call: Call
    mailboxes: frozenset[str]
    found: EmailFilter

    def read(self, given: object, depth: int) -> Json:
        if not isinstance(given, dict) or depth > _DEPTH:
            raise MethodError("unsupportedFilter", "a filter is an object, not nested too deep")
        if "operator" not in given:
            return self._conditions(given)
        parts = given.get("conditions")
        if given["operator"] not in ("AND", "OR", "NOT") or not isinstance(parts, list):
            words = "an operator is AND, OR or NOT, with conditions"
            raise MethodError("unsupportedFilter", words)
        conditions = [self.read(each, depth + 1) for each in parts]
        return {"operator": given["operator"], "conditions": conditions}

    def _conditions(self, given: Json) -> Json:
        read = {name: self._value(name, value) for name, value in given.items()}
        self.found.looks_at_threads |= any("InThread" in name for name in read)
        if "inMailbox" in read:
            read["inMailbox"] = self.call.resolve(read["inMailbox"])
            if read["inMailbox"] not in self.mailboxes:
                return NOTHING
        if "inMailboxOtherThan" in read:
            named = map(self.call.resolve, read.pop("inMailboxOtherThan"))
            if others := [each for each in named if each in self.mailboxes]:
                read["inMailboxOtherThan"] = others
        return read

    @staticmethod
    def _value(name: str, value: object) -> Any:  # noqa: ANN401  # JSON
        if name not in _READERS:
            raise MethodError("unsupportedFilter", f"there is no condition {name!r}")
        try:
            return _READERS[name](value)
        except ValueError as error:
            words = f"filter: {name} {error}"
            raise MethodError("invalidArguments", words, arguments=["filter"]) from None
