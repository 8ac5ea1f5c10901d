"""The stored messages: adding, reading and paging; `marking` has what changes them.

`Messages.add` is one transaction: octets, row, mailbox, keywords, index, UIDL and change counter
are all there once it returns, and none of them before. A page's order is that of arrival.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from hongyan.errors import NotFound
from hongyan.store import uidls
from hongyan.store.adding import Adding, New
from hongyan.store.columns import addresses
from hongyan.store.completing import Completing
from hongyan.store.database import fetch
from hongyan.store.folding import storable
from hongyan.store.marks import id_mark
from hongyan.store.prepare import Prepared, prepared
from hongyan.store.summary import kept_anyway
from hongyan.store.texts import Texts
from hongyan.store.times import moment
from hongyan.store.types import (
    AccountId,
    Email,
    MailboxId,
    MessageId,
    ThreadId,
    nothing_like,
    row_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import apsw

    from hongyan.store.blobs import Blobs
    from hongyan.store.changes import ChangeLog
    from hongyan.store.database import Database
    from hongyan.store.spool import Blob
    from hongyan.store.summary import Summarise

_COLUMNS: Final = """
    SELECT m.id, m.account, iif(m.whole, lower(hex(b.sha256)), NULL), m.thread, m.size,
        m.received_at, m.message_id, m.in_reply_to, m.refs, m.from_, m.to_, m.cc, m.subject,
        m.sent_at, m.has_attachment,
        (SELECT json_group_array(mailbox) FROM memberships WHERE message = m.id),
        (SELECT json_group_array(keyword) FROM keywords WHERE message = m.id), m.preview
"""
SOME: Final = f"""{_COLUMNS}
    FROM json_each(?) AS i CROSS JOIN messages AS m ON m.id = i.value
    JOIN blobs AS b ON b.id = m.blob
"""
PAGE: Final = f"""{_COLUMNS}
    FROM memberships AS p CROSS JOIN messages AS m ON m.id = p.message
    JOIN blobs AS b ON b.id = m.blob
    WHERE p.mailbox = ? AND (p.received_at, p.message) < (?, ?)
    ORDER BY p.received_at DESC, p.message DESC LIMIT ?
"""
_GIVEN: Final = """
    SELECT 1 FROM messages AS m
    WHERE id = ? AND (EXISTS (SELECT 1 FROM uidls WHERE message = m.id)
        OR EXISTS (SELECT 1 FROM imap_messages WHERE message = m.id))
"""
WITH_MESSAGE_ID: Final = """
    SELECT m.id FROM thread_ids AS i CROSS JOIN messages AS m
    ON m.thread = coalesce((SELECT into_ FROM merged_threads AS g WHERE g.thread = i.thread),
        i.thread)
    WHERE i.account = ?1 AND i.mark = ?3 AND m.message_id = ?2 AND m.account = ?1
    ORDER BY m.id
"""
WITH_OCTETS: Final = """
    SELECT b.sha256, m.id FROM json_each(?1) AS h
    CROSS JOIN blobs AS b
        ON substr(b.sha256, 1, 6) = substr(unhex(h.value), 1, 6) AND b.sha256 = unhex(h.value)
    CROSS JOIN messages AS m ON m.blob = b.id
    WHERE m.account = ?2 AND m.whole
