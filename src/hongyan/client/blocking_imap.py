"""``hongyan.IMAP``: an IMAP session as a context manager, in the thread that calls.

Every method is one flow of `hongyan.imap`; there the words say more, and what may be raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hongyan import imap
from hongyan.client.blocking import Session
from hongyan.client.message import content_of
from hongyan.client.prepared import PreparedIMAP, uids_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from hongyan.client.message import Message
    from hongyan.client.prepared import AnyUids
    from hongyan.flow import Flow

T = TypeVar("T")


class IMAP(PreparedIMAP, Session):
    """An IMAP session (RFC 9051, 3501); see `PreparedIMAP` for the arguments.

    ``with IMAP("imaps://host", user, password) as mail: mail.select("INBOX")``
    """

    def run(self, flow: Callable[[imap.Connection], Flow[T]]) -> T:
        """Run any flow of `hongyan.imap`: ``run(lambda conn: imap.ask_each(conn, requests))``."""
        return self._run(flow(self._conn))

    def wake(self) -> None:
        """End `idle` now, from any thread."""
        self._driver.wake()

    def mailboxes(
        self, pattern: str = "*", *, subscribed: bool = False, status: Iterable[str] = ()
    ) -> tuple[tuple[imap.Listed, imap.MailboxStatus | None], ...]:
        """Return the mailboxes that match, each with its ``status`` where items are named."""
        return self._run(
            imap.list_mailboxes(self._conn, pattern, subscribed=subscribed, status=status)
        )

    def status(self, mailbox: imap.Mailbox, *items: str) -> imap.MailboxStatus:
        """Return items such as ``MESSAGES``, ``UIDNEXT``, ``UIDVALIDITY``, ``UNSEEN``."""
        return self._run(imap.status(self._conn, mailbox, *([items] if items else [])))

    def select(
        self,
        mailbox: imap.Mailbox = "INBOX",
        *,
        read_only: bool = False,
        known: imap.Known | None = None,
        take: Callable[[imap.Fetched | imap.Vanished], None] | None = None,
    ) -> imap.Selected:
        """Open a mailbox; with ``known``, and QRESYNC, what has changed since comes to ``take``."""
        return self._run(
            imap.select(self._conn, mailbox, read_only=read_only, known=known, take=take)
        )

    def unselect(self) -> None:
        """Leave the mailbox and remove nothing."""
        self._run(imap.unselect(self._conn))

    def search(self, *criteria: imap.Argument) -> imap.NumberSet:
        """Return the UIDs that match, such as ``search("UNSEEN", "SUBJECT", "鸿雁")``."""
        found = self._run(imap.search(self._conn, criteria or ("ALL",)))
        return found.numbers or imap.NumberSet()

    def sort(self, keys: Iterable[str], *criteria: imap.Argument) -> tuple[int, ...]:
        """Return the UIDs that match in the order of ``keys``, such as ``["REVERSE", "DATE"]``."""
        return self._run(imap.sort(self._conn, keys, criteria or ("ALL",)))

    def thread(self, *criteria: imap.Argument) -> imap.Threads:
        """Return the conversations of the messages that match, by their UIDs."""
        return self._run(imap.thread(self._conn, criteria or ("ALL",)))

    def fetch(
        self,
        uids: AnyUids,
        items: Sequence[imap.Item],
        *,
        take: imap.Take | None = None,
        sink: imap.Sink | None = None,
        changed_since: int | None = None,
        leave: bool = False,
    ) -> tuple[imap.Failure, ...]:
        """Fetch ``items`` of messages and return those refused; see `hongyan.imap.fetch`.

        Octets go to ``sink(message, body, chunk, last)`` as they come, in constant memory, and what
        is known of a message to ``take`` once all of it has come. With ``leave`` the session ends
        behind it, which saves a round trip.
        """
        return self._run(
            imap.fetch(
                self._conn,
                uids_of(uids),
                items,
                take=take,
                sink=sink,
                changed_since=changed_since,
                leave=leave,
            )
        )

    def append(
        self,
        mailbox: imap.Mailbox,
        message: Message,
        *,
        flags: Iterable[str] = (),
        when: datetime | None = None,
    ) -> imap.AppendUid | None:
        """Put a message into a mailbox; return where it is, or None where that is not told."""
        content = content_of(message)
        return self._run(
            imap.append_message(
                self._conn, mailbox, content.chunks(), size=content.size, flags=flags, when=when
            )
        )

    def store(
        self,
        uids: AnyUids,
        change: imap.Change,
        flags: Iterable[str],
        *,
        unchanged_since: int | None = None,
    ) -> imap.NumberSet:
        """Change flags; return the UIDs left alone, as they changed after ``unchanged_since``."""
        return self._run(
            imap.store(self._conn, uids_of(uids), change, flags, unchanged_since=unchanged_since)
        )

    def copy(self, uids: AnyUids, mailbox: imap.Mailbox) -> imap.CopyUid | None:
        """Copy messages; return where they are, or None where that is not told."""
        return self._run(imap.copy(self._conn, uids_of(uids), mailbox))

    def move(self, uids: AnyUids, mailbox: imap.Mailbox) -> imap.CopyUid | None:
        """Move messages; return where they are, or None where that is not told."""
        return self._run(imap.move(self._conn, uids_of(uids), mailbox))

    def expunge(self, uids: AnyUids) -> None:
        r"""Remove those of ``uids`` that are marked ``\Deleted``, and no others."""
        self._run(imap.uid_expunge(self._conn, uids_of(uids)))

    def create(self, mailbox: imap.Mailbox, *, special_use: str = "") -> None:
        r"""Make a mailbox, for a use such as ``\Sent`` where one is given."""
        self._run(imap.create(self._conn, mailbox, special_use=special_use))

    def rename(self, mailbox: imap.Mailbox, new: imap.Mailbox) -> None:
        """Give a mailbox, and those below it, another name."""
        self._run(imap.rename(self._conn, mailbox, new))

    def delete(self, mailbox: imap.Mailbox) -> None:
        """Remove a mailbox and all its messages."""
        self._run(imap.delete(self._conn, mailbox))

    def subscribe(self, mailbox: imap.Mailbox) -> None:
        """Add a mailbox to those subscribed to."""
        self._run(imap.subscribe(self._conn, mailbox))

    def unsubscribe(self, mailbox: imap.Mailbox) -> None:
        """Take a mailbox from those subscribed to."""
        self._run(imap.unsubscribe(self._conn, mailbox))

    def namespace(self) -> imap.Namespaces:
        """Return the namespaces: the own, those of others, the shared ones."""
        return self._run(imap.namespace(self._conn))

    def quota(self, mailbox: imap.Mailbox = "INBOX") -> tuple[imap.Quota, ...]:
        """Return the quotas that hold for a mailbox."""
        return self._run(imap.quota(self._conn, mailbox))

    def idle(self, *, seconds: float = 29 * 60.0) -> tuple[imap.News, ...]:
        """Wait for news up to ``seconds``, or until `wake`, and take them; see `news`."""
        return self._run(self._idling(seconds))

    def noop(self) -> None:
        """Keep the session alive, and hear what is new."""
        self._run(imap.noop(self._conn))
