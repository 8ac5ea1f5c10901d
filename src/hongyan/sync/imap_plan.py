"""What to do about an IMAP account, decided without a server, a socket or a store.

Three states decide: what the server had when we last looked (*was*), what it has (*there*), what we
have (*here*). The rules, each with its cases in tests/sync/cases, stand in docs/sync.md:

- A change is a difference to *was*; changes of both sides are both carried out.
- A deletion never beats a change that whoever deleted could not see.
- Nothing goes from here because of a doubtful answer: see `look`.
- A message is never lost: where two moves disagree, it is in both places.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from hongyan.store import Here

Words: TypeAlias = frozenset[str]
"""Keywords, which is what IMAP's flags are here."""

NOBODY: Final = frozenset[str]()


# -- how to look at a mailbox


class Tier(Enum):
    """How a server tells what has changed, the cheapest first."""

    QRESYNC = "all at once, what is gone too (RFC 7162 §3.2)"
    CONDSTORE = "changed flags; what is gone shows in the list of UIDs (RFC 7162 §3.1)"
    PLAIN = "nothing; all flags are asked for"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a mailbox stands: None for what the server does not tell, 0 messages where it is new."""

    uid_validity: int | None = None
    uid_next: int | None = None
    modseq: int | None = None
    exist: int = 0


class Look(Enum):
    """What to ask about a mailbox."""

    NOTHING = "nothing: it is as it was"
    FIRST = "which messages there are"
    CHANGES = "what has changed since"
    ALL = "all UIDs and flags"
    ANEW = "which messages there are, since the UIDs have lost their meaning"
    UNSURE = "which messages there are, each time: the UIDs mean nothing"
    WAIT = "nothing, and it is not believed before it is seen again"


def look(
    was: Standing | None, there: Standing, tier: Tier, *, doubts: int = 0, other: bool = False
) -> Look:
    """Decide how to look at a mailbox; ``doubts`` is how often it was found empty in a row.

    A mailbox that has lost all its messages is believed at the second time. A UIDVALIDITY that is
    zero, missing or another, and a UIDNEXT that has gone back, make UIDs meaningless, and so does
    an ``other`` mailbox under the name.
    """
    if there.uid_validity is None:
        return Look.UNSURE
    if was is None or (was.uid_validity is None and not was.exist):
        return Look.FIRST
    if there.exist == 0 and was.exist and not doubts:
        return Look.WAIT
    back = there.uid_next is not None and there.uid_next < (was.uid_next or 0)
    if there.uid_validity != was.uid_validity or back or other:
        return Look.ANEW
    return _since(was, there, tier)


def _since(was: Standing, there: Standing, tier: Tier) -> Look:
    """Decide by mod-sequences; one that is missing, or has gone back, says nothing."""
    if tier is Tier.PLAIN or was.modseq is None or there.modseq is None:
        return Look.ALL
    if there.modseq < was.modseq:
        return Look.ALL
    return Look.NOTHING if there == was else Look.CHANGES


# -- what the server tells of one message, and what follows here


@dataclass(frozen=True, slots=True)
class Mark:
    """Change the keywords here."""

    add: Words
    remove: Words


class Fate(Enum):
    """What becomes of a message's place in a mailbox of the server."""

    MISS = "the server has it there no more; it leaves unless it is found elsewhere"
    KEEP = "gone there and changed here: the place is forgotten, and it will be put back"
    FORGET = "gone there and not wanted there here: the place is forgotten"
    FETCH = "deleted here and changed there: it is fetched again"


Follow: TypeAlias = Mark | Fate


def follow(was: Words, there: Words | None, here: Here | None, mailbox: str) -> Follow | None:
    """Decide what a look at a message of ours means; None for nothing.

    ``there`` is None where the server has it no more, ``here`` where we have deleted it.
    """
    if there is None:
        return follow_gone(was, here, mailbox)
    if here is None:
        return Fate.FETCH if there != was else None
    mark = Mark((there - was) - here.keywords, (was - there) & here.keywords)
    return mark if mark.add or mark.remove else None


def follow_gone(
    was: Words,
    here: Here | None,
    mailbox: str,
    elsewhere: Collection[Words] = (),
    *,
    refiled: bool = False,
) -> Fate:
    """Decide what it means that the server has a message of ours in ``mailbox`` no more.

    ``elsewhere`` are the flags that the server has for it in other mailboxes: what came from there
    was not changed here. ``refiled``: it was put under other labels here. One of which only the
    header is here cannot be put back, whatever was changed: it is looked for everywhere.
    """
    if here is not None and not here.whole:
        return Fate.MISS
    if here is None or mailbox not in here.mailboxes:
        return Fate.FORGET
    same = here.keywords == was or here.keywords in elsewhere
    return Fate.MISS if same and not refiled else Fate.KEEP


def leave(was: Words, here: Here, mailbox: str) -> bool:
    """Decide whether a message that was missed may leave, when nobody has found it elsewhere."""
    return mailbox not in here.mailboxes or here.keywords == was or not here.whole


# -- what has been changed here, and what the server is to be told


@dataclass(frozen=True, slots=True)
class Flag:
    """Change the flags of a message in ``mailbox``."""

    mailbox: str
    add: Words
    remove: Words


@dataclass(frozen=True, slots=True)
class Move:
    """Move a message from ``mailbox`` to ``target``."""

    mailbox: str
    target: str


