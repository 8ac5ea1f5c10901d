"""The entry of a message in the full-text index, written in the message's own transaction.

FTS5 gives hits in the order of its row numbers and in no other without looking at all of them, so
an entry's row number is the second in which the message arrived, or one soon after
(docs/decisions/0006-search-order.md).
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from hongyan.store.database import fetch
from hongyan.store.folding import indexed
from hongyan.store.times import milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import apsw

    from hongyan.mime.types import Address
    from hongyan.store.summary import Summary

VERSION: Final = "2"  # changes with the columns, with `folding` and with what `summary` reads
_TEXT_KEPT: Final = 64 * 1024


def free_row(db: apsw.Connection, *, received_at: datetime) -> int:
    """Return the row number for a message of that time: its second, or the next free one.

    Many of one second come in a row, in the order in which they were stored; the end of that row
    is found by doubling and halving, so a message takes log n look-ups.
    """
    second = milliseconds(received_at) // 1000
    if not _is_taken(db, second):
        return second
    taken, free = second, second + 1
    while _is_taken(db, free):
        taken, free = free, second + 2 * (free - second)
    while free - taken > 1:
        middle = (taken + free) // 2
        if _is_taken(db, middle):
            taken = middle
        else:
            free = middle
    return free


def note_shift(db: apsw.Connection, *, received_at: datetime, index_row: int) -> None:
    """Remember the most that an entry stands after its second, for `wheres.received_before`."""
    shift = index_row - milliseconds(received_at) // 1000
    if shift:
        db.execute(
            "INSERT INTO properties (name, value) VALUES ('shift', ?1) ON CONFLICT DO UPDATE "
            "SET value = ?1 WHERE CAST(value AS INTEGER) < ?1",
            (shift,),
        )


def _is_taken(db: apsw.Connection, row: int) -> bool:
    return bool(fetch(db, "SELECT 1 FROM messages WHERE index_row = ?", (row,)))


def add(db: apsw.Connection, *, message: int, summary: Summary) -> None:
    """Index a message; one that has been deleted meanwhile is left out."""
    rows = fetch(db, "SELECT index_row FROM messages WHERE id = ?", (message,))
    if not rows:
        return
    texts = (
        summary.subject,
        _people(summary.from_),
        _people(summary.to),
        _people(summary.cc),
        _people(summary.bcc),
        summary.text,
        "\n".join(summary.filenames),
        summary.list_id,
    )
    db.execute(
        'INSERT INTO search (rowid, subject, "from", "to", cc, bcc, body, filename, list) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (rows[0][0], *map(indexed, texts)),
    )


def keep_text(db: apsw.Connection, *, message: int, summary: Summary) -> None:
    """Keep the beginning of the text, from which excerpts are cut, so that none needs parsing."""
    body = zlib.compress(summary.text[:_TEXT_KEPT].encode(), 1)
    db.execute("INSERT OR REPLACE INTO texts (message, body) VALUES (?, ?)", (message, body))


def _people(addresses: Iterable[Address]) -> str:
    return "\n".join(f"{address.name or ''} {address.email}" for address in addresses)
