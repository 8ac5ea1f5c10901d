"""Marking, moving and deleting messages, one or many in a transaction.

`_Now` is what a message is at present; `Marking.put` brings it from there to what is wanted,
touches no row that stays, and records each object that changed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.store import uidls
from hongyan.store.changes import Event
from hongyan.store.database import fetch
from hongyan.store.folding import storable
from hongyan.store.types import AccountId, Kind, MessageId, nothing_like, row_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from hongyan.store.blobs import Blobs
    from hongyan.store.changes import ChangeLog, Touched
    from hongyan.store.database import Database

_READ: Final = frozenset({"$seen", "$draft"})
_NOW: Final = """
    SELECT m.id, account, thread,
        (SELECT json_group_array(keyword) FROM keywords WHERE message = m.id),
        (SELECT json_group_array(mailbox) FROM memberships WHERE message = m.id)
    FROM {}
"""
_ONE: Final = _NOW.format("messages AS m WHERE id = ?")
_SOME: Final = _NOW.format("json_each(?) AS i CROSS JOIN messages AS m ON m.id = i.value")
# Marks a message, whose row is there: (keyword, message).
MARK: Final = """
    INSERT INTO keywords (message, keyword, index_row)
    SELECT id, ?, index_row FROM messages WHERE id = ?
"""
# Puts a message, whose row is there, into a mailbox: (mailbox, whether it is unread, message).
PLACE: Final = """
    INSERT INTO memberships (mailbox, received_at, message, thread, unread, newest)
    SELECT ?1, m.received_at, m.id, m.thread, ?2, NOT EXISTS (
        SELECT 1 FROM memberships AS o WHERE o.mailbox = ?1 AND o.thread = m.thread
            AND (o.received_at, o.message) > (m.received_at, m.id))
    FROM messages AS m WHERE m.id = ?3
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become different of each of many messages; the rest stays."""

    add_keywords: frozenset[str] = frozenset()
    remove_keywords: frozenset[str] = frozenset()
    add_mailboxes: frozenset[str] = frozenset()
    remove_mailboxes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Marks:
    """How a message is marked and where it lies: all of it that can change."""

    id: MessageId
    account_id: AccountId
    keywords: frozenset[str]
    mailbox_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Now:
    row: int
    account: int
    thread: int
    keywords: frozenset[str]
    mailboxes: frozenset[int]


class Marking:
    """The part of `Messages` that changes what is stored."""

    def __init__(self, database: Database, *, blobs: Blobs, changes: ChangeLog) -> None:
        self._database = database
        self._blobs = blobs
        self._changes = changes

    def marks(self, message_ids: Iterable[str]) -> tuple[Marks, ...]:
        """Return how messages are marked, in that order; ids that name nothing are left out."""
        rows = json.dumps([row_number("m", each) for each in message_ids])
        with self._database.read() as db:
            return tuple(
                Marks(
                    MessageId(f"m{row}"),
                    AccountId(f"a{account}"),
                    frozenset(json.loads(keywords)),
                    frozenset(f"b{mailbox}" for mailbox in json.loads(mailboxes)),
                )
                for row, account, _, keywords, mailboxes in fetch(db, _SOME, (rows,))
            )

    def set_keywords(self, message_id: str, keywords: Iterable[str]) -> None:
        """Replace the keywords of a message. Raises `NotFound`, `InvalidArgument`."""
        words = normal_keywords(keywords)
        with self._database.write() as db:
            now = _now(db, message_id)
            self._put(db, now, words, now.mailboxes)

    def patch_keywords(
        self, message_id: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Add and remove keywords, leaving the others. Raises `NotFound`, `InvalidArgument`."""
        self.change(
            [message_id], Change(add_keywords=frozenset(add), remove_keywords=frozenset(remove))
        )

    def move(self, message_id: str, mailbox_id: str) -> None:
        """Let a message be in one mailbox alone. Raises `NotFound`."""
        self.set_mailboxes(message_id, [mailbox_id])

    def set_mailboxes(self, message_id: str, mailbox_ids: Iterable[str]) -> None:
        """Let a message be in exactly these mailboxes, at least one, all of its account.

        Raises `NotFound`, `InvalidArgument` for none.
        """
        wanted = tuple(mailbox_ids)
        with self._database.write() as db:
            now = _now(db, message_id)
            self._put(db, now, now.keywords, _mailboxes_of(db, now.account, wanted))

    def change(self, message_ids: Iterable[str], change: Change) -> None:
        """Change many messages in one transaction: all of them, or on an error none.

        Raises `NotFound`, `InvalidArgument`: a keyword, or a message would be in no mailbox.
        """
        add, remove = map(normal_keywords, (change.add_keywords, change.remove_keywords))
        with self._database.write() as db:
            for message_id in message_ids:
                now = _now(db, message_id)
                into = _mailboxes_of(db, now.account, change.add_mailboxes)
                out_of = {row_number("b", id_) for id_ in change.remove_mailboxes}
                self._put(db, now, now.keywords - remove | add, now.mailboxes - out_of | into)

    def delete(self, message_id: str) -> None:
        """Delete a message for ever; the log keeps that it was. Raises `NotFound`."""
        self.delete_many([message_id])

    def delete_many(self, message_ids: Iterable[str]) -> None:
        """Delete messages for ever, all in one transaction or none. Raises `NotFound`."""
        with self._database.write() as db:
            for message_id in message_ids:
                self._delete(db, _now(db, message_id))
        self._blobs.remove_doomed()

    def _put(
        self, db: apsw.Connection, now: _Now, keywords: frozenset[str], mailboxes: frozenset[int]
    ) -> None:
        if not mailboxes:
            raise InvalidArgument("mailboxIds", "a message is in one mailbox at least")
        if (keywords, mailboxes) == (now.keywords, now.mailboxes):
            return
        unread = is_unread(keywords)
        touched = now.mailboxes ^ mailboxes
        if unread != is_unread(now.keywords):
            touched = now.mailboxes | mailboxes
            db.execute("UPDATE memberships SET unread = ? WHERE message = ?", (unread, now.row))
        unmark(db, now.row, now.keywords - keywords)
        mark(db, now.row, keywords - now.keywords)
        if "$seen" in keywords ^ now.keywords:
            unseen = "$seen" not in keywords
            db.execute("UPDATE messages SET unseen = ? WHERE id = ?", (unseen, now.row))
        db.executemany(
            "DELETE FROM memberships WHERE message = ? AND mailbox = ?",
            [(now.row, mailbox) for mailbox in sorted(now.mailboxes - mailboxes)],
        )
        place(db, now.row, mailboxes - now.mailboxes, unread=unread)
        self._changes.record(
            db, now.account, [(Kind.EMAIL, f"m{now.row}", Event.UPDATED), *_boxes(touched)]
        )

    def _delete(self, db: apsw.Connection, now: _Now) -> None:
        uidls.message_deleted(db, now.row)
        db.execute("DELETE FROM messages WHERE id = ?", (now.row,))
        alone = is_empty(db, now.thread, besides=now.row)
        self._changes.record(
            db,
            now.account,
            [
                (Kind.EMAIL, f"m{now.row}", Event.DESTROYED),
                (Kind.THREAD, f"t{now.thread}", Event.DESTROYED if alone else Event.UPDATED),
                *_boxes(now.mailboxes),
            ],
        )


