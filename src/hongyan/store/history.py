"""Changing many messages that are here already: shown first, done whole, noted, taken back.

What is to become of a message is an `Effect`, a difference, which a pure function gives for how the
message is marked and where it lies. An application is one transaction with the note of what it
changed; undoing it leaves alone what the person has changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import InvalidArgument, NotFound
from hongyan.store.marking import Change, Marks
from hongyan.store.rules import Effect
from hongyan.store.types import Role, silently

if TYPE_CHECKING:
    from hongyan.store.store import Store
    from hongyan.store.types import Advance

Wanted: TypeAlias = Callable[[Marks], Effect]

_TOGETHER: Final = 500
SHOWN: Final = 100
_ROLES: Final = {role.value: role for role in Role}


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change: the first messages with what becomes of each, and how many they are.

    ``matched`` is how many were looked at.
    """

    effects: tuple[tuple[Marks, Effect], ...]
    changing: int
    matched: int


@dataclass(frozen=True, slots=True)
class Applied:
    """What was changed; ``run`` is to be given to `History.undo`."""

    run: str
    ids: tuple[str, ...]
    matched: int

    @property
    def changed(self) -> int:
        """How many messages are not as they were."""
        return len(self.ids)


def difference(marks: Marks, keywords: AbstractSet[str], places: AbstractSet[str]) -> Effect:
    """Return what is to be done so that a message is marked and lies like this."""
    return Effect(
        frozenset(keywords - marks.keywords),
        frozenset(marks.keywords - keywords),
        frozenset(places - marks.mailbox_ids),
        frozenset(marks.mailbox_ids - places),
    )


class Places:
    """The mailboxes of all accounts; one for a role that is missing goes by the role's name."""

    def __init__(self, store: Store) -> None:
        accounts = [str(account.id) for account in store.accounts.list()]
        self.boxes = {each: store.mailboxes.list(each) for each in accounts}
        self._known = {(each, str(box.id)) for each, boxes in self.boxes.items() for box in boxes}
        self._roles = {
            (each, box.role): str(box.id) for each, boxes in self.boxes.items() for box in boxes
        }

    def of(self, account_id: str, role: Role) -> str:
        """Return the mailbox with a role: its id, or what it goes by until `History` makes it."""
        return self._roles.get((account_id, role), role.value)

    def has(self, account_id: str, place: str) -> bool:
        """Whether a mailbox is one of the account, or a role's that is still to be made."""
        return (account_id, place) in self._known or place in _ROLES


class History:
    """What is done to messages that are here already."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def preview(
        self,
        message_ids: Sequence[str],
        wanted: Wanted,
        *,
        limit: int = SHOWN,
        advance: Advance = silently,
    ) -> Preview:
        """Return what would become of messages, the first ``limit`` of them; nothing is changed.

        Whatever ``advance`` raises ends it.
        """
        shown: list[tuple[Marks, Effect]] = []
        changing = matched = 0
        for marks, effect in self._effects(message_ids, wanted, advance):
            matched += 1
            changing += bool(effect)
            if effect and len(shown) < limit:
                shown.append((marks, effect))
        return Preview(tuple(shown), changing, matched)

    def apply(
        self,
        name: str,
        message_ids: Sequence[str],
        wanted: Wanted,
        *,
        by_hand: bool = False,
        advance: Advance = silently,
    ) -> Applied:
        """Do it, all or nothing, and note it under ``name``. Raises `StoreError`, `NotFound`."""
        with self._store.transaction():
            its = list(self._effects(message_ids, wanted, advance))
            effects = {str(marks.id): self.put(marks, found) for marks, found in its if found}
            run = self._store.rules.note(name, effects, by_hand=by_hand)
            return Applied(run, tuple(effects), len(its))

    def put(self, marks: Marks, found: Effect) -> Effect:
        """Carry an effect out; return it as it became, with the mailbox that had to be made."""
        for role in _ROLES.keys() & found.added_mailboxes:
            found = self._made(found, marks.account_id, _ROLES[role])
        self._store.messages.change([marks.id], _change(found))
        return found

    def undo(self, run_id: str) -> int:
        """Take back what an application changed, all or nothing; return how many messages.

        What the person has changed since stays. Raises `NotFound`, also for a second time.
        """
        with self._store.transaction():
            effects = dict(self._store.rules.effects(run_id))
            for id_, found in effects.items():
                self._take_back(id_, found)
            for found in effects.values():
                self._take_back_mailboxes(found)
            self._store.rules.forget(run_id)
        return len(effects)

    def _effects(
        self, message_ids: Sequence[str], wanted: Wanted, advance: Advance
    ) -> Iterator[tuple[Marks, Effect]]:
        """Yield each message with what is to become of it; most of them are marked alike."""
        known: dict[tuple[object, ...], Effect] = {}
        for at in range(0, len(message_ids), _TOGETHER):
            advance(at, len(message_ids), 0, 0)
            for marks in self._store.messages.marks(message_ids[at : at + _TOGETHER]):
                alike = (marks.account_id, marks.keywords, marks.mailbox_ids)
                if alike not in known:
                    known[alike] = wanted(marks)
                yield marks, known[alike]

    def _made(self, found: Effect, account_id: str, role: Role) -> Effect:
        before = {box.id: box.role for box in self._store.mailboxes.list(account_id)}
        box = self._store.mailboxes.ensure(account_id, role)
        its = frozenset[str]({box.id})
        found = replace(found, added_mailboxes=found.added_mailboxes - {role.value} | its)
        if box.id not in before:
            return replace(found, made_mailboxes=found.made_mailboxes | its)
        if before[box.id] is None:
            return replace(found, named_mailboxes=found.named_mailboxes | its)
        return found  # an earlier message had it made

    def _take_back(self, message_id: str, found: Effect) -> None:
        (marks,) = self._store.messages.marks([message_id])
        back = {each for each in found.removed_mailboxes if self._exists(each)}
        stays = back or marks.mailbox_ids - found.added_mailboxes  # it must be somewhere
        change = Change(
            add_keywords=found.removed_keywords,
            remove_keywords=found.added_keywords,
            add_mailboxes=frozenset(back),
            remove_mailboxes=found.added_mailboxes if stays else frozenset(),
        )
        self._store.messages.change([message_id], change)

    def _take_back_mailboxes(self, found: Effect) -> None:
        """Undo what was done to a mailbox for want of one, unless it is in use by now."""
        for id_ in filter(self._exists, found.named_mailboxes):
            self._store.mailboxes.update(replace(self._store.mailboxes.get(id_), role=None))
        for id_ in filter(self._exists, found.made_mailboxes):
            account_id = self._store.mailboxes.get(id_).account_id
            if id_ in {each.id for each in self._store.imap_mailboxes.list(account_id)}:
                continue  # it is the server's too, where others may have put something into it
            with suppress(InvalidArgument):  # it has messages, or mailboxes below it
                self._store.mailboxes.delete(id_)

    def _exists(self, mailbox_id: str) -> bool:
        try:
            self._store.mailboxes.get(mailbox_id)
        except NotFound:
            return False
        return True


def _change(found: Effect) -> Change:
    return Change(
        add_keywords=found.added_keywords,
        remove_keywords=found.removed_keywords,
        add_mailboxes=found.added_mailboxes,
        remove_mailboxes=found.removed_mailboxes,
    )
