"""Which mailbox of the server is which of ours, and what to do where one side changed: pure.

A mailbox that the server lists no more is missed at its first absence and gone at its second; one
that comes back under another name keeps its id where the server has OBJECTID. Where both sides
renamed one, the server's name stays, since others see it already.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Theirs:
    """A mailbox that the server lists and that can be opened.

    ``wire`` is its name there, ``name`` the one that we would give it, ``untouched`` whether it
    stands as we last saw it.
    """

    wire: bytes
    name: str
    role: str | None = None
    object_id: str | None = None
    untouched: bool = True


@dataclass(frozen=True, slots=True)
class Paired:
    """A mailbox of ours that the server was seen to have; ``name`` is None when deleted here."""

    id: str
    wire: bytes
    called: str
    name: str | None
    object_id: str | None = None
    doubts: int = 0


@dataclass(frozen=True, slots=True)
class Ours:
    """A mailbox of ours that the server was never seen to have.

    ``knot``: it only holds other mailboxes, so the server need not have it.
    """

    id: str
    name: str
    role: str | None = None
    knot: bool = False


@dataclass(frozen=True, slots=True)
class Adopt:
    """Pair the server's mailbox with ours, or with a new one where ``id`` is None."""

    theirs: Theirs
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """The server's mailbox has a new name, or one that was not free here: ours takes it."""

    id: str
    theirs: Theirs


@dataclass(frozen=True, slots=True)
class Miss:
    """The server lists it no more: wait for the next tour."""

    id: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The server has not listed it twice: it goes from here."""

    id: str


@dataclass(frozen=True, slots=True)
class Create:
    """Make our mailbox on the server."""

    id: str
    name: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Rename:
    """Give the server's mailbox the name that ours was given."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the server's mailbox, as ours was, unless it is not empty by then."""

    id: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Deleted on both sides, or deleted here while it changed there: as if never seen."""

    id: str


Act: TypeAlias = Adopt | Call | Miss | Gone | Create | Rename | Delete | Forget


def pair(
    listed: Sequence[Theirs], paired: Iterable[Paired], ours: Iterable[Ours]
) -> tuple[Act, ...]:
    """Decide what to do about the mailboxes of an account, in the order in which to do it."""
    by_wire = {each.wire: each for each in listed}
    times = Counter(each.object_id for each in listed)
    by_object = {each.object_id: each for each in listed if times[each.object_id] == 1}
    taken: set[bytes] = set()
    acts: list[Act] = []
    for known in paired:
        theirs = by_wire.get(known.wire)
        if known.object_id and (theirs is None or theirs.object_id not in (None, known.object_id)):
            theirs = by_object.get(known.object_id)
        if theirs is not None and theirs.wire in taken:
            theirs = None
        if theirs is not None:
            taken.add(theirs.wire)
        acts += _about(known, theirs)
    rest = [each for each in listed if each.wire not in taken]
    return (*acts, *_new(rest, list(ours)))


def _about(known: Paired, theirs: Theirs | None) -> list[Act]:
    """Decide about a mailbox that both sides had."""
    if theirs is None:
        if known.name is None:
            return [Forget(known.id)]
        return [Gone(known.id) if known.doubts else Miss(known.id)]
    if known.name is None:
        return [Delete(known.id)] if theirs.untouched else [Forget(known.id), Adopt(theirs)]
    if known.name != known.called and theirs.wire == known.wire:
        return [Rename(known.id, known.name)]
    return [Call(known.id, theirs)] if known.called != theirs.name else []


def _new(rest: list[Theirs], ours: list[Ours]) -> list[Act]:
    """Decide about mailboxes that one side alone has: pair them by role, then by name.

    Those above come before those below, which are put into them.
    """
    rest = sorted(rest, key=lambda each: each.name.count("/"))
    ours = sorted(ours, key=lambda each: each.name.count("/"))
    adopted: dict[bytes, str] = {}
    for same in (_same_role, _same_name):
        for theirs in rest:
            for each in ours:
                free = theirs.wire not in adopted and each.id not in adopted.values()
                if free and same(theirs, each):
                    adopted[theirs.wire] = each.id
    kept = set(adopted.values())
    return [
        *(Adopt(theirs, adopted.get(theirs.wire)) for theirs in rest),
        *(
            Create(each.id, each.name, each.role)
            for each in ours
            if each.id not in kept and not each.knot
        ),
    ]


def _same_role(theirs: Theirs, ours: Ours) -> bool:
    return theirs.role is not None and theirs.role == ours.role


def _same_name(theirs: Theirs, ours: Ours) -> bool:
    return theirs.name == ours.name
