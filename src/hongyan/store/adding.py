"""Putting new messages into the store, one or many in the caller's transaction.

What is the same for all of them, such as whether a mailbox is there, is looked up once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from hongyan.store import search_index, texts, threads, uidls
from hongyan.store.changes import Event
from hongyan.store.database import fetch
from hongyan.store.marking import MARK, PLACE, is_empty, is_unread, mailbox_of, normal_keywords
from hongyan.store.times import milliseconds
from hongyan.store.types import Kind, MessageId

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import apsw

    from hongyan.store.blobs import Blobs
    from hongyan.store.changes import Touched
    from hongyan.store.prepare import Prepared
    from hongyan.store.spool import Blob

_INSERT: Final = """
    INSERT INTO messages (id, account, blob, thread, received_at, size, whole, index_row, unseen,
        message_id, in_reply_to, refs, subject, from_, to_, cc, sent_at, has_attachment, text_at,
        preview)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class New:
    """A message to be stored, and where; see `Messages.add`.

    ``header_of``: the content is the header alone, of a message of so many octets by its server.
    """

    content: bytes | Blob | Prepared
    mailboxes: tuple[str, ...]
    received_at: datetime
    keywords: tuple[str, ...] = ()
    uidl: str | None = None
    header_of: int | None = None


class Defer(Protocol):
    """`Database.defer`."""

    def __call__(self, act: Callable[[apsw.Connection], None], *, order: int) -> None:
        """Let ``act`` be done towards the end of the transaction."""


class Adding:
    """Adds messages to an account, and at the `end` what one statement can do for all of them.

    ``touched`` is what changed, to be recorded then.
    """

    def __init__(self, db: apsw.Connection, account: int, *, blobs: Blobs, defer: Defer) -> None:
        self._db = db
        self._account = account
        self._blobs = blobs
        self._defer = defer
        self._row = _last_row(db)
        self._rows = search_index.FreeRows(db)
        self._mailboxes: dict[str, int] = {}
        self._marks: list[tuple[str, int]] = []
        self._places: list[tuple[int, bool, int]] = []
        self._texts: dict[int, tuple[str, ...]] = {}
        self._first_entry = 0
        self.touched: list[Touched] = []

    def add(self, new: New, its: Prepared) -> MessageId:
        """Add a message, prepared. Raises `NotFound`, `InvalidArgument`; see `Messages.add`."""
        db, words = self._db, normal_keywords(new.keywords)
        mailboxes = {self._mailbox(id_) for id_ in new.mailboxes}
        if new.uidl is not None:
            known = uidls.message_of(db, self._account, new.uidl)
            if known is not None:
                return known
        self._row += 1
        row = self._row
        thread = self._thread(row, its.marks)
        self._insert(row, thread, new, its, unseen="$seen" not in words)
        self._marks += [(word, row) for word in sorted(words)]
        self._places += [(box, is_unread(words), row) for box in sorted(mailboxes)]
        if new.uidl is not None:
            uidls.remember(db, self._account, uidl=new.uidl, message=row)
        self.touched.append((Kind.EMAIL, f"m{row}", Event.CREATED))
        self.touched += [(Kind.MAILBOX, f"b{box}", Event.UPDATED) for box in sorted(mailboxes)]
        return MessageId(f"m{row}")

    def end(self) -> None:
        """Mark and place what was added, and let it be indexed."""
        search_index.note_shift(self._db, self._rows.shift)
        self._db.executemany(MARK, self._marks)
        self._db.executemany(PLACE, self._places)
        if self._texts:
            self._defer(partial(search_index.add, texts=self._texts), order=self._first_entry)

    def _mailbox(self, id_: str) -> int:
        if id_ not in self._mailboxes:
            self._mailboxes[id_] = mailbox_of(self._db, self._account, id_)
        return self._mailboxes[id_]

    def _thread(self, row: int, marks: tuple[int, ...]) -> int:
        """Find or begin the thread of a message, merging those that it joins."""
        db, account = self._db, self._account
        known = threads.known(db, account, marks)
        thread = known[0] if known else row
        threads.remember(db, account, marks, thread=thread)
        began = not known or is_empty(db, thread, besides=row)
        for other in known[1:]:
            moved, mailboxes = threads.merge(db, account, thread=other, into=thread)
            self.touched += [(Kind.EMAIL, f"m{each}", Event.UPDATED) for each in moved]
            self.touched += [(Kind.MAILBOX, f"b{each}", Event.UPDATED) for each in mailboxes]
            self.touched.append((Kind.THREAD, f"t{other}", Event.DESTROYED))
        event = Event.CREATED if began else Event.UPDATED
        self.touched.append((Kind.THREAD, f"t{thread}", event))
        return thread

    def _insert(self, row: int, thread: int, new: New, its: Prepared, *, unseen: bool) -> None:
        """Insert row, text and index entry."""
        db, at = self._db, milliseconds(new.received_at)
        index_row = self._rows.give(at)
        blob = self._blobs.row(db, its.blob)
        whole = new.header_of is None
        size = its.blob.size if new.header_of is None else new.header_of
        facts = (row, self._account, blob, thread, at, size, whole, index_row, unseen)
        db.execute(_INSERT, (*facts, *its.columns))
        self._first_entry = min(index_row, self._first_entry) if self._texts else index_row
        self._texts[row] = its.texts
        texts.keep(db, message=row, body=its.body)


def _last_row(db: apsw.Connection) -> int:
    """Return the highest row number that a message ever had."""
    rows = fetch(db, "SELECT seq FROM sqlite_sequence WHERE name = 'messages'")
    return int(rows[0][0]) if rows else 0
