"""The filter and the sort of Email/query (RFC 8621 §4.4.1, §4.4.2) as trees and SQL.

`node` makes the same tree out of a filter's JSON as `query.parse` makes out of what a person types,
so both ask the same statements. Errors are `InvalidArgument` for ``filter`` or ``sort``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hongyan.errors import InvalidArgument
from hongyan.guard import shown
from hongyan.store import wheres
from hongyan.store.folding import storable
from hongyan.store.query import All, Either, Node, Not, Term, Where, parse
from hongyan.store.times import milliseconds
from hongyan.store.types import row_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import apsw

Json: TypeAlias = Any  # whatever came out of JSON

DEPTH_LIMIT: Final = 20
CONDITION_LIMIT: Final = 200
_WORDS: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(\S+)')
_ESCAPE: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Sort:
    """A comparator (RFC 8620 §5.5); ``keyword`` goes with the three that look at one."""

    property: str
    is_ascending: bool = True
    keyword: str = ""


NEWEST_FIRST: Final = (Sort("receivedAt", is_ascending=False),)


class Filter:
    """Reads one filter; ``db`` tells what the index needs to know. Used once."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._conditions = 0

    def node(self, given: Mapping[str, Json] | None, *, depth: int = 0) -> Node | None:
        """Return the tree of a FilterOperator or a FilterCondition; None asks for everything."""
        if given is None:
            return None
        self._conditions += 1
        if depth > DEPTH_LIMIT or self._conditions > CONDITION_LIMIT:
            raise _wrong("has too many conditions")
        if not isinstance(given, dict):
            raise _wrong("is no object")
        if "operator" in given:
            return self._operator(given, depth)
        parts = [self._condition(name, value) for name, value in given.items()]
        return parts[0] if len(parts) == 1 else All(tuple(parts)) if parts else None

    def _operator(self, given: Mapping[str, Json], depth: int) -> Node:
        operator, conditions = given["operator"], given.get("conditions")
        if not isinstance(conditions, list):
            raise _wrong("has an operator without conditions")
        found = [self.node(each, depth=depth + 1) for each in conditions]
        parts = tuple(Where("1") if part is None else part for part in found)
        if operator == "AND":
            return All(parts) if parts else Where("1")
        if operator == "OR":
            return Either(parts) if parts else Where("0")
        if operator == "NOT":
            return All(tuple(Not(part) for part in parts)) if parts else Where("1")
        raise _wrong(f"knows no operator {shown(str(operator), limit=40)!r}")

    def _condition(self, name: str, value: Json) -> Node:
        if name not in _CONDITIONS:
            raise _wrong(f"knows no condition {shown(name, limit=40)!r}")
        try:
            return _CONDITIONS[name](self, value)
        except (TypeError, ValueError, AttributeError):
            raise _wrong(f"{name} has a value of the wrong kind") from None

    def in_mailbox_other_than(self, value: Json) -> Node:
        """Read inMailboxOtherThan."""
        return wheres.in_other_mailbox([row_number("b", id_) for id_ in _list(value)])

    def before(self, value: Json) -> Node:
        """Read before."""
        return wheres.received_before(_time(value), shift=wheres.shift(self._db))

    def after(self, value: Json) -> Node:
        """Read after."""
        return wheres.received_from(_time(value), shift=wheres.shift(self._db))

    def header(self, value: Json) -> Node:
        """Read header: a name, and perhaps a text."""
        name, *rest = map(_text, _list(value))
        if len(rest) > 1:
            raise ValueError("header")
        return wheres.has_field(name, rest[0] if rest else None)


def sort_key(sort: Sort) -> str:
    """Return the SQL expression that a comparator compares, one ``?`` in it for a keyword."""
    if sort.property not in SORT_KEYS or bool(sort.keyword) != ("?" in SORT_KEYS[sort.property]):
        raise InvalidArgument("sort", f"by {shown(sort.property, limit=40)!r} is not known")
    return SORT_KEYS[sort.property]


_HAS: Final = "EXISTS (SELECT 1 FROM keywords WHERE message = m.id AND keyword = ?)"
_IN_THREAD: Final = (
    "EXISTS (SELECT 1 FROM messages AS t WHERE t.thread = m.thread AND {}"
    "EXISTS (SELECT 1 FROM keywords WHERE message = t.id AND keyword = ?))"
)
_NAME: Final = "lower(coalesce(nullif({0} ->> '$[0][0]', ''), {0} ->> '$[0][1]', ''))"
SORT_KEYS: Final = {
    "receivedAt": "m.received_at",
    "sentAt": "coalesce(unixepoch(m.sent_at), m.received_at / 1000)",
    "size": "m.size",
    "from": _NAME.format("m.from_"),
    "to": _NAME.format("m.to_"),
    "subject": "base_subject(m.subject)",
    "hasKeyword": _HAS,
    "someInThreadHaveKeyword": _IN_THREAD.format(""),
    "allInThreadHaveKeyword": f"NOT {_IN_THREAD.format('NOT ')}",
}


def _words(field: str) -> Callable[[Filter, Json], Node]:
    """Return the reader of a text condition: words and quoted phrases, all to be found."""

    def read(_: Filter, value: Json) -> Node:
        found = [
            Term(field, _ESCAPE.sub(r"\1", double or single) or word, 1)
            for double, single, word in _WORDS.findall(_text(value))
        ]
        return All(tuple(found)) if found else Where("1")

    return read


def _wrong(reason: str) -> InvalidArgument:
    return InvalidArgument("filter", reason)


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return storable(value)


def _list(value: Json) -> Sequence[Json]:
    if not isinstance(value, list) or not value:
        raise TypeError("list")
    return value


def _count(value: Json) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise TypeError("number")
    return value


def _time(value: Json) -> int:
    return milliseconds(datetime.fromisoformat(_text(value)))


def _keyword(value: Json) -> str:
    return _text(value).lower()


def _attached(_: Filter, value: Json) -> Node:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return wheres.HAS_ATTACHMENT if value else Where("m.has_attachment = 0")


def _lacks_keyword(_: Filter, value: Json) -> Node:
    keyword = _keyword(value)
    return wheres.UNSEEN if keyword == "$seen" else Not(wheres.has_keyword(keyword))


_CONDITIONS: Final[dict[str, Callable[[Filter, Json], Node]]] = {
    "inMailbox": lambda _, value: wheres.in_mailbox(row_number("b", _text(value))),
    "inMailboxOtherThan": Filter.in_mailbox_other_than,
    "before": Filter.before,
    "after": Filter.after,
    "minSize": lambda _, value: wheres.size_from(_count(value)),
    "maxSize": lambda _, value: wheres.size_below(_count(value)),
    "allInThreadHaveKeyword": lambda _, value: wheres.in_thread(_keyword(value), every=True),
    "someInThreadHaveKeyword": lambda _, value: wheres.in_thread(_keyword(value), every=False),
    "noneInThreadHaveKeyword": lambda _, value: Not(wheres.in_thread(_keyword(value), every=False)),
    "hasKeyword": lambda _, value: wheres.has_keyword(_keyword(value)),
    "notKeyword": _lacks_keyword,
    "hasAttachment": _attached,
    "header": Filter.header,
    "text": _words(""),
    "from": _words("from"),
    "to": _words("to"),
    "cc": _words("cc"),
    "bcc": _words("bcc"),
    "subject": _words("subject"),
    "body": _words("body"),
    "search": lambda _, value: parse(_text(value)) or Where("1"),  # ours: the query language
}
