"""The sender's own copy of what was sent: filed once, by us or by the provider.

Where mail lives on an IMAP server, some providers file each submission in Sent by themselves. Which
kind one is, the first submission tells: its copy is looked for in Sent before we file ours, and the
answer is remembered. Elsewhere the copy is ours at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hongyan.store import Copy, Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hongyan.store import Account, Item, Store

PROBE_AFTER: Final = timedelta(seconds=30)  # a provider that files does so well within this
_WHO: Final = "sent_copy"


class SentCopies:
    """The copies of one account's sent mail."""

    def __init__(self, account: Account, store: Store, *, clock: Callable[[], datetime]) -> None:
        self._account = account
        self._store = store
        self._clock = clock

    def sent(self, item: Item) -> None:
        """See to the copy of an item that has just been sent to somebody for the first time."""
        who = self._store.learned.get(self._account.id, _WHO)
        if item.email_id is not None:  # whoever wrote it keeps it, and moves it to Sent
            self._store.outbox.set_copy(item.id, Copy.OURS)
        elif self._account.imap_url is None or who == Copy.OURS.value:
            self._file(item)
        else:
            known = who == Copy.PROVIDER.value
            self._store.outbox.set_copy(item.id, Copy.PROVIDER if known else Copy.DUE)

    def visited(self, since: datetime) -> None:
        """Settle what is due after a visit, which began at ``since``, has seen all of Sent."""
        for item in self._store.outbox.copies_due(self._account.id):
            if self._is_in_sent(item):
                self._store.learned.set(self._account.id, _WHO, Copy.PROVIDER.value)
                self._store.outbox.set_copy(item.id, Copy.PROVIDER)
            elif item.sent_at is not None and since >= item.sent_at + PROBE_AFTER:
                self._store.learned.set(self._account.id, _WHO, Copy.OURS.value)
                self._file(item)

    def _is_in_sent(self, item: Item) -> bool:
        sent = self._store.mailboxes.ensure(self._account.id, Role.SENT)
        return any(
            sent.id in self._store.messages.get(each).mailbox_ids
            for each in self._store.messages.from_servers(item.message_id)
        )

    def _file(self, item: Item) -> None:
        with self._store.transaction():
            sent = self._store.mailboxes.ensure(self._account.id, Role.SENT)
            filed = self._store.messages.add(
                self._account.id,
                sent.id,
                self._store.blobs.read(item.blob_id),
                received_at=item.sent_at or self._clock(),
                keywords=("$seen",),
            )
            self._store.outbox.set_copy(item.id, Copy.OURS, email_id=filed)