def normal_keywords(keywords: Iterable[str]) -> frozenset[str]:
    """Return keywords as they are compared: in lower case (RFC 8621 §4.1.1).

    Raises `InvalidArgument`.
    """
    words = frozenset(storable(word).lower() for word in keywords)
    if any(not 0 < len(word) <= 255 for word in words):
        raise InvalidArgument("keywords", "has one that is empty or longer than 255 characters")
    return words


def is_unread(keywords: frozenset[str]) -> bool:
    """Tell whether a message counts as unread: neither $seen nor $draft (RFC 8621 §2)."""
    return _READ.isdisjoint(keywords)


def place(db: apsw.Connection, message: int, mailboxes: Iterable[int], *, unread: bool) -> None:
    """Put a message, whose row is there, into mailboxes."""
    db.executemany(PLACE, [(mailbox, unread, message) for mailbox in sorted(mailboxes)])


def mark(db: apsw.Connection, message: int, words: frozenset[str]) -> None:
    """Give a message, whose row is there, keywords."""
    db.executemany(MARK, [(word, message) for word in sorted(words)])


def unmark(db: apsw.Connection, message: int, words: frozenset[str]) -> None:
    """Take keywords from a message."""
    db.executemany(
        "DELETE FROM keywords WHERE message = ? AND keyword = ?",
        [(message, word) for word in sorted(words)],
    )


def is_empty(db: apsw.Connection, thread: int, *, besides: int) -> bool:
    """Tell whether a thread has no message but one."""
    return not fetch(
        db, "SELECT 1 FROM messages WHERE thread = ? AND id != ? LIMIT 1", (thread, besides)
    )


def mailbox_of(db: apsw.Connection, account: int, mailbox_id: str) -> int:
    """Return the row of a mailbox of the account. Raises `NotFound`."""
    row = row_number("b", mailbox_id)
    if not db.execute("SELECT 1 FROM mailboxes WHERE id = ? AND account = ?", (row, account)).get:
        raise nothing_like("b", mailbox_id)
    return row


def _mailboxes_of(db: apsw.Connection, account: int, ids: Iterable[str]) -> frozenset[int]:
    return frozenset(mailbox_of(db, account, id_) for id_ in ids)


def _now(db: apsw.Connection, message_id: str) -> _Now:
    for row, account, thread, keywords, mailboxes in fetch(
        db, _ONE, (row_number("m", message_id),)
    ):
        return _Now(
            row, account, thread, frozenset(json.loads(keywords)), frozenset(json.loads(mailboxes))
        )
    raise nothing_like("m", message_id)


def _boxes(rows: Iterable[int]) -> list[Touched]:
    return [(Kind.MAILBOX, f"b{row}", Event.UPDATED) for row in sorted(rows)]
