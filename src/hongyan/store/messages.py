"""The stored messages: adding, reading, paging, marking, moving, deleting.

`Messages.add` is one transaction: octets, row, mailbox, keywords, index, UIDL and change counter
are all there once it returns, and none of them before. A page's order is that of arrival.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hongyan.errors import InvalidArgument
from hongyan.mime.types import Address
from hongyan.store import search_index, threads, uidls
from hongyan.store.changes import Event
from hongyan.store.database import fetch
from hongyan.store.folding import storable
from hongyan.store.summary import Summary, kept_anyway
from hongyan.store.times import milliseconds, moment
from hongyan.store.types import (
    AccountId,
    Email,
    Kind,
    MailboxId,
    MessageId,
    ThreadId,
    nothing_like,
    row_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from hongyan.store.blobs import Blobs
    from hongyan.store.changes import ChangeLog, Touched
    from hongyan.store.database import Database
    from hongyan.store.spool import Blob
    from hongyan.store.summary import Summarise
    from hongyan.store.types import UidlState

_READ: Final = frozenset({"$seen", "$draft"})

_SELECT: Final = """
    SELECT m.id, m.account, lower(hex(b.sha256)), m.thread, m.size, m.received_at, m.message_id,
        m.in_reply_to, m.refs, m.from_, m.to_, m.cc, m.subject, m.sent_at, m.has_attachment,
        m.preview,
        (SELECT json_group_array(mailbox) FROM memberships WHERE message = m.id),
        (SELECT json_group_array(keyword) FROM keywords WHERE message = m.id)
    FROM messages AS m JOIN blobs AS b ON b.id = m.blob
"""
PAGE: Final = f"""{_SELECT}
    JOIN memberships AS p ON p.message = m.id
    WHERE p.mailbox = ? AND (p.received_at, p.message) < (?, ?)
    ORDER BY p.received_at DESC, p.message DESC LIMIT ?
"""
_GIVEN: Final = """
    SELECT 1 FROM messages AS m
    WHERE id = ? AND EXISTS (SELECT 1 FROM uidls WHERE message = m.id)
