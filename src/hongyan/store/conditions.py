"""From a parsed query to the parts of a statement: one FTS5 expression and SQL conditions.

Text becomes quoted phrases (`folding.phrase`), everything else a condition with bound values. What
can be asked of the index in one expression is, for the index is what makes it quick.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.store.folding import phrase, storable
from hongyan.store.query import TEXT_FIELDS, All, Either, Not, Term, wrong
from hongyan.store.times import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.store.query import Node

Value: TypeAlias = str | int
Condition: TypeAlias = tuple[str, tuple[Value, ...]]

_IN_INDEX: Final = "m.index_row IN (SELECT rowid FROM search WHERE search MATCH ?)"
_HAS_KEYWORD: Final = "EXISTS (SELECT 1 FROM keywords WHERE message = m.id AND keyword = ?)"
_IS_READ: Final = (
    "EXISTS (SELECT 1 FROM keywords WHERE message = m.id AND keyword IN ('$seen', '$draft'))"
)
_IN_MAILBOX: Final = (
    "EXISTS (SELECT 1 FROM memberships AS p JOIN mailboxes AS x ON x.id = p.mailbox "
    "WHERE p.message = m.id AND (x.role = lower(?) OR x.name = ? COLLATE NOCASE))"
)
_OF_ACCOUNT: Final = (
    "m.account IN (SELECT id FROM accounts WHERE address = ? OR name = ? COLLATE NOCASE)"
)
_SIZE: Final = re.compile(r"([0-9]{1,12})([kmg]?)b?", re.IGNORECASE)
_SPAN: Final = re.compile(r"([0-9]{1,4})([hdwmy])", re.IGNORECASE)
_UNITS: Final = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SPANS: Final = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}


class Conditions:
    """What a message must fulfil; grows by `add` and `require`.

    ``wheres`` with ``values`` are SQL about ``messages AS m``, and about ``search`` when there is
    an FTS5 expression ``match``; ``phrases`` are the texts looked for, to be marked.
    """

    def __init__(self, *, now: datetime) -> None:
        """``now`` is aware; dates without a time are days of its zone."""
        self.match = ""
        self.wheres: list[str] = []
        self.values: list[Value] = []
        self.phrases: list[str] = []
        self._now = now

    def require(self, sql: str, *values: Value) -> None:
        """Add a condition in SQL."""
        self.wheres.append(sql)
        self.values.extend(values)

    def add(self, node: Node) -> None:
        """Add the query ``node``. Raises `InvalidArgument`."""
        self._note_phrases(node)
        parts = node.of if isinstance(node, All) else (node,)
        indexed = _match(All(parts))
        if indexed is None:
            asked = [part for part in parts if _match(part) is not None]
            indexed = _match(All(tuple(asked))) if asked else None
            for part in parts:
                if part not in asked:
                    sql, values = self._sql(part)
                    self.require(sql, *values)
        if indexed:
            self.match = indexed
            self.wheres.insert(0, "search MATCH ?")
            self.values.insert(0, indexed)

    def _note_phrases(self, node: Node) -> None:
        """Collect the texts that are looked for, not those that are excluded."""
        if isinstance(node, Term):
            if node.field in TEXT_FIELDS or not node.field:
                self.phrases.append(node.value)
        elif not isinstance(node, Not):
            for part in node.of:
                self._note_phrases(part)

    def _sql(self, node: Node) -> Condition:
        """Return a condition for a node that the index alone cannot answer."""
        match = _match(node)
        if match is not None:
            return _IN_INDEX, (match,)
        if isinstance(node, Term):
            return self._term(node)
        if isinstance(node, Not):
            sql, values = self._sql(node.of)
            return f"NOT ({sql})", values
        parts = [self._sql(part) for part in node.of]
        word = " AND " if isinstance(node, All) else " OR "
        return (
            f"({word.join(sql for sql, _ in parts)})",
            tuple(value for _, values in parts for value in values),
        )

    def _term(self, term: Term) -> Condition:
        return _TERMS[term.field](term, self._now)


def _match(node: Node) -> str | None:
    """Return the FTS5 expression for ``node``, or None when it needs more than the index."""
    if isinstance(node, Term):
        return _text(node)
    if isinstance(node, Not):
        return None  # FTS5 has no "everything but"
    if isinstance(node, Either):
        parts = [_match(part) for part in node.of]
        return None if None in parts else f"({' OR '.join(filter(None, parts))})"
    wanted = [_match(part) for part in node.of if not isinstance(part, Not)]
    unwanted = [_match(part.of) for part in node.of if isinstance(part, Not)]
    if not wanted or None in wanted or None in unwanted:
        return None
    expression = f"({' AND '.join(filter(None, wanted))})"
    if unwanted:
        expression = f"({expression} NOT ({' OR '.join(filter(None, unwanted))}))"
    return expression


def _text(term: Term) -> str | None:
    if term.field and term.field not in TEXT_FIELDS:
        return None
    quoted = phrase(term.value)
    if not quoted:
        raise wrong(term.at, f"{term.value!r} has no letter and no digit to search for")
    return f'"{term.field}" : {quoted}' if term.field else quoted


def _is(term: Term, _: datetime) -> Condition:
    word = term.value.lower()
    if word in {"unread", "unseen"}:
        return f"NOT {_IS_READ}", ()
    if word in {"read", "seen"}:
        return _IS_READ, ()
    if word in {"flagged", "starred", "answered", "draft", "forwarded"}:
        return _HAS_KEYWORD, ("$flagged" if word == "starred" else f"${word}",)
    raise wrong(term.at, "is: knows unread, read, flagged, answered, forwarded and draft")


def _has(term: Term, _: datetime) -> Condition:
    if term.value.lower() not in {"attachment", "attachments"}:
        raise wrong(term.at, "has: knows attachment")
    return "m.has_attachment", ()


def _in(term: Term, _: datetime) -> Condition:
    return _IN_MAILBOX, (storable(term.value),) * 2


def _account(term: Term, _: datetime) -> Condition:
    return _OF_ACCOUNT, (storable(term.value),) * 2


def _label(term: Term, _: datetime) -> Condition:
    return _HAS_KEYWORD, (storable(term.value).lower(),)


def _day(term: Term, now: datetime) -> int:
    try:
        day = date.fromisoformat(term.value)
        return milliseconds(datetime(day.year, day.month, day.day, tzinfo=now.tzinfo))
    except ValueError:
        raise wrong(term.at, f"{term.field}: needs a day such as 2026-01-31") from None


def _ago(term: Term, now: datetime) -> int:
    span = _SPAN.fullmatch(term.value)
    if span is None:
        raise wrong(term.at, f"{term.field}: needs a time such as 12h, 7d, 2w, 3m or 1y")
    try:
        return milliseconds(now - int(span[1]) * _SPANS[span[2].lower()])
    except OverflowError:
        raise wrong(term.at, f"{term.value} ago is before all time") from None


def _octets(term: Term, _: datetime) -> int:
    size = _SIZE.fullmatch(term.value)
    if size is None:
        raise wrong(term.at, f"{term.field}: needs a size such as 300k or 5M")
    return int(size[1]) * _UNITS[size[2].lower()]


def _compared(
    sql: str, value: Callable[[Term, datetime], int]
) -> Callable[[Term, datetime], Condition]:
    return lambda term, now: (sql, (value(term, now),))


_TERMS: Final[dict[str, Callable[[Term, datetime], Condition]]] = {
    "is": _is,
    "has": _has,
    "in": _in,
    "account": _account,
    "label": _label,
    "before": _compared("m.received_at < ?", _day),
    "after": _compared("m.received_at >= ?", _day),
    "newer_than": _compared("m.received_at >= ?", _ago),
    "older_than": _compared("m.received_at < ?", _ago),
    "larger": _compared("m.size > ?", _octets),
    "smaller": _compared("m.size < ?", _octets),
}
