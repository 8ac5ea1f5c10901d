"""The entry of a message in the full-text index, written in the message's own transaction.

FTS5 gives hits in the order of its row numbers and in no other without looking at all of them, so
an entry's row number is that of the 64 seconds in which the message arrived, or one near them
(docs/decisions/0006-search-order.md).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from hongyan.store.database import fetch
from hongyan.store.folding import indexed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import apsw

    from hongyan.mime.types import Address
    from hongyan.store.summary import Summary

# Changes with the columns and with `folding`: older entries would not be found any more.
VERSION: Final = "3"
SECONDS: Final = 64  # the nearer two entries' numbers, the smaller the index


def unit(milliseconds_: int) -> int:
    """Return the number of the 64 seconds that hold a time."""
    return milliseconds_ // (1000 * SECONDS)


class FreeRows:
    """Gives messages of one transaction the row numbers of their entries.

    A message has that of its 64 seconds, or the next free one.

    Many of one time come in a row, behind those that arrived before and before those that arrived
    later; the end of that row is found by doubling and halving, in log n look-ups, and then known.
    """

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._last: dict[tuple[int, int], int] = {}
        self.shift = 0  # the most that one stands off its time

    def give(self, at: int) -> int:
        """Return the row number for a message of a time in milliseconds."""
        first = unit(at)
        there = fetch(self._db, "SELECT received_at FROM messages WHERE index_row = ?", (first,))
        if not there:
            return first
        way = 1 if there[0][0] <= at else -1
        free = self._last[first, way] = self._next(first, self._last.get((first, way), first), way)
        self.shift = max(self.shift, abs(free - first))
        return free

    def _next(self, first: int, taken: int, way: int) -> int:
        free = taken + way
        while self._is_taken(free):
            taken, free = free, first + 2 * (free - first)
        while abs(free - taken) > 1:
            middle = (taken + free) // 2
            if self._is_taken(middle):
                taken = middle
            else:
                free = middle
        return free

    def _is_taken(self, row: int) -> bool:
        return bool(fetch(self._db, "SELECT 1 FROM messages WHERE index_row = ?", (row,)))


def note_shift(db: apsw.Connection, shift: int) -> None:
    """Remember the most that an entry stands off its time, for the conditions on that."""
    if shift:
        db.execute(
            "INSERT INTO properties (name, value) VALUES ('shift', ?1) ON CONFLICT DO UPDATE "
            "SET value = ?1 WHERE CAST(value AS INTEGER) < ?1",
            (shift,),
        )


def texts_of(summary: Summary) -> tuple[str, ...]:
    """Return what is indexed of a message, a text for each column."""
    texts = (
        f"{summary.text}\n{summary.attached}" if summary.attached else summary.text,
        summary.subject,
        _people(summary.from_),
        _people(summary.to),
        _people(summary.cc),
        _people(summary.bcc),
        "\n".join(summary.filenames),
        summary.list_id,
    )
    return tuple(map(indexed, texts))


def add(db: apsw.Connection, *, texts: Mapping[int, tuple[str, ...]]) -> None:
    """Index messages by their rows and `texts_of` each; those deleted meanwhile are left out."""
    rows = fetch(
        db,
        "SELECT m.index_row, m.id FROM json_each(?) AS i "
        "CROSS JOIN messages AS m ON m.id = i.value",
        (json.dumps([*texts]),),
    )
    db.executemany(
        'INSERT INTO search (rowid, body, subject, "from", "to", cc, bcc, filename, list) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(index_row, *texts[message]) for index_row, message in sorted(rows)],
    )


def _people(addresses: Iterable[Address]) -> str:
    return "\n".join(f"{address.name or ''} {address.email}" for address in addresses)
