"""Rules at work: on what has just arrived, over history, tried first, and undone.

`effect` decides for one message, purely; everything else carries out. An application is one
transaction with the note of what it changed. Over history messages are only moved and marked: mail
of long ago is neither forwarded nor handed to a command.
"""

from __future__ import annotations

import shlex
import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hongyan.errors import HongyanError, InvalidArgument, NotFound
from hongyan.mime import builder, redirect
from hongyan.mime.types import Address
from hongyan.store import Role
from hongyan.store.marking import Change
from hongyan.store.rule import Do, check
from hongyan.store.rules import Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from hongyan.store import Email, Store
    from hongyan.store.rule import Rule

TRASH_TO_BE: Final = "trash"  # where an account has none yet
COMMAND_SECONDS: Final = 60.0
_HOPS: Final = 20  # a message that was received so often goes round in circles (RFC 5321 §6.3)
_HEAD: Final = 65_536


@dataclass(frozen=True, slots=True)
class Errand:
    """A command to run with a message on its standard input, once the transaction is over."""

    command: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would change: each message with its effect."""

    effects: tuple[tuple[Email, Effect], ...]
    matched: int


@dataclass(frozen=True, slots=True)
class Applied:
    """What a rule changed; ``run`` is to be given to `Ruling.undo`."""

    run: str
    changed: int
    matched: int


def effect(rule: Rule, email: Email, *, mailboxes: frozenset[str], trash: str) -> Effect:
    """Return what ``rule`` changes of a message; ``mailboxes`` are those of its account.

    Actions about a mailbox of another account do nothing.
    """
    keywords, places = set(email.keywords), set[str](email.mailbox_ids)
    for action in rule.actions:
        target = trash if action.do is Do.TRASH else action.value
        if action.do is Do.MARK:
            keywords.add(action.value.lower())
        elif action.do is Do.UNMARK:
            keywords.discard(action.value.lower())
        elif action.do in (Do.MOVE, Do.TRASH) and target in mailboxes:
            places = {target}
        elif action.do is Do.COPY and target in mailboxes:
            places.add(target)
    return Effect(
        frozenset(keywords - email.keywords),
        frozenset(email.keywords - keywords),
        frozenset(places - email.mailbox_ids),
        frozenset(email.mailbox_ids - places),
    )


def untold(words: str) -> None:
    """Tell nobody."""


class Ruling:
    """The rules of a profile at work on its store; ``tell`` takes a line about what went wrong."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        tell: Callable[[str], None] = untold,
    ) -> None:
        self._store = store
        self._clock = clock
        self._tell = tell

    # -- over history

    def preview(self, rule: Rule) -> Preview:
        """Return what ``rule`` would change; nothing is. Raises `InvalidArgument`."""
        check(rule)
        matched = self._matched(rule)
        found = [(email, self._effect(rule, email)) for email in map(self._get, matched)]
        return Preview(tuple(each for each in found if each[1]), len(matched))

    def apply(self, rule: Rule) -> Applied:
        """Do it, all or nothing. Raises `InvalidArgument`, `StoreError`."""
        check(rule)
        with self._store.transaction():
            matched = self._matched(rule)
            effects = {}
            for id_ in matched:
                if found := self._effect(rule, self._get(id_)):
                    effects[id_] = self._put(id_, found)
            return Applied(self._store.rules.note(rule.name, effects), len(effects), len(matched))

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

    def _take_back(self, message_id: str, found: Effect) -> None:
        now = self._get(message_id).mailbox_ids
        back = {each for each in found.removed_mailboxes if self._exists(each)}
        stays = back or now - found.added_mailboxes  # it must be somewhere
        change = Change(
            add_keywords=found.removed_keywords,
            remove_keywords=found.added_keywords,
            add_mailboxes=frozenset(back),
            remove_mailboxes=found.added_mailboxes if stays else frozenset(),
        )
        self._store.messages.change([message_id], change)

    def _take_back_mailboxes(self, found: Effect) -> None:
        """Undo what was done to a mailbox for want of a Trash, unless it is in use by now."""
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

    # -- on arrival

    def arrived(self, account_id: str, message_ids: Iterable[str]) -> tuple[Errand, ...]:
        """Apply the rules to what has arrived in the inbox, within the caller's transaction."""
        inbox = self._store.mailboxes.ensure(account_id, Role.INBOX).id
        left = [id_ for id_ in message_ids if inbox in self._get(id_).mailbox_ids]
        errands: list[Errand] = []
        for rule in self._store.rules.list():
            if not (left and rule.is_enabled and _is_for(rule, account_id)):
                continue
            try:
                with self._store.transaction():
                    matched = self._store.search.among(rule.query, left)
                    wanted = [each for id_ in matched for each in self._arrived(rule, id_)]
            except (InvalidArgument, NotFound) as error:  # which keeps no mail from arriving
                self._tell(f"{rule.name}: {error}")
                continue
            errands += wanted
            if rule.stop:
                left = [id_ for id_ in left if id_ not in matched]
        return tuple(errands)

    def _arrived(self, rule: Rule, message_id: str) -> list[Errand]:
        email = self._get(message_id)
        errands = []
        if found := self._effect(rule, email):
            self._put(email.id, found)
        for action in rule.actions:
            if action.do is Do.FORWARD:
                self._forward(email, action.value)
            elif action.do is Do.RUN:
                errands.append(Errand(action.value, email.id))
        return errands

    def _forward(self, email: Email, to: str) -> None:
        """Queue the message's own octets for ``to``, unless it goes round in circles."""
        account = self._store.accounts.get(email.account_id)
        octets = self._store.messages.raw(email.id)
        if to.lower() == account.address.lower() or octets[:_HEAD].count(b"\nReceived:") > _HOPS:
            return
        draft = builder.Draft(
            from_=Address(account.name or None, account.address), to=(Address(None, to),)
        )
        stamped = builder.stamp(draft, self._clock().astimezone())
        self._store.outbox.add(
            account.id,
            b"".join(redirect.redirect(stamped, [octets])),
            sender=account.address,
            recipients=(to,),
            message_id=stamped.message_id,
        )

    def run(self, errands: Sequence[Errand]) -> None:
        """Run the commands that rules have asked for.

        Each has its message on standard input and a minute; no shell reads any of it.
        """
        for errand in errands:
            if trouble := self._run(errand):
                self._tell(trouble)

    def _run(self, errand: Errand) -> str:
        try:
            done = subprocess.run(  # noqa: S603  # the person's own command, and no shell
                shlex.split(errand.command),
                input=self._store.messages.raw(errand.message_id),
                capture_output=True,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired, HongyanError) as error:
            return f"{errand.command}: {error}"
        failed = done.returncode
        return f"{errand.command}: it ended with {failed}" if failed else ""

    # -- parts

    def _matched(self, rule: Rule) -> list[str]:
        """Return what a rule matches, read to its end before anything is changed."""
        found = list[str](self._store.search.ids(rule.query))
        if rule.account_ids is None:
            return found
        return [id_ for id_ in found if self._get(id_).account_id in rule.account_ids]

    def _effect(self, rule: Rule, email: Email) -> Effect:
        boxes = self._store.mailboxes.list(email.account_id)
        ids = frozenset[str](box.id for box in boxes)
        trash = next((box.id for box in boxes if box.role is Role.TRASH), TRASH_TO_BE)
        return effect(rule, email, mailboxes=ids | {trash}, trash=trash)

    def _put(self, message_id: str, found: Effect) -> Effect:
        """Carry an effect out; return it as it became, with the mailbox that had to be made."""
        if TRASH_TO_BE in found.added_mailboxes:
            found = self._with_trash(found, self._get(message_id).account_id)
        self._store.messages.change([message_id], _change(found))
        return found

    def _with_trash(self, found: Effect, account_id: str) -> Effect:
        before = {box.id for box in self._store.mailboxes.list(account_id)}
        trash = frozenset[str]({self._store.mailboxes.ensure(account_id, Role.TRASH).id})
        return replace(
            found,
            added_mailboxes=found.added_mailboxes - {TRASH_TO_BE} | trash,
            made_mailboxes=trash - before,
            named_mailboxes=trash & before,
        )

    def _get(self, message_id: str) -> Email:
        return self._store.messages.get(message_id)


def _is_for(rule: Rule, account_id: str) -> bool:
    return rule.account_ids is None or account_id in rule.account_ids


def _change(found: Effect) -> Change:
    return Change(
        add_keywords=found.added_keywords,
        remove_keywords=found.removed_keywords,
        add_mailboxes=found.added_mailboxes,
        remove_mailboxes=found.removed_mailboxes,
    )
