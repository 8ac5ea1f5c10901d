"""Synchronising an account by IMAP: one visit, as a flow. The rules are in `imap_plan`.

List the mailboxes, look into those that have changed, recognise what moved, tell what was changed
here, let go what is gone, fetch what is new. Every step is noted in the store as it is done, so a
visit may end at any point, in any way, and the next one goes on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hongyan.errors import Refused
from hongyan.store import MailboxId
from hongyan.sync import (
    imap_fetch,
    imap_finish,
    imap_gmail,
    imap_listing,
    imap_look,
    imap_match,
    imap_tell,
)
from hongyan.sync.imap_pace import USUAL
from hongyan.sync.imap_plan import Standing, Tier
from hongyan.sync.imap_tour import Synced, Tour, standing, tier
from hongyan.sync.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hongyan.flow import Flow
    from hongyan.imap import Connection
    from hongyan.store import Account, ImapMailbox, Store
    from hongyan.sync.imap_pace import Patience
    from hongyan.sync.progress import Report

_PASSES = 3


def synchronise(  # noqa: PLR0913  # each is a choice of the caller's own
    conn: Connection,
    account: Account,
    store: Store,
    *,
    clock: Callable[[], datetime],
    report: Report = silent,
    best: Tier = Tier.QRESYNC,
    patience: Patience = USUAL,
) -> Flow[Synced]:
    """Let the account's mailboxes and the server's be the same; return what that took.

    ``conn`` is logged in. ``best`` is the best tier that may be used, ``patience`` decides whether
    headers come before whole messages, and when to look again before all is here. Raises what the
    flows and the store raise.
    """
    result = Synced()
    report(Progress("Listing"))
    goes_on = True
    while goes_on:
        tour = Tour(
            account=account,
            store=store,
            conn=conn,
            number=store.imap_mailboxes.begin_visit(account.id),
            tier=tier(conn, best),
            report=report,
            result=result,
        )
        began = time.monotonic()
        yield from _look_and_tell(tour)
        turn = patience.turn_after(time.monotonic() - began)
        goes_on = yield from imap_fetch.fetch_bodies(
            tour, clock=clock, patience=patience, seconds=turn
        )
    return result


def _look_and_tell(tour: Tour) -> Flow[None]:
    """Make all the same but for the octets of messages that are new there."""
    standings = yield from imap_listing.settle_mailboxes(tour)
    known = {id_ for id_, each in tour.mailboxes().items() if standing(each) and id_ in standings}
    yield from _until_settled(tour, standings)
    if tour.looked >= known:
        imap_finish.finish(tour)
    yield from imap_listing.delete_mailboxes(tour)


def _until_settled(tour: Tour, standings: dict[MailboxId, Standing]) -> Flow[None]:
    """Look, recognise and tell, until nothing is left to tell or to look at again."""
    tour.again |= set(standings)
    labels = {id_: there for id_, there in standings.items() if tour.is_label(id_)}
    for _ in range(_PASSES):
        again, tour.again = tour.again, set()
        for mailbox in tour.mailboxes().values():
            if mailbox.id in again:
                yield from _look_into(tour, mailbox, standings.pop(mailbox.id, None), labels)
        yield from imap_match.find_moved(tour)
        told = yield from imap_tell.tell_server(tour)
        if not told and not tour.again:
            return


def _look_into(
    tour: Tour,
    mailbox: ImapMailbox,
    there: Standing | None,
    labels: dict[MailboxId, Standing],
) -> Flow[None]:
    """Look into a mailbox; ``labels`` are the standings of those that are looked at with it."""
    if tour.is_label(mailbox.id):
        return
    try:
        yield from imap_look.look_into(tour, mailbox, there)
        if tour.labels and mailbox.id == tour.labels.all_mail and mailbox.id in tour.looked:
            tour.looked |= set(map(MailboxId, tour.labels.names))
            if imap_gmail.unexplained(tour, labels):
                fresh = tour.mailboxes()[mailbox.id]
                yield from imap_look.look_into(tour, fresh, None, at_all=True)
    except Refused as error:
        tour.trouble(mailbox.called, error)
