"""Telling the server what was changed here: flags, copies, moves, removals, new messages.

What is told is noted only as far as the server has confirmed it, so that an end at any point, or a
message that somebody else removed meanwhile, leaves the change waiting and not lost.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan import imap
from hongyan.errors import InvalidArgument, NotFound, Refused, StoreError, Unsafe
from hongyan.imap import Change, NumberSet
from hongyan.store import MailboxId
from hongyan.sync import imap_flags, imap_gmail, imap_labels, imap_plan, imap_removing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.flow import Flow
    from hongyan.imap import CopyUid, Fetched
    from hongyan.store import Email, Here, ImapMailbox, MessageId, Place
    from hongyan.sync.imap_tour import Tour

_BLOCK: Final = 256 * 1024
_TOGETHER: Final = 500
_APPENDED: Final = 50  # messages by one command
_APPENDED_OCTETS: Final = 4 << 20

_AIMED: Final = (imap_plan.Copy, imap_plan.Move, imap_labels.Label)

Tell: TypeAlias = "imap_plan.Tell | imap_labels.Label"
Job: TypeAlias = "tuple[MessageId, Place | None]"


def tell_server(tour: Tour) -> Flow[bool]:
    """Tell the server what is different here; return whether there was anything to tell.

    What it refuses is a trouble, and waits for the next tour.
    """
    yield from imap_removing.take_back(tour)
    messages, state = tour.store.imap_messages.different(tour.account.id)
    jobs = _jobs(tour, messages) if messages else {}
    if not messages:
        tour.store.imap_messages.settle(tour.account.id, state)
    mailboxes = tour.mailboxes()
    for act, told in jobs.items():
        mailbox = mailboxes[MailboxId(act.mailbox)]
        try:
            if isinstance(act, imap_plan.Append) or (yield from tour.is_as_seen(mailbox)):
                yield from _perform(tour, mailbox, act, told)
        except (Refused, Unsafe) as error:
            tour.trouble(mailbox.called, error)
    return bool(jobs)


def _jobs(tour: Tour, messages: tuple[MessageId, ...]) -> dict[Tell, list[Job]]:
    """Return what is to be told, flags first, then copies, moves, removals and new messages."""
    here = tour.store.imap_messages.here(messages)
    places = tour.store.imap_messages.places_of(messages)
    jobs: defaultdict[Tell, list[Job]] = defaultdict(list)
    paired = frozenset(tour.mailboxes())
    absent: defaultdict[MessageId, set[MailboxId]] = defaultdict(set)
    for each in tour.store.imap_messages.lost(tour.account.id):
        if each.absent:
            absent[each.message].add(each.mailbox)
    sought = set(absent) if tour.labels else set()
    for message in messages:
        its = places.get(message, {})
        ours = here.get(message)
        waits = ours is not None and not ours.mailboxes <= paired
        if ours:
            ours = replace(ours, mailboxes=ours.mailboxes & paired)
            ours = _wanted(tour, message, ours, its, absent.get(message, set()))
        for act in _acts(tour, message, ours, its) if message not in sought else ():
            if waits and isinstance(act, imap_plan.Remove):
                continue  # it stays there until where it is to be has been made
            jobs[act].append((message, its.get(MailboxId(act.mailbox))))
    order = list(_ORDER)
    return dict(sorted(jobs.items(), key=lambda item: order.index(type(item[0]))))


def _wanted(
    tour: Tour,
    message: MessageId,
    here: Here,
    places: dict[MailboxId, Place],
    absent: set[MailboxId],
) -> Here:
    """Return how a message is to stand there; what is put back is absent no more."""
    wanted = imap_plan.wanted(places, here, absent)
    for mailbox in absent & wanted.mailboxes if not tour.labels else ():
        tour.store.imap_messages.found(mailbox, message)
    return wanted


def _acts(
    tour: Tour, message: MessageId, here: Here | None, places: dict[MailboxId, Place]
) -> Iterator[Tell]:
    """Yield what is to be told of a message, of the mailboxes that were looked at alone."""
    was: dict[str, frozenset[str]] = {
        mailbox: place.flags or frozenset() for mailbox, place in places.items()
    }
    labelled = imap_gmail.acts(tour, message, here, places)
    for act in labelled if tour.labels else imap_plan.tell(was, here):
        target = act.target if isinstance(act, _AIMED) else act.mailbox
        can_be_given = not isinstance(act, imap_plan.Append) or (here is not None and here.whole)
        if act.mailbox in tour.looked and target in tour.looked and can_be_given:
            yield act


def _perform(tour: Tour, mailbox: ImapMailbox, act: Tell, told: list[Job]) -> Flow[None]:
    match act:
        case imap_labels.Label():
            yield from tour.be_in(mailbox)
            messages = [message for message, _ in told]
            yield from imap_gmail.tell_labels(tour, act, _uids(told), messages)
        case imap_plan.Flag():
            yield from _flag(tour, mailbox, act, told)
        case imap_plan.Copy() | imap_plan.Move():
            yield from _transfer(tour, mailbox, act, told)
        case imap_plan.Remove():
            yield from _remove(tour, mailbox, told)
        case imap_plan.Append():
            yield from _append_all(tour, mailbox, [message for message, _ in told])


_ORDER: Final = (
    imap_plan.Flag, imap_labels.Label, imap_plan.Copy, imap_plan.Move, imap_plan.Remove,
    imap_plan.Append,
)  # fmt: skip


def _uids(told: list[Job]) -> NumberSet:
    return NumberSet.of(place.uid for _, place in told if place is not None)


def _flag(tour: Tour, mailbox: ImapMailbox, act: imap_plan.Flag, told: list[Job]) -> Flow[None]:
    yield from tour.be_in(mailbox)
    permanent = tour.permanent(mailbox.id)
    confirmed: set[int] = set()

    def take(message: Fetched) -> None:
        if message.uid is not None:
            confirmed.add(message.uid)

    changed = False
    for uids in _uids(told).pieces(numbers=_TOGETHER):
        for change, words in ((Change.ADD, act.add), (Change.REMOVE, act.remove)):
            flags = imap_flags.flags(imap_flags.kept(words, permanent))
            if flags:
                changed = True
                yield from imap.store(tour.conn, uids, change, flags, take=take)
    noted = [
        (place.uid, (place.flags or frozenset()) - act.remove | act.add)
        for _, place in told
        if place is not None and (place.uid in confirmed or not changed)
    ]
    tour.store.imap_messages.note_flags(mailbox.id, noted)
    tour.result.told += len(noted)


def _transfer(
    tour: Tour, mailbox: ImapMailbox, act: imap_plan.Copy | imap_plan.Move, told: list[Job]
) -> Flow[None]:
    """Copy or move messages, and note where they are now as far as the server tells."""
    target = tour.mailboxes()[MailboxId(act.target)]
    yield from tour.be_in(mailbox)
    by_uid = {place.uid: (message, place) for message, place in told if place is not None}
    is_move = isinstance(act, imap_plan.Move)
    is_marked = is_move and not tour.conn.offers("MOVE", "IMAP4REV2")
    transfer = imap.move if is_move else imap.copy
    for uids in _uids(told).pieces(numbers=_TOGETHER):
        if is_marked:
            imap_removing.note(tour, mailbox, uids)
        copied = yield from transfer(tour.conn, uids, target.wire)
        with tour.store.transaction():
            moved = _arrived(tour, target, copied, by_uid)
            if is_marked:
                imap_removing.forget(tour, mailbox.id, uids)
            if is_move:
                moved = moved if copied else list(uids)
                tour.store.imap_messages.forget(mailbox.id, moved)
                for message in (by_uid[uid][0] for uid in moved if uid in by_uid):
                    imap_gmail.moved(tour, message, act.mailbox, act.target)
        tour.result.told += len(uids)


def _arrived(
    tour: Tour,
    target: ImapMailbox,
    copied: CopyUid | None,
    by_uid: dict[int, tuple[MessageId, Place]],
) -> list[int]:
    """Note the new UIDs of messages; return their old ones. Without them we look again."""
    if copied is None:
        tour.look_again(target.id)
        return []
    if copied.uid_validity != target.uid_validity or tour.is_label(target.id):
        tour.look_again(target.id)
        return [old for old, _ in copied.pairs]
    arrived = [old for old, _ in copied.pairs if old in by_uid]
    here = tour.store.imap_messages.here(by_uid[old][0] for old in arrived)
    if len(here) < len(arrived):  # deleted here, and moved into the trash: it comes back there
        tour.look_again(target.id)
    for old, new in copied.pairs:
        if old in by_uid and by_uid[old][0] in here:
            message, place = by_uid[old]
            tour.store.imap_messages.bind(
                target.id, new, message, flags=place.flags or frozenset(), size=place.size
            )
    return arrived


def _remove(tour: Tour, mailbox: ImapMailbox, told: list[Job]) -> Flow[None]:
    yield from tour.be_in(mailbox)
    for uids in _uids(told).pieces(numbers=_TOGETHER):
        yield from imap_removing.remove(tour, mailbox, uids)
    yield from _see_the_rest(tour, [message for message, _ in told])


def _see_the_rest(tour: Tour, messages: list[MessageId]) -> Flow[None]:
    """See that messages of which a copy was removed are where they stay.

    Somebody else may have removed that one at the same time: then it is put back.
    """
    here = tour.store.imap_messages.here(messages)
    stay: defaultdict[MailboxId, set[int]] = defaultdict(set)
    for message, places in tour.store.imap_messages.places_of(here).items():
        for id_ in places.keys() & here[message].mailboxes:
            stay[id_].add(places[id_].uid)
    for id_, uids in stay.items():
        there: list[Fetched] = []
        if (yield from tour.is_as_seen(tour.mailboxes()[id_])):
            yield from imap.fetch(tour.conn, NumberSet.of(uids), ["FLAGS"], take=there.append)
        tour.store.imap_messages.forget(id_, uids - {each.uid for each in there})


def _append_all(tour: Tour, mailbox: ImapMailbox, messages: list[MessageId]) -> Flow[None]:
    """Give the server messages that are here alone, several by one command where it has that.

    What it will not take together goes one by one, so that one keeps back no other.
    """
    for batch in _batches(tour, mailbox, messages):
        if len(batch) > 1:
            try:
                yield from _append(tour, mailbox, batch)
            except Refused:
                pass
            else:
                continue
        for email in batch:
            try:
                yield from _append(tour, mailbox, [email])
            except (Refused, InvalidArgument) as error:
                tour.trouble(mailbox.called, error)


def _batches(tour: Tour, mailbox: ImapMailbox, messages: list[MessageId]) -> Iterator[list[Email]]:
    """Yield what is to be sent by one command each: MULTIAPPEND (RFC 3502), or one by one."""
    most = _APPENDED if tour.conn.offers("MULTIAPPEND") else 1
    batch: list[Email] = []
    for email in tour.store.messages.list(messages):
        if not _is_whole(tour, mailbox, email):
            continue
        if batch and (
            len(batch) >= most or sum(each.size for each in batch) + email.size > _APPENDED_OCTETS
        ):
            yield batch
            batch = []
        batch.append(email)
    if batch:
        yield batch


def _is_whole(tour: Tour, mailbox: ImapMailbox, email: Email) -> bool:
    """Whether a message's octets are what they were; nothing damaged leaves this machine."""
    try:
        tour.store.blobs.verify(email.blob_id)
    except (StoreError, NotFound) as error:
        tour.trouble(mailbox.called, error)
        return False
    return True


def _append(tour: Tour, mailbox: ImapMailbox, emails: list[Email]) -> Flow[None]:
    """Give the server messages by one command: all, or none."""
    permanent = tour.permanent(mailbox.id)
    letters = [
        imap.Letter(
            _chunks(tour, email),
            email.size,
            imap_flags.flags(imap_flags.kept(email.keywords, permanent)),
            email.received_at,
        )
        for email in emails
    ]
    placed = yield from imap.append_messages(tour.conn, mailbox.wire, letters)
    tour.result.told += len(emails)
    known = placed is not None and placed.uid_validity == mailbox.uid_validity
    if placed is None or not known or len(placed.uids) != len(emails) or tour.is_label(mailbox.id):
        tour.look_again(mailbox.id)
        tour.given |= {(email.id, mailbox.id) for email in emails}
        return
    with tour.store.transaction():
        for uid, email in zip(placed.uids, emails, strict=True):
            tour.store.imap_messages.bind(
                mailbox.id, uid, email.id, flags=email.keywords, size=email.size
            )


def _chunks(tour: Tour, email: Email) -> Iterator[bytes]:
    octets = tour.store.blobs.open(email.blob_id)
    for at in range(0, len(octets), _BLOCK):
        yield octets[at : at + _BLOCK]
