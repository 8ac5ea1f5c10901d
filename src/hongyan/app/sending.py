"""The way out: building a draft's octets once, queueing them, sending what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import InvalidArgument, NotFound
from hongyan.mime import builder
from hongyan.mime.types import Address
from hongyan.reasons import Reason
from hongyan.store import Role
from hongyan.store.arrival import arrival
from hongyan.sync import outbox
from hongyan.sync.progress import silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from hongyan.app.servers import Servers
    from hongyan.mime.outgoing import Outgoing
    from hongyan.sasl import Credentials
    from hongyan.store import Account, Item, OutboxId, Store
    from hongyan.sync.progress import Report


class Sending:
    """What is done with mail of one's own."""

    def __init__(self, store: Store, servers: Servers, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._servers = servers
        self._clock = clock

    def identity(self, account: Account) -> Address:
        """Return the address that the account writes from."""
        return Address(account.name or None, account.address)

    def try_out(self, account: Account, draft: builder.Draft) -> None:
        """Check all of a draft but its text, before the person writes it.

        Raises `InvalidArgument` and `NotFound`.
        """
        _can_send(account)
        stamped = builder.stamp(draft, self._clock().astimezone())
        if not builder.envelope_recipients(stamped):
            raise InvalidArgument("recipients", "there is none")
        builder.build_chunks(stamped)  # which looks at every field before it makes anything

    def queue(
        self, account: Account, draft: builder.Draft, *, send_at: datetime | None = None
    ) -> OutboxId:
        """Build the draft's octets, once, and put them into the outbox, for ``send_at`` if given.

        Raises `InvalidArgument` and `NotFound`.
        """
        _can_send(account)
        draft = builder.stamp(draft, self._clock().astimezone())
        recipients = builder.envelope_recipients(draft)
        with self._store.blobs.writer() as writer:
            for chunk in builder.build_chunks(draft):
                writer.write(chunk)
            return self._store.outbox.add(
                account.id,
                writer.finish(),
                sender=account.address,
                recipients=recipients,
                message_id=draft.message_id,
                send_at=send_at,
            )

    def queue_ready(
        self, account: Account, outgoing: Outgoing, *, sender: str, recipients: Sequence[str]
    ) -> OutboxId:
        """Put a message that is ready into the outbox."""
        _can_send(account)
        return self._store.outbox.add(
            account.id,
            outgoing.content,
            sender=sender,
            recipients=recipients,
            message_id=outgoing.message_id,
        )

    def file_sent(self, account: Account, messages: Iterable[bytes]) -> None:
        """Put messages that were sent elsewhere into the Sent mailbox, read, one transaction."""
        with self._store.transaction():
            sent = self._store.mailboxes.ensure(account.id, Role.SENT)
            for octets in messages:
                self._store.messages.add(
                    account.id,
                    sent.id,
                    octets,
                    received_at=arrival(octets, self._clock()),
                    keywords=("$seen",),
                )

    def send_due(
        self, account: Account, report: Report = silent, *, only: str | None = None
    ) -> tuple[Item, ...]:
        """Send what is due in the account's outbox, or the item ``only``; return what was settled.

        Raises what connecting and logging in raise; what waited then waits on.
        """
        url = account.smtp_url
        if url is None:
            return ()

        def deliver(credentials: Callable[[], Credentials]) -> tuple[Item, ...]:
            sender = outbox.Sender(
                account,
                self._store,
                connect=lambda: self._servers.connect(url),
                credentials=credentials,
                clock=self._clock,
                report=report,
            )
            return sender.deliver(only)

        return self._servers.logged_in(account, deliver)


def _can_send(account: Account) -> None:
    if account.smtp_url is None:
        raise NotFound(Reason.NO_SMTP.of(address=account.address))
