"""Giving messages of which only the header was here their octets: the same ids, one change."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from hongyan.store import search_index, texts, threads
from hongyan.store.changes import Event
from hongyan.store.columns import Columns
from hongyan.store.database import fetch
from hongyan.store.marking import Marking
from hongyan.store.types import Kind, MessageId, row_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from hongyan.store.changes import Touched
    from hongyan.store.prepare import Prepared

_WAITING: Final = "SELECT account, thread, index_row FROM messages WHERE id = ? AND NOT whole"
_COLUMNS: Final = ", ".join(f"{name} = ?" for name in Columns._fields)
_COMPLETE: Final = f"UPDATE messages SET blob = ?, size = ?, whole = 1, {_COLUMNS} WHERE id = ?"
_READY: Final = """
    SELECT message FROM unjudged CROSS JOIN messages AS m ON m.id = message
    WHERE m.account = ? AND m.whole ORDER BY message LIMIT ?
"""


class Completing(Marking):
    """The part of `Messages` that knows of messages whose body is to come."""

    def complete(self, its: Iterable[tuple[str, Prepared]]) -> tuple[MessageId, ...]:
        """Give messages their octets, all in one transaction; return those that waited for them.

        Blob, summary, text and index entry are replaced, id and thread stay. What is whole already
        or has been deleted stays as it is.
        """
        done: list[MessageId] = []
        touched: dict[int, list[Touched]] = {}
        with self._database.write() as db:
            for message_id, prepared in its:
                row = row_number("m", message_id)
                for account, thread, index_row in fetch(db, _WAITING, (row,)):
                    self._replace(db, row, index_row, prepared)
                    threads.remember(db, account, prepared.marks, thread=thread)
                    change = (Kind.EMAIL, f"m{row}", Event.UPDATED)
                    touched.setdefault(account, []).append(change)
                    done.append(MessageId(f"m{row}"))
            for account, changes in touched.items():
                self._changes.record(db, account, changes)
        self._blobs.remove_doomed()
        return tuple(done)

    def _replace(self, db: apsw.Connection, row: int, index_row: int, its: Prepared) -> None:
        blob = self._blobs.row(db, its.blob)
        db.execute(_COMPLETE, (blob, its.blob.size, *its.columns, row))
        db.execute("DELETE FROM texts WHERE message = ?", (row,))
        texts.keep(db, message=row, body=its.body)
        db.execute("DELETE FROM search WHERE rowid = ?", (index_row,))
        entry = {row: its.texts}
        self._database.defer(partial(search_index.add, texts=entry), order=index_row)

    def to_come(self, account_id: str | None = None) -> int:
        """Return of how many messages, of an account or of all, only the header is here."""
        where = "" if account_id is None else "AND account = ?"
        values = () if account_id is None else (row_number("a", account_id),)
        with self._database.read() as db:
            ((count,),) = fetch(
                db, f"SELECT count(*) FROM messages WHERE NOT whole {where}", values
            )
        return int(count)

    def halves(self) -> frozenset[MessageId]:
        """Return the messages of which only the header is here."""
        with self._database.read() as db:
            rows = fetch(db, "SELECT id FROM messages WHERE NOT whole", ())
        return frozenset(MessageId(f"m{row}") for (row,) in rows)

    def put_off(self, message_ids: Iterable[str]) -> tuple[MessageId, ...]:
        """Return those of the messages that are whole; `no_longer_put_off` gives the others."""
        whole: list[MessageId] = []
        with self._database.write() as db:
            for message_id in message_ids:
                row = row_number("m", message_id)
                for (is_whole,) in fetch(db, "SELECT whole FROM messages WHERE id = ?", (row,)):
                    if is_whole:
                        whole.append(MessageId(message_id))
                    else:
                        db.execute("INSERT OR IGNORE INTO unjudged VALUES (?)", (row,))
        return tuple(whole)

    def no_longer_put_off(self, account_id: str, *, limit: int) -> tuple[MessageId, ...]:
        """Return messages that were put off and are whole now, each once, the oldest first."""
        with self._database.write() as db:
            rows = fetch(db, _READY, (row_number("a", account_id), limit))
            db.executemany("DELETE FROM unjudged WHERE message = ?", rows)
        return tuple(MessageId(f"m{row}") for (row,) in rows)
