"""The ``sort`` argument of a /query (RFC 8620 §5.5), and how texts are compared."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import total_ordering
from typing import TYPE_CHECKING, Any, Final

from hongyan.jmap.arguments import Arguments, array, boolean, json_object, optional, text
from hongyan.jmap.errors import MethodError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hongyan.jmap.call import Call

COLLATIONS: Final = ("i;unicode-casemap", "i;ascii-casemap", "i;octet")
_comparators = optional(array(json_object))


def collated(value: str) -> str:
    """Return a text as ``i;unicode-casemap`` (RFC 5051) compares it."""
    return unicodedata.normalize("NFKD", value).casefold()


@total_ordering
@dataclass(frozen=True, slots=True)
class _Backwards:
    """A key that sorts the other way round."""

    key: Any

    def __lt__(self, other: _Backwards) -> bool:
        return bool(other.key < self.key)


@dataclass(frozen=True, slots=True)
class Comparator:
    """One step of an order: what is compared, and which way."""

    property: str
    is_ascending: bool
    of: Callable[[Any], Any]

    def key(self, object_: object) -> Any:  # noqa: ANN401  # whatever can be compared
        """Return what an object is sorted by."""
        key = self.of(object_)
        return key if self.is_ascending else _Backwards(key)


def take_sort(call: Call, keys: Mapping[str, Callable[[Any], Any]]) -> tuple[Comparator, ...]:
    """Take ``sort``. Raises `MethodError` ``unsupportedSort`` for what is not among ``keys``."""
    given: list[dict[str, Any]] | None = call.take("sort", _comparators, None)
    found = []
    for each in given or ():
        property_, is_ascending, _ = take_comparator(each)
        if property_ not in keys:
            raise MethodError("unsupportedSort", f"there is no sort by {property_!r}")
        found.append(Comparator(property_, is_ascending, keys[property_]))
    return tuple(found)


def take_comparator(given: dict[str, Any]) -> tuple[str, bool, Arguments]:
    """Return property and direction of a Comparator, and what else is in it.

    What nobody knows is not looked at: some clients send more than the RFC has. Raises
    `MethodError` ``unsupportedSort`` for an unknown collation.
    """
    fields = Arguments(given)
    property_ = fields.take("property", text)
    is_ascending: bool = fields.take("isAscending", boolean, default=True)
    collation = fields.take("collation", optional(text), None)
    if collation not in (None, *COLLATIONS):
        raise MethodError("unsupportedSort", f"there is no collation {collation!r}")
    return property_, is_ascending, fields
