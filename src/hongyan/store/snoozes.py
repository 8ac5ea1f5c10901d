"""Snoozed messages: out of the inbox until their time, then back and unread.

What other clients see is a mailbox with the role snoozed and the keyword ``$snoozed``; the time,
and where to go back to, are ours alone. One that somebody moves elsewhere meanwhile stays there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from hongyan.store.database import fetch
from hongyan.store.marking import Change
from hongyan.store.times import milliseconds, moment
from hongyan.store.types import MessageId, Role, row_number

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hongyan.store.database import Database
    from hongyan.store.mailboxes import Mailboxes
    from hongyan.store.messages import Messages
    from hongyan.store.types import Email

KEYWORD: Final = "$snoozed"
_MARKED: Final = frozenset({KEYWORD})
_OF_ACCOUNT: Final = """
    FROM snoozes AS s JOIN messages AS m ON m.id = s.message WHERE m.account = ?
"""


class Snoozes:
    """The snoozed messages of all accounts."""

    def __init__(self, database: Database, *, messages: Messages, mailboxes: Mailboxes) -> None:
        self._database = database
        self._messages = messages
        self._mailboxes = mailboxes

    def snooze(self, message_id: str, until: datetime) -> None:
        """Put a message aside until a time; one that is aside already gets the new time.

        It leaves the inbox, or where it is not in one, all mailboxes. Raises `NotFound`.
        """
        with self._database.write() as db:
            email = self._messages.get(message_id)
            aside = self._mailboxes.ensure(email.account_id, Role.SNOOZED).id
            is_aside = aside in email.mailbox_ids
            left = self._returns_to(email) if is_aside else sorted(self._leaves(email))
            db.execute(
                "INSERT OR REPLACE INTO snoozes VALUES (?, ?, ?)",
                (row_number("m", message_id), milliseconds(until), json.dumps(left)),
            )
            change = Change(
                add_keywords=_MARKED,
                add_mailboxes=frozenset({aside}),
                remove_mailboxes=self._leaves(email) - {aside},
            )
            self._messages.change([message_id], change)

    def take_back(self, message_id: str) -> None:
        """Put a message back as it was; does nothing to one that is not snoozed.

        Raises `NotFound`.
        """
        with self._database.write():
            self._return(self._messages.get(message_id))

    def bring_back(self, account_id: str, now: datetime) -> tuple[MessageId, ...]:
        """Let an account's messages whose time has come return, unread; return which."""
        sql = f"SELECT s.message {_OF_ACCOUNT} AND s.until <= ? ORDER BY s.until, s.message"
        with self._database.write() as db:
            rows = fetch(db, sql, (row_number("a", account_id), milliseconds(now)))
            due = [MessageId(f"m{row}") for (row,) in rows]
            back = tuple(email.id for email in self._messages.list(due) if self._return(email))
            self._messages.change(back, Change(remove_keywords=frozenset({"$seen"})))
        return back

    def next_due(self, account_id: str) -> datetime | None:
        """Return when the account's next message comes back; None: none is snoozed."""
        with self._database.read() as db:
            ((until,),) = fetch(
                db, f"SELECT min(s.until) {_OF_ACCOUNT}", (row_number("a", account_id),)
            )
        return None if until is None else moment(until)

    def until(self, message_ids: Iterable[str]) -> dict[MessageId, datetime]:
        """Return when messages come back, for those that are snoozed."""
        wanted = json.dumps([row_number("m", each) for each in message_ids])
        sql = "SELECT message, until FROM snoozes WHERE message IN (SELECT value FROM json_each(?))"
        with self._database.read() as db:
            return {MessageId(f"m{row}"): moment(until) for row, until in fetch(db, sql, (wanted,))}

    def _leaves(self, email: Email) -> frozenset[str]:
        roles = {box.id: box.role for box in self._mailboxes.list(email.account_id)}
        inbox = {each for each in email.mailbox_ids if roles[each] is Role.INBOX}
        return frozenset(inbox or email.mailbox_ids)

    def _returns_to(self, email: Email) -> list[str]:
        """Return the mailboxes that a snoozed message left, in so far as they are there."""
        there = {box.id for box in self._mailboxes.list(email.account_id)}
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT mailboxes FROM snoozes WHERE message = ?",
                (row_number("m", email.id),),
            )
        return [each for (left,) in rows for each in json.loads(left) if each in there]

    def _return(self, email: Email) -> bool:
        """End a message's snooze; return whether it came back from where it was put."""
        aside = self._mailboxes.ensure(email.account_id, Role.SNOOZED).id
        inbox = self._mailboxes.ensure(email.account_id, Role.INBOX).id
        is_aside = aside in email.mailbox_ids
        change = Change(remove_keywords=_MARKED)
        if is_aside:
            change = Change(
                remove_keywords=_MARKED,
                add_mailboxes=frozenset(self._returns_to(email) or [inbox]),
                remove_mailboxes=frozenset({aside}),
            )
        with self._database.write() as db:
            rows = fetch(
                db,
                "DELETE FROM snoozes WHERE message = ? RETURNING message",
                (row_number("m", email.id),),
            )
            if rows:
                self._messages.change([email.id], change)
        return is_aside and bool(rows)
