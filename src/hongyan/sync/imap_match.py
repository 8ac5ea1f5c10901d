"""Recognising the server's new messages as some that are here already: moved, or told UIDs anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hongyan import imap, mime
from hongyan.imap import NumberSet, Peek
from hongyan.store import Lost, MailboxId
from hongyan.sync import imap_flags, imap_gmail, imap_plan
from hongyan.sync.imap_plan import Seeking, Trace
from hongyan.sync.imap_tour import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.flow import Flow
    from hongyan.imap import Fetched, Item
    from hongyan.store import ImapMailbox
    from hongyan.sync.imap_tour import Tour

_ITEMS: Final[tuple[Item, ...]] = (
    "FLAGS",
    "INTERNALDATE",
    "RFC822.SIZE",
    Peek(fields=("Message-ID",)),
)


@dataclass(frozen=True, slots=True)
class _New:
    trace: Trace
    flags: frozenset[str]
    labels: frozenset[MailboxId]


def find_moved(tour: Tour) -> Flow[None]:
    """Bind new messages of the server to those of ours that have lost their place."""
    lost = _sought(tour)
    if not lost:
        return
    own = {each.mailbox for each in lost}
    anywhere = any(each.absent for each in lost)
    new: dict[tuple[str, int], _New] = {}
    for mailbox in tour.mailboxes().values():
        deleted = mailbox.name is None  # what came into it brings it back at the next visit
        if mailbox.id in tour.looked and not deleted and (anywhere or mailbox.id in own):
            yield from _traces(tour, mailbox, new)
    here = tour.store.imap_messages.here(each.message for each in lost)
    objects = tour.store.imap_objects.of(here)
    placed = tour.store.imap_messages.places_of(here)
    seeking = [
        _seeking(
            tour,
            each,
            here[each.message].mailboxes | placed.get(each.message, {}).keys(),
            objects.get(each.message),
        )
        for each in lost
        if each.message in here
    ]
    by_place: dict[tuple[str, str], Lost] = {(each.message, each.mailbox): each for each in lost}
    found = imap_plan.recognise({place: each.trace for place, each in new.items()}, seeking)
    with tour.store.transaction():
        for (mailbox_id, uid), known in found.items():
            was = by_place[known.message, known.trace.mailbox]
            _bind(tour, MailboxId(mailbox_id), uid, new[mailbox_id, uid], was)


def _sought(tour: Tour) -> list[Lost]:
    """Return what has no place; what was put under a label, where its messages are stored."""
    lost = [*tour.store.imap_messages.lost(tour.account.id), *_in_doubt(tour)]
    if tour.labels is None:
        return lost
    placed = tour.store.imap_messages.places_of(each.message for each in lost)
    found = {each.message: each for each in lost if each.absent}
    for each in lost:
        if each.message not in placed:
            home = MailboxId(tour.labels.home(each.mailbox))
            found.setdefault(each.message, replace(each, mailbox=home))
    return list(found.values())


def _in_doubt(tour: Tour) -> Iterator[Lost]:
    """Yield the messages of mailboxes that are suddenly empty: all may have moved."""
    store = tour.store
    for mailbox in tour.doubted:
        places = {each.message: each for each in store.imap_messages.places(mailbox).values()}
        here = store.imap_messages.here(each for each in places if each)
        for email in store.messages.list(here):
            place = places[email.id]
            if mailbox in email.mailbox_ids:
                yield Lost(
                    email.id, mailbox, email.message_id, place.size, email.received_at,
                    place.flags, absent=True,
                )  # fmt: skip


def _seeking(tour: Tour, lost: Lost, in_: frozenset[MailboxId], object_id: str | None) -> Seeking:
    """Return what to seek it by; ``in_`` are the mailboxes that it is in, here or there."""
    seconds = int(lost.received_at.timestamp())
    trace = Trace(lost.mailbox, lost.message_id, lost.size, seconds, object_id)
    held = frozenset[str]() if tour.labels else in_ - {lost.mailbox}
    given = (lost.message, lost.mailbox) in tour.given
    return Seeking(lost.message, trace, missed=lost.absent, held=held, given=given)


def _traces(tour: Tour, mailbox: ImapMailbox, new: dict[tuple[str, int], _New]) -> Flow[None]:
    expected = tour.store.imap_messages.expected(mailbox.id)
    if not expected:
        return
    yield from tour.be_in(mailbox)

    def take(message: Fetched) -> None:
        if message.uid is not None and message.size is not None:
            labels = imap_gmail.told(tour, mailbox.id, message) or frozenset()
            new[mailbox.id, message.uid] = _read(mailbox.id, message, message.size, labels)

    items = [*_ITEMS, *tour.identities(), *imap_gmail.items(tour, mailbox.id)]
    yield from imap.fetch(tour.conn, NumberSet.of(expected), items, take=take)


def _read(mailbox_id: MailboxId, message: Fetched, size: int, labels: frozenset[MailboxId]) -> _New:
    header = next((body.data for body in message.bodies if body.data), b"")
    when = message.internal_date
    seconds = int(when.timestamp()) if when else 0
    trace = Trace(mailbox_id, mime.parse(header).message_id, size, seconds, identity(message))
    return _New(trace, imap_flags.keywords(message.flags or ()), labels)


def _bind(tour: Tour, mailbox: MailboxId, uid: int, new: _New, lost: Lost) -> None:
    """Let a message of ours be the server's ``uid``; one that moved there leaves where it was."""
    store, message, old = tour.store, lost.message, lost.mailbox
    here = store.imap_messages.here([message])[message]
    was = new.flags if lost.flags is None else lost.flags
    mark = imap_plan.follow(was, new.flags, here, old)
    store.imap_messages.bind(mailbox, uid, message, flags=new.flags, size=new.trace.size)
    if new.trace.object_id:
        store.imap_objects.note(message, new.trace.object_id)
    if isinstance(mark, imap_plan.Mark):
        tour.mark(message, mark)
    if old != mailbox:
        store.imap_messages.found(old, message)
        place = store.imap_messages.places_of([message])[message].get(old)
        store.imap_messages.forget(old, [place.uid] if place else [])
        tour.result.changed += 1
    if tour.labels is not None:
        imap_gmail.found(tour, mailbox, message, new.labels, old)
    elif old != mailbox:
        store.messages.set_mailboxes(message, (here.mailboxes - {old}) | {mailbox})