"""
_END_OF_TIME: Final = 2**63 - 1


class Messages:
    """The messages of all accounts."""

    def __init__(
        self, database: Database, *, blobs: Blobs, changes: ChangeLog, summarise: Summarise
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._changes = changes
        self._summarise = summarise

    def add(
        self,
        account_id: str,
        mailbox_id: str,
        content: bytes | Blob,
        *,
        received_at: datetime,
        keywords: Iterable[str] = (),
        uidl: str | None = None,
    ) -> MessageId:
        """Store a message in one transaction; when this returns it is on the disk.

        (Within `Store.transaction`: when that has ended.)

        A ``uidl`` that the account knows already is not stored again: the id of its message is
        returned. Raises `NotFound` for the mailbox, `StoreError`.
        """
        blob = self._blobs.hold(content)
        summary = kept_anyway(self._summarise, self._blobs.open(blob))
        words = _keywords(keywords)
        with self._database.write() as db:
            account = row_number("a", account_id)
            mailbox = _mailbox_of(db, account, mailbox_id)
            known = uidls.message_of(db, account, uidl) if uidl is not None else None
            if known is not None:
                return known
            row, thread, event = self._insert(db, account, blob, summary, received_at)
            _place(db, row, [mailbox])
            _mark(db, row, words)
            if uidl is not None:
                uidls.remember(db, account, uidl=uidl, message=row)
            self._changes.record(
                db,
                account,
                [
                    (Kind.EMAIL, f"m{row}", Event.CREATED),
                    (Kind.MAILBOX, f"b{mailbox}", Event.UPDATED),
                    (Kind.THREAD, f"t{thread}", event),
                ],
            )
        return MessageId(f"m{row}")

    def _insert(
        self, db: apsw.Connection, account: int, blob: Blob, summary: Summary, received_at: datetime
    ) -> tuple[int, int, Event]:
        """Insert row, text and index entry; return the row, its thread and the thread's event."""
        thread = threads.thread_of(db, account, summary)
        row = _next_row(db)
        thread = thread or row
        index_row = search_index.free_row(db, received_at=received_at)
        db.execute(
            """
            INSERT INTO messages (id, account, blob, thread, message_id, in_reply_to, refs, subject,
                from_, to_, cc, sent_at, received_at, size, preview, has_attachment, index_row)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                row,
                account,
                self._blobs.row(db, blob),
                thread,
                summary.message_id,
                json.dumps(summary.in_reply_to),
                json.dumps(summary.references),
                summary.subject,
                _addresses(summary.from_),
                _addresses(summary.to),
                _addresses(summary.cc),
                summary.sent_at.isoformat() if summary.sent_at else None,
                milliseconds(received_at),
                blob.size,
                summary.preview,
                summary.has_attachment,
                index_row,
            ),
        )
        threads.remember(db, account, summary, thread=thread)
        self._database.defer(
            partial(search_index.add, message=row, summary=summary), order=index_row
        )
        search_index.keep_text(db, message=row, summary=summary)
        began = _is_empty(db, thread, besides=row)
        return row, thread, Event.CREATED if began else Event.UPDATED

    def get(self, message_id: str) -> Email:
        """Return one message's row. Raises `NotFound`."""
        with self._database.read() as db:
            rows = fetch(
                db,
                f"{_SELECT} WHERE m.id = ?",
                (row_number("m", message_id),),
            )
        if not rows:
            raise nothing_like("m", message_id)
        return email(rows[0])

    def with_octets(self, account_id: str, sha256: str) -> MessageId | None:
        """Return the account's message of exactly these octets, the oldest of several; or None."""
        with self._database.read() as db:
            for (row,) in fetch(
                db,
                "SELECT m.id FROM messages AS m JOIN blobs AS b ON b.id = m.blob "
                "WHERE b.sha256 = ? AND m.account = ? ORDER BY m.id LIMIT 1",
                (bytes.fromhex(sha256), row_number("a", account_id)),
            ):
                return MessageId(f"m{row}")
        return None

    def from_servers(self, rfc_message_id: str) -> tuple[MessageId, ...]:
        """Return the messages with this Message-ID that servers gave us, in any account."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT m.id FROM thread_ids AS t JOIN messages AS m "
                "ON m.thread = t.thread AND m.account = t.account "
                "WHERE t.message_id = ? AND m.message_id = ? ORDER BY m.id",
                (rfc_message_id, rfc_message_id),
            )
        return self.given_by_servers(f"m{row}" for (row,) in rows)

    def given_by_servers(self, message_ids: Iterable[str]) -> tuple[MessageId, ...]:
        """Return those of the messages that came from a server, and are not gone meanwhile."""
        with self._database.read() as db:
            return tuple(
                MessageId(each)
                for each in message_ids
                if fetch(db, _GIVEN, (row_number("m", each),))
            )

    def raw(self, message_id: str) -> bytes:
        """Return the octets exactly as received. Raises `NotFound`, `StoreError` when damaged."""
        return self._blobs.read(self.get(message_id).blob_id)

    def page(self, mailbox_id: str, *, limit: int, before: str | None = None) -> tuple[Email, ...]:
        """Return the newest messages of a mailbox, or the next ones after the message ``before``.

        Takes the same time at any depth. Raises `NotFound` for a ``before`` that is no more.
        """
        mailbox = row_number("b", mailbox_id)
        with self._database.read() as db:
            at, row = _END_OF_TIME, _END_OF_TIME
            if before is not None:
                row = row_number("m", before)
                at = _received_at(db, before)
            rows = fetch(db, PAGE, (mailbox, at, row, limit))
        return tuple(map(email, rows))

    def thread(self, thread_id: str) -> tuple[MessageId, ...]:
        """Return the messages of a thread, oldest first. Raises `NotFound` when it has none."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT id FROM messages WHERE thread = ? ORDER BY received_at, id",
                (row_number("t", thread_id),),
            )
        if not rows:
            raise nothing_like("t", thread_id)
        return tuple(MessageId(f"m{row}") for (row,) in rows)

    def known_uidls(self, account_id: str) -> dict[str, UidlState]:
        """Return every UIDL that the account has seen, with its state."""
        return uidls.known(self._database, account_id)

    def mark_gone(self, account_id: str, gone: Iterable[str]) -> None:
        """Note UIDLs that the server lists no more."""
        uidls.mark_gone(self._database, account_id, gone)

    def set_keywords(self, message_id: str, keywords: Iterable[str]) -> None:
        """Replace the keywords of a message. Raises `NotFound`, `InvalidArgument`."""
        words = _keywords(keywords)
        with self._database.write() as db:
            self._set_keywords(db, message_id, words)

    def patch_keywords(
        self, message_id: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Add and remove keywords, leaving the others. Raises `NotFound`, `InvalidArgument`."""
        with self._database.write() as db:
            words = self.get(message_id).keywords - _keywords(remove) | _keywords(add)
            self._set_keywords(db, message_id, words)

    def _set_keywords(self, db: apsw.Connection, message_id: str, words: frozenset[str]) -> None:
        message = self.get(message_id)
        if words == message.keywords:
            return
        row = row_number("m", message_id)
        db.execute("DELETE FROM keywords WHERE message = ?", (row,))
        _mark(db, row, words)
        touched: list[Touched] = [(Kind.EMAIL, message.id, Event.UPDATED)]
        if _READ.isdisjoint(words) != _READ.isdisjoint(message.keywords):
            touched += _mailboxes(message.mailbox_ids)
        self._changes.record(db, row_number("a", message.account_id), touched)

    def move(self, message_id: str, mailbox_id: str) -> None:
        """Let a message be in one mailbox alone. Raises `NotFound`."""
        self.set_mailboxes(message_id, [mailbox_id])

    def set_mailboxes(self, message_id: str, mailbox_ids: Iterable[str]) -> None:
        """Let a message be in exactly these mailboxes, at least one, all of its account.

        Raises `NotFound`, `InvalidArgument` for none.
        """
        wanted = frozenset(mailbox_ids)
        if not wanted:
            raise InvalidArgument("mailboxIds", "a message is in one mailbox at least")
        with self._database.write() as db:
            message = self.get(message_id)
            account = row_number("a", message.account_id)
            rows = [_mailbox_of(db, account, id_) for id_ in sorted(wanted)]
            if wanted == message.mailbox_ids:
                return
            row = row_number("m", message_id)
            db.execute("DELETE FROM memberships WHERE message = ?", (row,))
            _place(db, row, rows)
            _mark(db, row, message.keywords)
            touched = _mailboxes({*message.mailbox_ids, *wanted})
            self._changes.record(db, account, [(Kind.EMAIL, message.id, Event.UPDATED), *touched])

    def delete(self, message_id: str) -> None:
        """Delete a message for ever; the log keeps that it was. Raises `NotFound`."""
        with self._database.write() as db:
            message = self.get(message_id)
            row = row_number("m", message_id)
            uidls.message_deleted(db, row)
            db.execute("DELETE FROM messages WHERE id = ?", (row,))
            thread = row_number("t", message.thread_id)
            alone = _is_empty(db, thread, besides=row)
            self._changes.record(
                db,
                row_number("a", message.account_id),
                [
                    (Kind.EMAIL, message.id, Event.DESTROYED),
                    (Kind.THREAD, message.thread_id, Event.DESTROYED if alone else Event.UPDATED),
                    *_mailboxes(message.mailbox_ids),
                ],
            )
        self._blobs.remove_doomed()


def email(row: tuple[Any, ...]) -> Email:
    """Return the `Email` of a row of `_SELECT`."""
    (number, account, blob, thread, size, received_at, message_id, in_reply_to, references) = row[
        :9
    ]
    (from_, to, cc, subject, sent_at, has_attachment, preview, mailboxes, keywords) = row[9:]
    return Email(
        id=MessageId(f"m{number}"),
        account_id=AccountId(f"a{account}"),
        blob_id=blob,
        thread_id=ThreadId(f"t{thread}"),
        mailbox_ids=frozenset(MailboxId(f"b{mailbox}") for mailbox in json.loads(mailboxes)),
        keywords=frozenset(json.loads(keywords)),
        size=size,
        received_at=moment(received_at),
        message_id=message_id,
        in_reply_to=tuple(json.loads(in_reply_to)),
        references=tuple(json.loads(references)),
        from_=_read_addresses(from_),
        to=_read_addresses(to),
        cc=_read_addresses(cc),
        subject=subject,
        sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
        has_attachment=bool(has_attachment),
        preview=preview,
    )


def _addresses(addresses: Iterable[Address]) -> str:
    return json.dumps([(address.name, address.email) for address in addresses], ensure_ascii=False)


def _read_addresses(text: str) -> tuple[Address, ...]:
    return tuple(Address(name, email) for name, email in json.loads(text))


def _keywords(keywords: Iterable[str]) -> frozenset[str]:
    """Return keywords as they are compared: in lower case (RFC 8621 §4.1.1)."""
    words = frozenset(storable(word).lower() for word in keywords)
    if any(not 0 < len(word) <= 255 for word in words):
        raise InvalidArgument("keywords", "has one that is empty or longer than 255 characters")
    return words


def _mailbox_of(db: apsw.Connection, account: int, mailbox_id: str) -> int:
    row = row_number("b", mailbox_id)
    if not db.execute("SELECT 1 FROM mailboxes WHERE id = ? AND account = ?", (row, account)).get:
        raise nothing_like("b", mailbox_id)
    return row


def _next_row(db: apsw.Connection) -> int:
    """Return the row number that the next message gets: one that was never given."""
    rows = fetch(db, "SELECT seq FROM sqlite_sequence WHERE name = 'messages'")
    return int(rows[0][0]) + 1 if rows else 1


def _is_empty(db: apsw.Connection, thread: int, *, besides: int) -> bool:
    return not fetch(
        db, "SELECT 1 FROM messages WHERE thread = ? AND id != ? LIMIT 1", (thread, besides)
    )


def _received_at(db: apsw.Connection, message_id: str) -> int:
    for (at,) in fetch(
        db, "SELECT received_at FROM messages WHERE id = ?", (row_number("m", message_id),)
    ):
        return int(at)
    raise nothing_like("m", message_id)


def _place(db: apsw.Connection, message: int, mailboxes: list[int]) -> None:
    """Put a message into mailboxes, unread as yet: `_mark` follows."""
    db.executemany(
        "INSERT INTO memberships (mailbox, received_at, message, unread) "
        "SELECT ?, received_at, id, 1 FROM messages WHERE id = ?",
        [(mailbox, message) for mailbox in mailboxes],
    )


def _mark(db: apsw.Connection, message: int, words: frozenset[str]) -> None:
    db.executemany(
        "INSERT INTO keywords (message, keyword) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(message, word) for word in sorted(words)],
    )
    db.execute(
        "UPDATE memberships SET unread = ? WHERE message = ?", (_READ.isdisjoint(words), message)
    )


def _mailboxes(ids: Iterable[str]) -> list[Touched]:
    return [(Kind.MAILBOX, id_, Event.UPDATED) for id_ in sorted(ids)]
