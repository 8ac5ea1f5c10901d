"""Looking at a mailbox of the server, by the cheapest way there is, and noting what it means.

All that one look finds is noted in one transaction, with how the mailbox stood. Where an answer is
doubtful, nothing that it says is missing is believed; where what is known then does not add up to
what the server has, all is asked for at the next visit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from hongyan import imap
from hongyan.imap import Known, NumberSet
from hongyan.sync import imap_flags, imap_gmail, imap_plan
from hongyan.sync.imap_plan import Fate, Look, Mark, Standing, Tier
from hongyan.sync.imap_tour import is_another, standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hongyan.flow import Flow
    from hongyan.imap import Fetched, Selected, Vanished
    from hongyan.store import ImapMailbox, MailboxId, Place
    from hongyan.sync.imap_tour import Tour

NEVER: Final = 2**62  # no visit comes so late
_BY_MODSEQ: Final = (Tier.QRESYNC, Tier.CONDSTORE)


@dataclass(slots=True)
class Seen:
    """What a look has found: flags by UID, all UIDs that there are, those that are gone.

    ``present`` is None where only changes were told.
    """

    flags: dict[int, frozenset[str]] = field(default_factory=dict)
    present: NumberSet | None = None
    gone: NumberSet = field(default_factory=NumberSet)
    labels: dict[int, frozenset[MailboxId]] = field(default_factory=dict)
    read_labels: Callable[[Fetched], frozenset[MailboxId] | None] = field(default=lambda _: None)

    def take(self, change: Fetched | Vanished) -> None:
        """Note one line of the answer."""
        if isinstance(change, imap.Vanished):
            self.gone |= change.uids
        elif change.uid is not None and change.flags is not None:
            self.flags[change.uid] = imap_flags.keywords(change.flags)
            labels = self.read_labels(change)
            if labels is not None:
                self.labels[change.uid] = labels


def look_into(
    tour: Tour, mailbox: ImapMailbox, there: Standing | None, *, at_all: bool = False
) -> Flow[None]:
    """Look at a mailbox that stands as ``there`` says, if that is known; note what has changed.

    ``at_all``: at all flags and labels, although there may be a cheaper way. Raises `Refused` where
    it cannot be opened.
    """
    was = standing(mailbox)
    if not at_all and there and _is_enough(tour, mailbox, _decide(tour, mailbox, there)):
        return
    seen = Seen(read_labels=partial(imap_gmail.told, tour, mailbox.id))
    selected = yield from tour.select(mailbox, known=_known(tour, was), take=seen.take)
    now = _standing(selected, there)
    decided = _decide(tour, mailbox, now, other=is_another(mailbox, selected))
    if at_all and decided in (Look.NOTHING, Look.CHANGES):
        decided = Look.ALL
    if _is_enough(tour, mailbox, decided):
        return
    wanted = ("FLAGS", *imap_gmail.items(tour, mailbox.id))
    whole = yield from _ask(tour, decided, was, now, seen, wanted)
    _note(tour, mailbox, decided, now, seen, whole=whole)
    if selected.mailbox_id:
        tour.store.imap_mailboxes.identify(mailbox.id, selected.mailbox_id)


def _decide(tour: Tour, mailbox: ImapMailbox, there: Standing, *, other: bool = False) -> Look:
    return imap_plan.look(standing(mailbox), there, tour.tier, doubts=mailbox.doubts, other=other)


def _is_enough(tour: Tour, mailbox: ImapMailbox, decided: Look) -> bool:
    """Whether nothing is to be asked; note a doubt."""
    if decided is Look.WAIT:
        tour.store.imap_mailboxes.doubt(mailbox.id, 1)
        tour.doubted.add(mailbox.id)
    elif decided is Look.NOTHING:
        tour.looked.add(mailbox.id)
    return decided in (Look.WAIT, Look.NOTHING)


def _known(tour: Tour, was: Standing | None) -> Known | None:
    if tour.tier is not Tier.QRESYNC or was is None:
        return None
    if was.uid_validity is None or was.modseq is None:
        return None
    return Known(was.uid_validity, was.modseq)


def _standing(selected: Selected, there: Standing | None) -> Standing:
    return Standing(
        selected.uid_validity,
        selected.uid_next or (there.uid_next if there else None),
        selected.modseq,
        selected.exists,
    )


def _ask(
    tour: Tour,
    decided: Look,
    was: Standing | None,
    now: Standing,
    seen: Seen,
    wanted: Sequence[str],
) -> Flow[bool]:
    """Ask for what the decision needs; return whether the list of what there is can be believed."""
    if decided is Look.CHANGES and tour.tier is Tier.QRESYNC:
        return True
    if decided is Look.ALL:
        seen.flags.clear()
        yield from _flags(tour, seen, wanted, None)
        seen.present = NumberSet.of(seen.flags)
    else:
        if decided is Look.CHANGES and was is not None:
            yield from _flags(tour, seen, wanted, was.modseq)
        found = yield from imap.search(tour.conn)
        seen.present = found.numbers or NumberSet()
    return len(seen.present) >= now.exist


def _flags(tour: Tour, seen: Seen, wanted: Sequence[str], changed_since: int | None) -> Flow[None]:
    everything = NumberSet.since(1)
    yield from imap.fetch(
        tour.conn, everything, wanted, take=seen.take, changed_since=changed_since
    )


def _note(
    tour: Tour, mailbox: ImapMailbox, decided: Look, now: Standing, seen: Seen, *, whole: bool
) -> None:
    store = tour.store
    with store.transaction():
        places = store.imap_messages.places(mailbox.id)
        if decided in (Look.ANEW, Look.UNSURE):
            removable = tour.number + 1 if decided is Look.ANEW else NEVER
            store.imap_messages.miss(mailbox.id, places, visit=removable)
            places = {}
        gone = _gone(places, seen) if whole else []
        new = _new(places, seen, before=now.uid_next)
        adds_up = len(places) - len(gone) + len(new) == now.exist
        _missed(tour, mailbox, [places[uid] for uid in gone])
        _changed(tour, mailbox, places, seen.flags)
        imap_gmail.relabel(tour, mailbox.id, places, seen.labels)
        store.imap_messages.expect(mailbox.id, ((uid, seen.flags.get(uid)) for uid in new))
        store.imap_mailboxes.stand(
            mailbox.id,
            uid_validity=now.uid_validity,
            uid_next=now.uid_next or 0,
            modseq=now.modseq if tour.tier in _BY_MODSEQ and whole and adds_up else None,
            exist=now.exist,
        )
    tour.looked.add(mailbox.id)


def _gone(places: Mapping[int, Place], seen: Seen) -> list[int]:
    if seen.present is not None:
        present = set(seen.present)
        return [uid for uid in places if uid not in present]
    return [uid for uid in places if uid in seen.gone]


def _new(places: Mapping[int, Place], seen: Seen, *, before: int | None) -> list[int]:
    """Return the new UIDs; one that the mailbox has not given out yet is left to the next look."""
    there: Iterable[int] = seen.flags if seen.present is None else seen.present
    return [
        uid
        for uid in there
        if uid not in places and uid not in seen.gone and (before is None or uid < before)
    ]


def _missed(tour: Tour, mailbox: ImapMailbox, gone: list[Place]) -> None:
    messages = tour.store.imap_messages
    ids = [each.message for each in gone if each.message]
    here, places = messages.here(ids), messages.places_of(ids)
    labels = tour.store.imap_labels.of(ids)
    miss: dict[int, frozenset[str]] = {}
    for place in gone:
        if place.message is None or place.flags is None:
            continue
        others = places.get(place.message, {})
        elsewhere = [each.flags for box, each in others.items() if box != mailbox.id and each.flags]
        ours = here.get(place.message)
        filed = labels.get(place.message, frozenset()) | {mailbox.id}
        refiled = tour.labels is not None and ours is not None and ours.mailboxes != filed
        fate = imap_plan.follow_gone(place.flags, ours, mailbox.id, elsewhere, refiled=refiled)
        if fate is Fate.MISS and ours:
            miss[place.uid] = ours.keywords
            continue
        tour.store.imap_labels.note(place.message, ())
        if fate is Fate.KEEP:
            tour.unsettle()
    messages.note_flags(mailbox.id, miss.items())  # a change from now on is one of ours
    messages.miss(mailbox.id, miss, visit=tour.number)
    messages.forget(mailbox.id, [each.uid for each in gone])


def _changed(
    tour: Tour,
    mailbox: ImapMailbox,
    places: Mapping[int, Place],
    flags: Mapping[int, frozenset[str]],
) -> None:
    messages = tour.store.imap_messages
    permanent = tour.permanent(mailbox.id)
    changed = {uid: told for uid, told in flags.items() if uid in places}
    noted: dict[int, frozenset[str]] = {}
    here = messages.here(
        place.message for uid in changed if (place := places[uid]).message is not None
    )
    for uid, told in changed.items():
        place = places[uid]
        was = place.flags or frozenset()
        there = told | (was - imap_flags.kept(was, permanent))
        if there == place.flags:
            continue
        noted[uid] = there
        if place.message is None:
            continue
        follow = imap_plan.follow(was, there, here.get(place.message), mailbox.id)
        if follow is Fate.FETCH:
            messages.forget(mailbox.id, [uid])
            messages.expect(mailbox.id, [(uid, there)])
        elif isinstance(follow, Mark):
            tour.mark(place.message, follow)
            tour.result.changed += 1
    messages.note_flags(mailbox.id, noted.items())