@dataclass(frozen=True, slots=True)
class Copy:
    """Copy a message from ``mailbox`` to ``target``."""

    mailbox: str
    target: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a message from ``mailbox``."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Append:
    """Give the server a message that it has nowhere."""

    mailbox: str


Tell: TypeAlias = Flag | Move | Copy | Remove | Append


def wanted(was: Collection[str], here: Here, missed: Collection[str]) -> Here:
    """Return how a message is to stand on the server, which has it no more where it was ``missed``.

    There it is left, unless it would be nowhere then: those who took it away there could not see
    that here it was taken from the places that it ``was`` in besides.
    """
    kept = here.mailboxes.difference(missed)
    return replace(here, mailboxes=kept) if kept or not was else here


def tell(was: Mapping[str, Words], here: Here | None) -> tuple[Tell, ...]:
    """Decide what to tell the server of a message; ``was`` are its flags by mailbox.

    Flags go first, so that a moved or copied message takes them along, then copies, while the
    original is still there. Each leaving is paired with an entering and is a move, while there are.
    What is not whole is given to no server.
    """
    wanted = here.mailboxes if here else NOBODY
    away = [mailbox for mailbox in was if mailbox not in wanted]
    new = sorted(wanted - was.keys())
    stay = [mailbox for mailbox in was if mailbox in wanted]
    moves = [Move(mailbox, target) for mailbox, target in zip(away, new, strict=False)]
    moved = [each.mailbox for each in moves]
    source = next(iter((*stay, *moved)), None)
    enters = new[len(moves) :] if source or (here and here.whole) else []
    copies = [Copy(source, target) if source else Append(target) for target in enters]
    gone = [Remove(mailbox) for mailbox in away if mailbox not in moved]
    flags = [
        Flag(mailbox, here.keywords - was[mailbox], was[mailbox] - here.keywords)
        for mailbox in (*stay, *moved)
        if here and here.keywords != was[mailbox]
    ]
    return (*flags, *copies, *moves, *gone)


# -- which message is which, where UIDs do not say it


@dataclass(frozen=True, slots=True)
class Trace:
    """What a message may be known by: octets as told, seconds since 1970, an OBJECTID if any."""

    mailbox: str
    message_id: str
    size: int
    seconds: int
    object_id: str | None = None


@dataclass(frozen=True, slots=True)
class Seeking:
    """A message of ours without its place: missed by the server, or put there here.

    ``held`` are the other mailboxes it is in, on either side: one found there is another copy.
    ``given`` was the server by an APPEND just now, and the date that was sent along it may have
    ignored.
    """

    message: str
    trace: Trace
    missed: bool = True
    held: frozenset[str] = NOBODY
    given: bool = False


def recognise(
    new: Mapping[tuple[str, int], Trace], seeking: Iterable[Seeking]
) -> dict[tuple[str, int], Seeking]:
    """Decide which of the server's ``new`` messages, by mailbox and UID, are some that we have.

    The same OBJECTID, else the same Message-ID, size and date; the date counts least in what the
    server was given just now. What was put into a mailbox here is sought in that mailbox alone;
    what the server has lost may turn up in any, its own first. Of messages without Message-ID that
    look alike none is recognised: fetching again loses nothing.
    """
    found: dict[tuple[str, int], Seeking] = {}
    known = list(seeking)
    for near, dated in ((True, True), (False, True), (True, False)):
        open_: defaultdict[tuple[object, ...], list[Seeking]] = defaultdict(list)
        taken = {(each.message, each.trace.mailbox) for each in found.values()}
        for each in known:
            is_sought = (near or each.missed) and (dated or each.given)
            if is_sought and (each.message, each.trace.mailbox) not in taken:
                for key in _keys(each.trace, near=near, dated=dated):
                    open_[key].append(each)
        _pair(new, open_, found, keys=partial(_keys, near=near, dated=dated))
    return found


def _pair(
    new: Mapping[tuple[str, int], Trace],
    open_: Mapping[tuple[object, ...], list[Seeking]],
    found: dict[tuple[str, int], Seeking],
    *,
    keys: Callable[[Trace], list[tuple[object, ...]]],
) -> None:
    alike: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for place, trace in new.items():
        if place not in found:
            for key in keys(trace):
                alike[key] += 1
    used: set[tuple[str, str]] = set()
    filled = {(known.message, mailbox) for (mailbox, _), known in found.items()}
    for place, trace in sorted(new.items()):
        if place in found:
            continue
        for key in keys(trace):
            candidates = [
                each
                for each in open_.get(key, ())
                if (each.message, each.trace.mailbox) not in used
                and place[0] not in each.held
                and (each.message, place[0]) not in filled
            ]
            nameless = "" in key
            if not candidates or (nameless and (len(open_[key]) > 1 or alike[key] > 1)):
                continue
            found[place] = candidates[0]
            used.add((candidates[0].message, candidates[0].trace.mailbox))
            filled.add((candidates[0].message, place[0]))
            break


def _keys(trace: Trace, *, near: bool, dated: bool) -> list[tuple[object, ...]]:
    """Return what a trace is found by, the surest first."""
    where = trace.mailbox if near else None
    if not dated:
        return [(where, trace.message_id, trace.size)]
    keys: list[tuple[object, ...]] = []
    if trace.object_id:
        keys.append((where, "object", trace.object_id))
    keys.append((where, trace.message_id, trace.size, trace.seconds))
    return keys