"""
_OWNERS: Final = "SELECT id, account FROM messages WHERE id IN (SELECT value FROM json_each(?))"
_END_OF_TIME: Final = 2**63 - 1


class Messages(Completing):
    """The messages of all accounts."""

    def __init__(
        self, database: Database, *, blobs: Blobs, changes: ChangeLog, summarise: Summarise
    ) -> None:
        super().__init__(database, blobs=blobs, changes=changes)
        self._summarise = summarise
        self._texts = Texts(blobs)

    def add(  # noqa: PLR0913  # each is a fact of its own about an arrival
        self,
        account_id: str,
        mailbox_id: str,
        content: bytes | Blob | Prepared,
        *,
        received_at: datetime,
        keywords: Iterable[str] = (),
        uidl: str | None = None,
        also_in: Iterable[str] = (),
    ) -> MessageId:
        """Store a message in one transaction; when this returns it is on the disk.

        (Within `Store.transaction`: when that has ended.)

        It is in the mailbox ``mailbox_id`` and in those of ``also_in``. A ``uidl`` that the account
        knows already is not stored again: the id of its message is returned. Raises `NotFound` for
        a mailbox, `InvalidArgument` for a keyword, `StoreError`.
        """
        boxes = (mailbox_id, *also_in)
        return self.add_all(account_id, [New(content, boxes, received_at, tuple(keywords), uidl)])[
            0
        ]

    def add_all(self, account_id: str, new: Iterable[New]) -> list[MessageId]:
        """Store messages, all in one transaction and one change of the account; see `add`."""
        account = row_number("a", account_id)
        its = [(each, self._prepared(each.content)) for each in new]
        with self._database.write() as db:
            adding = Adding(db, account, blobs=self._blobs, defer=self._database.defer)
            ids = [adding.add(each, prepared) for each, prepared in its]
            adding.end()
            if adding.touched:
                self._changes.record(db, account, dict.fromkeys(adding.touched))
        return ids

    def prepare(self, blob: Blob) -> Prepared:
        """Do now, in any thread, what storing a fresh blob would wait for. Raises `StoreError`."""
        return self._prepared(blob)._replace(blob=self._blobs.pack(blob))

    def _prepared(self, content: bytes | Blob | Prepared) -> Prepared:
        if isinstance(content, Prepared):
            return content
        blob = self._blobs.hold(content)
        return prepared(blob, kept_anyway(self._summarise, self._blobs.open(blob)))

    def get(self, message_id: str) -> Email:
        """Return one message's row. Raises `NotFound`."""
        for found in self.list([message_id]):
            return found
        raise nothing_like("m", message_id)

    def list(self, message_ids: Iterable[str]) -> tuple[Email, ...]:
        """Return messages' rows, those of ids that name nothing left out; in that order."""
        numbers: list[int] = []
        for message_id in message_ids:
            with suppress(NotFound):
                numbers.append(row_number("m", message_id))
        with self._database.read() as db:
            return self._emails(db, fetch(db, SOME, (json.dumps(numbers),)))

    def accounts(self, message_ids: Iterable[str]) -> dict[str, AccountId]:
        """Return the account of each message that is there."""
        rows = json.dumps([row_number("m", each) for each in message_ids])
        with self._database.read() as db:
            found = fetch(db, _OWNERS, (rows,))
        return {f"m{row}": AccountId(f"a{account}") for row, account in found}

    def with_message_id(self, account_id: str, message_id: str) -> tuple[MessageId, ...]:
        """Return the account's messages with a Message-ID (no angle brackets), the oldest first."""
        with self._database.read() as db:
            rows = fetch(
                db,
                WITH_MESSAGE_ID,
                (row_number("a", account_id), storable(message_id), id_mark(message_id)),
            )
        return tuple(MessageId(f"m{row}") for (row,) in rows)

    def with_octets(self, account_id: str, hashes: Iterable[str]) -> dict[str, MessageId]:
        """Return the account's messages of exactly these octets by their SHA-256, each the oldest.

        Hashes that it has no message of are left out.
        """
        with self._database.read() as db:
            asked = json.dumps([*hashes])
            rows = fetch(db, WITH_OCTETS, (asked, row_number("a", account_id)))
        return {sha256.hex(): MessageId(f"m{row}") for sha256, row in sorted(rows, reverse=True)}

    def from_servers(self, rfc_message_id: str) -> tuple[MessageId, ...]:
        """Return the messages with this Message-ID that servers gave us, in any account."""
        with self._database.read() as db:
            accounts = [row for (row,) in fetch(db, "SELECT id FROM accounts ORDER BY id")]
        found = (self.with_message_id(f"a{row}", rfc_message_id) for row in accounts)
        return self.given_by_servers(each for ids in found for each in ids)

    def given_by_servers(self, message_ids: Iterable[str]) -> tuple[MessageId, ...]:
        """Return those of the messages that came from a server, and are not gone meanwhile."""
        with self._database.read() as db:
            return tuple(
                MessageId(each)
                for each in message_ids
                if fetch(db, _GIVEN, (row_number("m", each),))
            )

    def raw(self, message_id: str) -> bytes:
        """Return the octets exactly as received.

        Raises `NotFound`, `NotHereYet`, `StoreError` when damaged.
        """
        return self._blobs.read(self.get(message_id).blob_id)

    def page(self, mailbox_id: str, *, limit: int, before: str | None = None) -> tuple[Email, ...]:
        """Return the newest messages of a mailbox, or the next ones after the message ``before``.

        Takes the same time at any depth; `Search.query` gives the n-th page as well. Raises
        `NotFound` for a ``before`` that is no more.
        """
        mailbox = row_number("b", mailbox_id)
        with self._database.read() as db:
            at, row = _END_OF_TIME, _END_OF_TIME
            if before is not None:
                row = row_number("m", before)
                at = _received_at(db, before)
            rows = fetch(db, PAGE, (mailbox, at, row, limit))
            return self._emails(db, rows)

    def _emails(self, db: apsw.Connection, rows: Sequence[tuple[Any, ...]]) -> tuple[Email, ...]:
        """Return the `Email` of each row of `SOME` or `PAGE`; their JSON is read in one go."""
        lists = json.loads(f"[{','.join(map(_lists, rows))}]")
        unkept = self._texts.previews(db, [row[0] for row in rows if row[17] is None])
        return tuple(
            _email(row, its, unkept.get(row[0], row[17]))
            for row, its in zip(rows, lists, strict=True)
        )

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

    def uidl(self, message_id: str) -> str | None:
        """Return what a POP3 server called a message; None for one that came otherwise."""
        with self._database.read() as db:
            return uidls.of_message(db, row_number("m", message_id))

    def mark_gone(self, account_id: str, gone: Iterable[str]) -> None:
        """Note UIDLs that the server lists no more."""
        uidls.mark_gone(self._database, account_id, gone)


