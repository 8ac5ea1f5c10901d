"""Is the store whole? SQLite's own checks, the index against the messages, every blob by its hash.

It only reads. What it finds is said in one line each; an empty answer is a clean bill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.errors import NotFound, StoreError
from hongyan.store.database import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.store.blobs import Blobs
    from hongyan.store.database import Database

_SHOWN: Final = 20
_NOT_INDEXED: Final = """
    SELECT id FROM messages WHERE id NOT IN (SELECT rowid FROM search)
    UNION ALL SELECT rowid FROM search WHERE rowid NOT IN (SELECT id FROM messages)
"""
_HOMELESS: Final = "SELECT id FROM messages WHERE id NOT IN (SELECT message FROM memberships)"
_MISCOUNTED: Final = """
    SELECT id FROM mailboxes AS x WHERE (total, unread) != (
        SELECT count(*), coalesce(sum(unread), 0) FROM memberships WHERE mailbox = x.id)
"""


def faults(database: Database, *, blobs: Blobs) -> Iterator[str]:
    """Yield what is wrong, the gravest first; takes as long as reading every octet."""
    try:
        with database.read() as db:
            yield from (
                f"database: {line}"
                for (line,) in fetch(db, "PRAGMA integrity_check(20)")
                if line != "ok"
            )
            for table, row, parent, _ in fetch(db, "PRAGMA foreign_key_check")[:_SHOWN]:
                yield f"database: row {row} of {table} names what is missing in {parent}"
            for words, sql in (
                ("message m{}: is not in the index as it should be", _NOT_INDEXED),
                ("message m{}: is in no mailbox", _HOMELESS),
                ("mailbox b{}: its counts are wrong", _MISCOUNTED),
            ):
                yield from (words.format(row) for (row,) in fetch(db, sql)[:_SHOWN])
            hashes = [sha256.hex() for (sha256,) in fetch(db, "SELECT sha256 FROM blobs")]
    except StoreError as error:
        yield str(error)
        return
    for sha256 in hashes:
        try:
            blobs.read(sha256)
        except NotFound:
            continue  # deleted meanwhile
        except StoreError as error:
            yield str(error)
