"""Email/query (RFC 8621 §4.4): filter, sort, collapse threads, and take a part by place or anchor.

A mailbox by time of arrival, or one of each of several accounts, goes by `pages.Listing`, in the
same time at any depth. Anything else is read in its order until there is enough; the order of
arrival streams out of an index, any other is sorted.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from hongyan.errors import NotFound
from hongyan.store import conditions, wheres
from hongyan.store.database import fetch
from hongyan.store.filters import NEWEST_FIRST, Filter, sort_key
from hongyan.store.pages import Listing
from hongyan.store.types import MessageId, row_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    import apsw

    from hongyan.store.conditions import Found, Reader
    from hongyan.store.filters import Sort

_REPLY: Final = re.compile(
    r"(?:re|fwd?|aw|wg|sv|回复|答复|转发)(?:\[\d+\])?[:：]\s*|\[[^\]]*\]\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Ids:
    """A part of what a query finds: where it begins, and how many there are when asked for."""

    ids: tuple[MessageId, ...]
    position: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part is wanted (RFC 8620 §5.5); ``limit`` None for all from there on.

    A negative ``position`` counts from the end. ``anchor`` is a message's id, and goes before it.
    """

    position: int = 0
    anchor: str | None = None
    anchor_offset: int = 0
    limit: int | None = None
    total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailQuery:
    """One query, to be run on one connection."""

    accounts: tuple[int, ...]
    read: Reader
    filter: Mapping[str, Any] | None = None
    sort: Sequence[Sort] = NEWEST_FIRST
    collapse_threads: bool = False

    def run(self, db: apsw.Connection, part: Part) -> Ids:
        """Return the part. Raises `InvalidArgument`, `NotFound` when the anchor is not found."""
        listing = self._listing(db)
        if listing is not None:
            return self._listed(db, listing, part)
        found = self.found(db)
        total = self._total(db, found) if part.total or part.position < 0 else 0
        start = _start(part, total, lambda anchor: self._index(db, found, row_number("m", anchor)))
        rows = self._rows(db, found, start=start, limit=part.limit)
        return Ids(_ids(rows), start, total if part.total else None)

    def _listing(self, db: apsw.Connection) -> Listing | None:
        """Return the mailboxes when the query asks for them and nothing else, the newest first."""
        boxes = _mailboxes(self.filter) if self.sort == NEWEST_FIRST else ()
        owners = fetch(
            db,
            "SELECT account FROM mailboxes WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(boxes),),
        )
        alone = {owner for (owner,) in owners}
        if not boxes or len(alone) != len(boxes) or not alone.issubset(self.accounts):
            return None
        return Listing(boxes, self.collapse_threads)

    @staticmethod
    def _listed(db: apsw.Connection, listing: Listing, part: Part) -> Ids:
        total = listing.total(db)
        start = _start(part, total, lambda anchor: listing.position(db, row_number("m", anchor)))
        limit = total if part.limit is None else part.limit
        rows = listing.page(db, position=start, limit=limit)
        return Ids(_ids(rows), start, total if part.total else None)

    def _total(self, db: apsw.Connection, found: Found) -> int:
        what = "DISTINCT m.thread" if self.collapse_threads else "*"
        ((total,),) = fetch(db, f"SELECT count({what}) {found.sql}", found.values)
        return int(total)

    def _index(self, db: apsw.Connection, found: Found, row: int) -> int | None:
        return next((at for at, each in enumerate(self._all(db, found)) if each == row), None)

    def _rows(
        self, db: apsw.Connection, found: Found, *, start: int, limit: int | None
    ) -> list[int]:
        if self.collapse_threads:
            end = None if limit is None else start + limit
            return list(islice(self._all(db, found), start, end))
        sql, values = self.statement(found)
        return [row for row, _ in fetch(db, sql, (*values, -1 if limit is None else limit, start))]

    def _all(self, db: apsw.Connection, found: Found) -> Iterator[int]:
        """Yield the rows of all messages that are found, in order."""
        sql, values = self.statement(found)
        seen: set[int] = set()
        for row, thread in db.execute(sql, (*values, -1, 0)):
            if not self.collapse_threads or thread not in seen:
                seen.add(thread)
                yield row

    def found(self, db: apsw.Connection) -> Found:
        """Return the conditions."""
        node = Filter(db).node(self.filter)
        require = (wheres.of_accounts([*self.accounts]),)
        return conditions.found(node, read=self.read, require=require)

    def statement(self, found: Found) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL and its values, LIMIT and OFFSET besides."""
        first = self.sort[0] if self.sort else NEWEST_FIRST[0]
        if first.property == "receivedAt":
            return found.page("m.id, m.thread", newest_first=not first.is_ascending), found.values
        keys = [f"{sort_key(each)} {'ASC' if each.is_ascending else 'DESC'}" for each in self.sort]
        keywords = tuple(each.keyword.lower() for each in self.sort if each.keyword)
        order = ", ".join((*keys, "m.received_at DESC", "m.id DESC"))
        sql = f"SELECT m.id, m.thread {found.sql} ORDER BY {order} LIMIT ? OFFSET ?"
        return sql, (*found.values, *keywords)


def _mailboxes(filter_: Mapping[str, Any] | None) -> tuple[int, ...]:
    """Return the mailboxes that a filter asks for; none when it asks for anything else."""
    asked = filter_ if isinstance(filter_, dict) else {}
    parts = asked.get("conditions") if asked.get("operator") == "OR" else [asked]
    if not isinstance(parts, list) or any([*each] != ["inMailbox"] for each in parts):
        return ()
    return tuple(row_number("b", each["inMailbox"]) for each in parts)


def base_subject(*subject: object) -> str:
    """Return a subject as it is sorted by: without marks of answers and lists, in lower case.

    As RFC 5256 §2.1 has it, with the marks of more languages.
    """
    text = " ".join(str(subject[0]).split())
    while (mark := _REPLY.match(text)) and mark.end() < len(text):
        text = text[mark.end() :]
    return text.removesuffix("(fwd)").strip().lower()


def _start(part: Part, total: int, position_of: Callable[[str], int | None]) -> int:
    """Return where the part begins."""
    if part.anchor is not None:
        at = position_of(part.anchor)
        if at is None:
            raise NotFound("the anchor is not among what was found")
        return max(0, at + part.anchor_offset)
    return part.position if part.position >= 0 else max(0, total + part.position)


def _ids(rows: Sequence[int]) -> tuple[MessageId, ...]:
    return tuple(MessageId(f"m{row}") for row in rows)