def _lists(row: tuple[Any, ...]) -> str:
    """Return the columns of a row that are JSON as one list."""
    (in_reply_to, refs, from_, to, cc) = row[7:12]
    return f"[{in_reply_to or 'null'},{refs},{from_},{to},{cc},{row[15]},{row[16]}]"


def _email(row: tuple[Any, ...], lists: list[Any], preview: str) -> Email:
    (number, account, blob, thread, size, received_at, message_id) = row[:7]
    (subject, sent_at, has_attachment) = row[12:15]
    (in_reply_to, references, from_, to, cc, mailboxes, keywords) = lists
    return Email(
        id=MessageId(f"m{number}"),
        account_id=AccountId(f"a{account}"),
        blob_id=f"m{number}" if blob is None else blob,
        thread_id=ThreadId(f"t{thread}"),
        mailbox_ids=frozenset(MailboxId(f"b{mailbox}") for mailbox in mailboxes),
        keywords=frozenset(keywords),
        size=size,
        received_at=moment(received_at),
        message_id=message_id,
        in_reply_to=tuple(references[-1:] if in_reply_to is None else in_reply_to),
        references=tuple(references),
        from_=addresses(from_),
        to=addresses(to),
        cc=addresses(cc),
        subject=subject,
        sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
        has_attachment=bool(has_attachment),
        preview=preview,
        whole=blob is not None,
    )


def _received_at(db: apsw.Connection, message_id: str) -> int:
    for (at,) in fetch(
        db, "SELECT received_at FROM messages WHERE id = ?", (row_number("m", message_id),)
    ):
        return int(at)
    raise nothing_like("m", message_id)
