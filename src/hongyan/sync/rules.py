"""Rules at work: on what has just arrived, over history, tried first, and undone.

`effect` decides for one message, purely; everything else carries out. Over history (`History`)
messages are only moved and marked: mail of long ago is neither forwarded nor handed to a command.
"""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.errors import HongyanError, InvalidArgument, NotFound
from hongyan.mime import builder, redirect
from hongyan.mime.types import Address
from hongyan.store import Role
from hongyan.store.history import SHOWN, Applied, History, Places, Preview, Wanted, difference
from hongyan.store.rule import Do, check
from hongyan.store.types import silently

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from hongyan.store import Email, Store
    from hongyan.store.marking import Marks
    from hongyan.store.rule import Rule
    from hongyan.store.rules import Effect
    from hongyan.store.types import Advance

COMMAND_SECONDS: Final = 60.0
_HOPS: Final = 20  # a message that was received so often goes round in circles (RFC 5321 §6.3)
_HEAD: Final = 65_536
_TOGETHER: Final = 1000  # found between two tellings of how far it is


@dataclass(frozen=True, slots=True)
class Errand:
    """A command to run with a message on its standard input, once the transaction is over."""

    command: str
    message_id: str


def effect(rule: Rule, marks: Marks, places: Places) -> Effect:
    """Return what ``rule`` changes of a message.

    Actions about a mailbox of another account do nothing.
    """
    keywords, into = set(marks.keywords), set(marks.mailbox_ids)
    for action in rule.actions:
        is_trash = action.do is Do.TRASH
        target = places.of(marks.account_id, Role.TRASH) if is_trash else action.value
        if action.do is Do.MARK:
            keywords.add(action.value.lower())
        elif action.do is Do.UNMARK:
            keywords.discard(action.value.lower())
        elif not places.has(marks.account_id, target):
            continue
        elif action.do is Do.COPY:
            into.add(target)
        else:
            into = {target}
    return difference(marks, keywords, into)


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
        self._history = History(store)
        self._clock = clock
        self._tell = tell

    # -- over history

    def preview(self, rule: Rule, *, limit: int = SHOWN, advance: Advance = silently) -> Preview:
        """Return what ``rule`` would change; nothing is. Raises `InvalidArgument`."""
        check(rule)
        wanted = self._wanted(rule)
        return self._history.preview(
            self._matched(rule, advance), wanted, limit=limit, advance=advance
        )

    def apply(self, rule: Rule, *, advance: Advance = silently) -> Applied:
        """Do it, all or nothing. Raises `InvalidArgument`, `StoreError`."""
        check(rule)
        with self._store.transaction():
            matched, wanted = self._matched(rule, advance), self._wanted(rule)
            return self._history.apply(rule.name, matched, wanted, advance=advance)

    def undo(self, run_id: str) -> int:
        """See `History.undo`."""
        return self._history.undo(run_id)

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
        (marks,) = self._store.messages.marks([message_id])
        if found := effect(rule, marks, Places(self._store)):
            self._history.put(marks, found)
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

    def _matched(self, rule: Rule, advance: Advance) -> list[str]:
        """Return what a rule matches, read to its end before anything is changed.

        No half of a letter is judged.
        """
        found: list[str] = []
        halves = self._store.messages.halves()
        for id_ in self._store.search.ids(rule.query):
            if id_ not in halves:
                found.append(id_)
            if len(found) % _TOGETHER == 0:
                advance(len(found), 0, 0, 0)
        if rule.account_ids is None:
            return found
        owners = self._store.messages.accounts(found)
        return [id_ for id_ in found if owners.get(id_) in rule.account_ids]

    def _wanted(self, rule: Rule) -> Wanted:
        places = Places(self._store)
        return lambda marks: effect(rule, marks, places)

    def _get(self, message_id: str) -> Email:
        return self._store.messages.get(message_id)


def _is_for(rule: Rule, account_id: str) -> bool:
    return rule.account_ids is None or account_id in rule.account_ids
