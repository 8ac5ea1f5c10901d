"""Gmail's labels carried out: what `imap_labels` decides, and what follows here.

Messages are looked for in the mailboxes that store them. The labels that the server had stand in
the store beside the places, so a change of either side is a difference to them, as everywhere.
Whether a change of labels gives a message a new mod-sequence Gmail does not promise: so the number
of messages that STATUS tells of each label is compared with what we know, and where that does not
explain it all labels are asked for once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan import imap
from hongyan.imap import Change, Listed
from hongyan.store import Here, MailboxId
from hongyan.sync import imap_labels, imap_plan
from hongyan.sync.imap_plan import Standing, Tier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hongyan.flow import Flow
    from hongyan.imap import Fetched, NumberSet
    from hongyan.store import MessageId, Place
    from hongyan.sync.imap_labels import Label
    from hongyan.sync.imap_tour import Tour

EXTENSION: Final = "X-GM-EXT-1"
_NONE: Final = frozenset[MailboxId]()


def settle(tour: Tour, listed: Mapping[bytes, Listed]) -> None:
    """See whether mailboxes are labels; a profile that was filled otherwise is brought to that."""
    tour.labels = _labels(tour, listed) if EXTENSION in tour.conn.capabilities else None
    if tour.labels is None:
        for mailbox in tour.store.imap_labels.counts(tour.account.id):
            _be_no_label(tour, mailbox)
        return
    if tour.tier is Tier.QRESYNC:  # what it tells in the answer to SELECT has no labels
        tour.tier = Tier.CONDSTORE
    _be_labels(tour, tour.labels)


def _labels(tour: Tour, listed: Mapping[bytes, Listed]) -> imap_labels.Labels | None:
    mailboxes = tour.mailboxes().values()
    found = imap_labels.read(
        (each.id, listed.get(each.wire) or Listed(each.called, each.wire, each.delimiter, ()))
        for each in mailboxes
    )
    return found if found.all_mail else None


def _be_no_label(tour: Tour, mailbox: MailboxId) -> None:
    """Let a mailbox be one like others, since All Mail is hidden now."""
    labels = tour.store.imap_labels
    with tour.store.transaction():
        under = labels.under(mailbox)
        known = labels.of(under)
        for message in under:
            labels.note(message, known[message] - {mailbox})
        _forget_standing(tour, mailbox)
        tour.unsettle()


def _be_labels(tour: Tour, labels: imap_labels.Labels) -> None:
    """Let go what was known of labels as mailboxes like others; copies become one message."""
    places = {label: tour.store.imap_messages.places(label) for label in labels.names}
    if not any(places.values()) or labels.all_mail is None:
        return
    with tour.store.transaction():
        for label, its in places.items():
            tour.store.imap_messages.forget(label, its)
            _forget_standing(tour, MailboxId(label))
        for place in tour.store.imap_messages.places(labels.all_mail).values():
            if place.message:
                _be_one(tour, place.message)
        tour.unsettle()


def _be_one(tour: Tour, message: MessageId) -> None:
    """Let a message take the place of its copies, those of the same octets."""
    messages = tour.store.messages
    for its in messages.list([message]):
        while copy := messages.with_octets(tour.account.id, [its.blob_id]).get(its.blob_id):
            if copy == message or tour.store.imap_messages.places_of([copy]):
                return
            boxes = messages.get(copy).mailbox_ids | messages.get(message).mailbox_ids
            messages.set_mailboxes(message, boxes)
            messages.delete(copy)


def _forget_standing(tour: Tour, mailbox: MailboxId) -> None:
    tour.store.imap_mailboxes.stand(mailbox, uid_validity=None, uid_next=0, modseq=None, exist=0)


def items(tour: Tour, mailbox: str) -> tuple[str, ...]:
    """Return what is to be asked about messages besides what is asked of every server."""
    return ("X-GM-LABELS",) if tour.labels and mailbox == tour.labels.all_mail else ()


def told(tour: Tour, mailbox: str, message: Fetched) -> frozenset[MailboxId] | None:
    """Return the labels that a message has, as mailboxes of ours; None where that is not told."""
    if tour.labels is None or message.gmail_labels is None:
        return None
    names = (label.decode("utf-8", "replace") for label in message.gmail_labels)
    found = tour.labels.mailboxes(mailbox, names) - {mailbox}
    return frozenset(map(MailboxId, found))


# -- what the server tells


def relabel(
    tour: Tour, mailbox: str, places: Mapping[int, Place], there: Mapping[int, frozenset[MailboxId]]
) -> None:
    """Let messages be here where their labels, by UID, say that they are."""
    store = tour.store
    known = {uid: place.message for uid, place in places.items() if uid in there and place.message}
    was = store.imap_labels.of(known.values())
    changed = {uid: id_ for uid, id_ in known.items() if there[uid] != was.get(id_, _NONE)}
    here = store.imap_messages.here(changed.values())
    for uid, message in changed.items():
        before, now = was.get(message, _NONE), there[uid]
        store.imap_labels.note(message, now)
        if message in here:
            _be_in(tour, message, imap_labels.follow(before, now, here[message].mailboxes), mailbox)
        elif now - before:  # deleted here, filed there: it is fetched again
            store.imap_labels.note(message, ())
            store.imap_messages.forget(mailbox, [uid])
            store.imap_messages.expect(mailbox, [(uid, places[uid].flags)])
        tour.result.changed += 1


def _be_in(tour: Tour, message: MessageId, boxes: frozenset[str], store: str) -> None:
    """Let a message be in those of the mailboxes that are still here, and where it is stored."""
    alive = {each.id for each in tour.store.mailboxes.list(tour.account.id)}
    tour.store.messages.set_mailboxes(message, (boxes & alive) | ({store} & alive) or boxes)


def found(
    tour: Tour, mailbox: MailboxId, message: MessageId, labels: frozenset[MailboxId], old: MailboxId
) -> None:
    """Let a message of ours that was found in ``mailbox`` be there, and where its labels say.

    In Spam or Trash it is nowhere else.
    """
    store = tour.store
    here = store.imap_messages.here([message])[message].mailboxes
    was = store.imap_labels.of([message]).get(message, _NONE)
    names = frozenset(tour.labels.names) if tour.labels else _NONE
    if old not in names:
        here -= {old}
    if tour.labels and mailbox != tour.labels.all_mail:
        here -= names
    store.imap_labels.note(message, labels)
    _be_in(tour, message, imap_labels.follow(was, labels, here), mailbox)


def unexplained(tour: Tour, there: Mapping[MailboxId, Standing]) -> bool:
    """Whether labels have other messages than we know of; each state of them is asked about once.

    ``there`` is how the labels' mailboxes stand. While messages are still to be fetched nothing can
    be said.
    """
    if tour.labels is None or tour.labels.all_mail in tour.store.imap_messages.waiting(
        tour.account.id
    ):
        return False
    counts = tour.store.imap_labels.counts(tour.account.id)
    short = False
    for id_, mailbox in tour.mailboxes().items():
        now = there.get(id_)
        if now is None or not tour.is_label(id_):
            continue
        known = (mailbox.uid_validity, mailbox.uid_next, mailbox.exist)
        if known == (now.uid_validity, now.uid_next or 0, now.exist):
            continue
        short = short or counts.get(id_, 0) != now.exist
        tour.store.imap_mailboxes.stand(
            id_,
            uid_validity=now.uid_validity,
            uid_next=now.uid_next or 0,
            modseq=None,
            exist=now.exist,
        )
    return short


# -- what the server is told


def acts(
    tour: Tour, message: MessageId, here: Here | None, places: Mapping[MailboxId, Place]
) -> Iterator[imap_labels.Tell]:
    """Yield what is to be told of a message, flags first."""
    if tour.labels is None:
        return
    its = tour.store.imap_labels.of([message]).get(message, _NONE)
    stored = {each: place for each, place in places.items() if each in tour.labels.stores}
    if here is not None:
        for mailbox, place in stored.items():
            flags = place.flags or frozenset()
            if here.keywords != flags:
                yield imap_plan.Flag(mailbox, here.keywords - flags, flags - here.keywords)
        if tour.labels.all_mail in stored and not here.mailboxes & set(tour.labels.stores):
            _be_in(tour, message, here.mailboxes, tour.labels.all_mail)
    boxes = here.mailboxes if here else _NONE
    yield from imap_labels.tell(tour.labels, frozenset({*stored, *its}), frozenset(boxes))


def tell_labels(tour: Tour, act: Label, uids: NumberSet, messages: list[MessageId]) -> Flow[None]:
    """Give messages a label, or take it; note it when the server has confirmed it."""
    change = Change.ADD if act.add else Change.REMOVE
    label = act.label if act.label.startswith("\\") else act.label.encode()
    for piece in uids.pieces(numbers=500):
        yield from imap.store_labels(tour.conn, piece, change, [label])
    was = tour.store.imap_labels.of(messages)
    with tour.store.transaction():
        for message in messages:
            labels, one = was.get(message, _NONE), {MailboxId(act.target)}
            tour.store.imap_labels.note(message, labels | one if act.add else labels - one)
    tour.result.told += len(messages)


def moved(tour: Tour, message: MessageId, source: str, target: str) -> None:
    """Note that a message has left ``source``, its labels with it, and let that be so here."""
    if tour.labels is None:
        return
    tour.store.imap_labels.note(message, ())
    here = tour.store.imap_messages.here([message]).get(message)
    if here is None:
        return
    away = {source}
    if target in tour.labels.stores and target != tour.labels.all_mail:
        away |= set(tour.labels.names)
    _be_in(tour, message, here.mailboxes - away, target)


def stripped(tour: Tour, mailbox: MailboxId) -> None:
    """Take the messages out of a label that is gone there; they stay where they are stored."""
    labels = tour.store.imap_labels
    under = labels.under(mailbox)
    known = labels.of(under)
    here = tour.store.imap_messages.here(under)
    for message in under:
        labels.note(message, known[message] - {mailbox})
        if message in here and here[message].mailboxes > {mailbox}:
            tour.store.messages.set_mailboxes(message, here[message].mailboxes - {mailbox})
