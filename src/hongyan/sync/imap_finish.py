"""The end of a visit: what nobody has found again leaves, and so do mailboxes that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import NotHereYet
from hongyan.sync import imap_gmail, imap_plan

if TYPE_CHECKING:
    from hongyan.store import MailboxId, MessageId
    from hongyan.sync.imap_tour import Tour


def finish(tour: Tour) -> None:
    """Let messages leave that the server has no more, when every mailbox was looked at.

    One that was changed here meanwhile stays, and is put back at the next tour.
    """
    overdue = tour.store.imap_messages.overdue(tour.account.id, visit=tour.number)
    for start in range(0, len(overdue), 100):
        with tour.store.transaction():
            for mailbox, message, flags in overdue[start : start + 100]:
                _leave(tour, mailbox, message, flags)
    if not tour.again:
        _let_go(tour)
    for mailbox in tour.gone:
        _drop(tour, mailbox)


def _let_go(tour: Tour) -> None:
    """Let messages leave of which only the header came, and which the server has nowhere now.

    Were they whole, what was changed here would have put them back.
    """
    gone = tour.store.imap_messages.unobtainable(tour.account.id)
    if not gone:
        return
    tour.store.messages.delete_many(gone)
    tour.result.removed += len(gone)
    words = f"{len(gone)} messages are gone there of which only the header had been fetched"
    tour.trouble(tour.account.address, NotHereYet(words))


def _leave(
    tour: Tour, mailbox: MailboxId, message: MessageId, flags: frozenset[str] | None
) -> None:
    store = tour.store
    for here in store.imap_messages.here([message]).values():
        store.imap_messages.found(mailbox, message)
        labels = store.imap_labels.of([message]).get(message, frozenset())
        store.imap_labels.note(message, ())
        refiled = tour.labels is not None and here.mailboxes != labels | {mailbox}
        stays = refiled and here.whole
        if stays or not imap_plan.leave(flags or frozenset(), here, mailbox):
            tour.unsettle()
            continue
        left = here.mailboxes - labels - {mailbox}
        if left:
            store.messages.set_mailboxes(message, left)
        else:
            store.messages.delete(message)
        tour.result.removed += 1


def _drop(tour: Tour, mailbox: MailboxId) -> None:
    """Remove a mailbox that is gone; one in which a message stays is made anew on the server."""
    with tour.store.transaction():
        if tour.is_label(mailbox):
            imap_gmail.stripped(tour, mailbox)
        if tour.store.messages.page(mailbox, limit=1):
            tour.store.imap_mailboxes.forget(mailbox)
            tour.unsettle()
        else:
            tour.store.imap_mailboxes.remove(mailbox)
