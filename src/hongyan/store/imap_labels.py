"""What an IMAP server says of messages besides where they are: its labels, and its names for them.

Labels are those of X-GM-EXT-1, each as the mailbox of ours that it is; names are the EMAILID of RFC
8474, or what a server has in its place.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hongyan.store.database import fetch
from hongyan.store.types import MailboxId, MessageId, row_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.store.database import Database


class ImapLabels:
    """The labels of all IMAP accounts' messages, as the servers had them when we last looked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, message_ids: Iterable[str]) -> dict[MessageId, frozenset[MailboxId]]:
        """Return the labels of messages; those without any are left out."""
        found: dict[MessageId, set[MailboxId]] = {}
        numbers = json.dumps([row_number("m", each) for each in message_ids])
        with self._database.read() as db:
            for message, mailbox in fetch(
                db,
                "SELECT message, mailbox FROM imap_labels "
                "WHERE message IN (SELECT value FROM json_each(?))",
                (numbers,),
            ):
                found.setdefault(MessageId(f"m{message}"), set()).add(MailboxId(f"b{mailbox}"))
        return {message: frozenset(mailboxes) for message, mailboxes in found.items()}

    def under(self, mailbox_id: str) -> tuple[MessageId, ...]:
        """Return the messages that have a label, also those that are here no more."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT message FROM imap_labels WHERE mailbox = ? ORDER BY message",
                (row_number("b", mailbox_id),),
            )
        return tuple(MessageId(f"m{message}") for (message,) in rows)

    def counts(self, account_id: str) -> dict[MailboxId, int]:
        """Return how many messages have each label of an account; those of none are left out."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT b.mailbox, count(*) FROM imap_mailboxes AS b "
                "JOIN imap_labels AS i ON i.mailbox = b.mailbox WHERE b.account = ? "
                "GROUP BY b.mailbox",
                (row_number("a", account_id),),
            )
        return {MailboxId(f"b{mailbox}"): count for mailbox, count in rows}

    def note(self, message_id: str, labels: Iterable[str]) -> None:
        """Note the labels that a message has there now, in the place of those it had."""
        message = row_number("m", message_id)
        with self._database.write() as db:
            db.execute("DELETE FROM imap_labels WHERE message = ?", (message,))
            db.executemany(
                "INSERT INTO imap_labels (message, mailbox) VALUES (?, ?)",
                [(message, row_number("b", each)) for each in sorted(labels)],
            )


class ImapObjects:
    """What servers themselves call messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, message_id: str, object_id: str) -> None:
        """Note what the server calls a message."""
        with self._database.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO imap_objects (message, object_id) VALUES (?, ?)",
                (row_number("m", message_id), object_id),
            )

    def of(self, message_ids: Iterable[str]) -> dict[MessageId, str]:
        """Return what the server calls messages, as far as it is known."""
        numbers = json.dumps([row_number("m", each) for each in message_ids])
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT message, object_id FROM imap_objects "
                "WHERE message IN (SELECT value FROM json_each(?))",
                (numbers,),
            )
        return {MessageId(f"m{message}"): object_id for message, object_id in rows}
