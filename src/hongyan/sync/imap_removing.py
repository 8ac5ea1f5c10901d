r"""Removing messages of the server, and taking back what a cut left half removed.

A message is first marked ``\Deleted`` and then removed by its UID. What is about to be marked is
noted durably before, with the UIDVALIDITY. A line lost between the two leaves the mark: the next
visit marks and removes it again, since the difference is still there. Where the message is wanted
again meanwhile (it was changed there, or put back here), any program's EXPUNGE would take it; so
the mark, which nobody but us has set, is taken off. Under another UIDVALIDITY the numbers mean
nothing, and nothing is touched.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan import imap
from hongyan.errors import Refused
from hongyan.imap import Change, NumberSet
from hongyan.store import MailboxId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.flow import Flow
    from hongyan.store import ImapMailbox
    from hongyan.sync.imap_tour import Tour

_NOTED: Final = "removing"
_MARK: Final = r"\Deleted"
Noted: TypeAlias = dict[str, tuple[int, list[int]]]
"""By mailbox: its UIDVALIDITY, and the UIDs that may be marked."""


def remove(tour: Tour, mailbox: ImapMailbox, uids: NumberSet) -> Flow[None]:
    """Remove messages of the open mailbox, but none that was changed there since we looked.

    (RFC 7162 §3.1.3.) Raises `Unsafe` where the server could only remove others with them.
    """
    imap.require_uid_expunge(tour.conn)
    note(tour, mailbox, uids)
    changed = yield from imap.store(
        tour.conn, uids, Change.ADD, [_MARK], unchanged_since=mailbox.modseq
    )
    gone = NumberSet.of(uid for uid in uids if uid not in changed)
    if gone:
        yield from imap.uid_expunge(tour.conn, gone)
    with tour.store.transaction():
        tour.store.imap_messages.forget(mailbox.id, gone)
        forget(tour, mailbox.id, gone)  # an earlier visit may have marked what was changed since
    tour.result.told += len(gone)


def take_back(tour: Tour) -> Flow[None]:
    """Take the mark off what is wanted again; what is to go is left to `remove`."""
    mailboxes = tour.mailboxes()
    for id_, (validity, uids) in _noted(tour).items():
        mailbox = mailboxes.get(MailboxId(id_))
        if mailbox is None or mailbox.uid_validity != validity:
            forget(tour, id_, uids)
        elif mailbox.id in tour.looked:
            try:
                yield from _take_back(tour, mailbox, uids)
            except Refused as error:
                tour.trouble(mailbox.called, error)


def _take_back(tour: Tour, mailbox: ImapMailbox, uids: list[int]) -> Flow[None]:
    places = tour.store.imap_messages.places(mailbox.id)
    bound = {uid: places[uid].message for uid in uids if uid in places}
    here = tour.store.imap_messages.here(filter(None, bound.values()))
    going = {
        uid
        for uid, message in bound.items()
        if message and (message not in here or mailbox.id not in here[message].mailboxes)
    }
    back = bound.keys() - going
    if back:
        if not (yield from tour.is_as_seen(mailbox)):
            return
        yield from imap.store(tour.conn, NumberSet.of(back), Change.REMOVE, [_MARK])
    forget(tour, mailbox.id, set(uids) - going)


def _noted(tour: Tour) -> Noted:
    kept = tour.store.learned.get(tour.account.id, _NOTED)
    return {id_: (validity, uids) for id_, (validity, uids) in json.loads(kept or "{}").items()}


def note(tour: Tour, mailbox: ImapMailbox, uids: Iterable[int]) -> None:
    """Note, durably, messages that are about to be marked for their removal."""
    if mailbox.uid_validity is None:
        return
    noted = _noted(tour)
    validity, before = noted.get(mailbox.id, (mailbox.uid_validity, []))
    kept = set(before) if validity == mailbox.uid_validity else set()
    noted[mailbox.id] = (mailbox.uid_validity, sorted(kept | set(uids)))
    _keep(tour, noted)


def forget(tour: Tour, mailbox_id: str, uids: Iterable[int]) -> None:
    """Note that messages are not half removed."""
    noted = _noted(tour)
    if mailbox_id in noted:
        validity, kept = noted.pop(mailbox_id)
        if left := sorted(set(kept).difference(uids)):
            noted[mailbox_id] = (validity, left)
        _keep(tour, noted)


def _keep(tour: Tour, noted: Noted) -> None:
    tour.store.learned.set(tour.account.id, _NOTED, json.dumps(noted))
