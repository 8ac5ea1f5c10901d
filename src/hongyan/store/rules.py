"""The person's rules in their order, and what each application of one changed.

What is noted of an application is a difference for each message, not a copy of before: undoing it
leaves alone what the person has changed since. What somebody changed by hand in one go is noted
likewise, for a while.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hongyan.errors import InvalidArgument
from hongyan.store.database import fetch
from hongyan.store.folding import storable
from hongyan.store.rule import Action, Do, Rule, check
from hongyan.store.times import milliseconds, moment
from hongyan.store.types import nothing_like, row_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    import apsw

    from hongyan.store.database import Database


@dataclass(frozen=True, slots=True)
class Effect:
    """What became different of a message: keywords, and mailboxes by id.

    ``made_mailboxes`` did not exist before; ``named_mailboxes`` had not their role.
    """

    added_keywords: frozenset[str] = frozenset()
    removed_keywords: frozenset[str] = frozenset()
    added_mailboxes: frozenset[str] = frozenset()
    removed_mailboxes: frozenset[str] = frozenset()
    made_mailboxes: frozenset[str] = frozenset()
    named_mailboxes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self != Effect()

    def json(self) -> str:
        """Return it as it is stored."""
        return json.dumps([sorted(each) for each in self._parts()])

    def _parts(self) -> tuple[frozenset[str], ...]:
        return (
            self.added_keywords,
            self.removed_keywords,
            self.added_mailboxes,
            self.removed_mailboxes,
            self.made_mailboxes,
            self.named_mailboxes,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """An application of a rule, or a change by hand, which can be undone.

    ``name`` is the rule's, or what was done; ``messages`` is of how many something is left.
    """

    id: str
    name: str
    at: datetime
    messages: int
    by_hand: bool


class Rules:
    """The rules of the profile."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def list(self) -> tuple[Rule, ...]:
        """Return all rules in their order."""
        with self._database.read() as db:
            return tuple(map(_rule, fetch(db, f"{_SELECT} ORDER BY position, id")))

    def get(self, rule_id: str) -> Rule:
        """Return one rule. Raises `NotFound`."""
        with self._database.read() as db:
            for row in fetch(db, f"{_SELECT} WHERE id = ?", (row_number("r", rule_id),)):
                return _rule(row)
        raise nothing_like("r", rule_id)

    def add(self, rule: Rule) -> Rule:
        """Add a rule behind all others; return it with its id. Raises `InvalidArgument`."""
        check(rule)
        with self._database.write() as db:
            ((row,),) = fetch(
                db,
                "INSERT INTO rules (name, enabled, query, accounts, actions, stop, position) "
                "VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM rules)) "
                "RETURNING id",
                _values(rule),
            )
        return replace(rule, id=f"r{row}")

    def update(self, rule: Rule) -> None:
        """Replace the rule of that id. Raises `InvalidArgument`, `NotFound`."""
        check(rule)
        with self._database.write() as db:
            self.get(rule.id)
            db.execute(
                "UPDATE rules SET name = ?, enabled = ?, query = ?, accounts = ?, actions = ?, "
                "stop = ? WHERE id = ?",
                (*_values(rule), row_number("r", rule.id)),
            )

    def remove(self, rule_id: str) -> None:
        """Remove a rule; what it did stays, and can still be undone. Raises `NotFound`."""
        with self._database.write() as db:
            self.get(rule_id)
            db.execute("DELETE FROM rules WHERE id = ?", (row_number("r", rule_id),))

    def arrange(self, rule_ids: Sequence[str]) -> None:
        """Put all rules into this order. Raises `InvalidArgument` unless each is named once."""
        with self._database.write() as db:
            if sorted(rule_ids) != sorted(rule.id for rule in self.list()):
                raise InvalidArgument("order", "does not name each rule once")
            db.executemany(
                "UPDATE rules SET position = ? WHERE id = ?",
                [(place, row_number("r", each)) for place, each in enumerate(rule_ids, 1)],
            )

    # -- what was done

    def note(self, name: str, effects: Mapping[str, Effect], *, by_hand: bool = False) -> str:
        """Note what an application of a rule, or a change by hand, did to each message.

        Returns the run's id. Of the changes by hand the last few are kept.
        """
        with self._database.write() as db:
            ((run,),) = fetch(
                db,
                "INSERT INTO rule_runs (name, at, by_hand) VALUES (?, ?, ?) RETURNING id",
                (storable(name), milliseconds(self._clock()), by_hand),
            )
            db.execute(_FORGET_OLD, (_KEPT,))
            db.executemany(
                "INSERT INTO rule_effects VALUES (?, ?, ?)",
                [(run, row_number("m", id_), effect.json()) for id_, effect in effects.items()],
            )
        return f"u{run}"

    def runs(self) -> tuple[Run, ...]:
        """Return the applications that can be undone, the newest first."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT id, name, at, (SELECT count(*) FROM rule_effects WHERE run = r.id), "
                "by_hand FROM rule_runs AS r ORDER BY id DESC",
            )
        return tuple(
            Run(f"u{row}", name, moment(at), count, bool(by_hand))
            for row, name, at, count, by_hand in rows
        )

    def effects(self, run_id: str) -> Iterator[tuple[str, Effect]]:
        """Yield the messages of a run with what became different of each. Raises `NotFound`."""
        run = row_number("u", run_id)
        with self._database.read() as db:
            if not db.execute("SELECT 1 FROM rule_runs WHERE id = ?", (run,)).get:
                raise nothing_like("u", run_id)
            rows = fetch(
                db,
                "SELECT message, effect FROM rule_effects WHERE run = ? ORDER BY message",
                (run,),
            )
        for message, effect in rows:
            yield f"m{message}", Effect(*map(frozenset, json.loads(effect)))

    def forget(self, run_id: str) -> None:
        """Forget a run: it can be undone no more, or has been."""
        with self._database.write() as db:
            db.execute("DELETE FROM rule_runs WHERE id = ?", (row_number("u", run_id),))


_KEPT: Final = 20
_FORGET_OLD: Final = """
    DELETE FROM rule_runs WHERE by_hand AND id NOT IN
        (SELECT id FROM rule_runs WHERE by_hand ORDER BY id DESC LIMIT ?)
"""
_SELECT: Final = "SELECT id, name, enabled, query, accounts, actions, stop FROM rules"


def _values(rule: Rule) -> tuple[apsw.SQLiteValue, ...]:
    return (
        storable(rule.name),
        rule.is_enabled,
        storable(rule.query),
        None if rule.account_ids is None else json.dumps(rule.account_ids),
        json.dumps([(each.do.value, storable(each.value)) for each in rule.actions]),
        rule.stop,
    )


def _rule(row: tuple[Any, ...]) -> Rule:
    number, name, enabled, query, accounts, actions, stop = row
    return Rule(
        id=f"r{number}",
        name=name,
        is_enabled=bool(enabled),
        query=query,
        account_ids=None if accounts is None else tuple(json.loads(accounts)),
        actions=tuple(Action(Do(do), value) for do, value in json.loads(actions)),
        stop=bool(stop),
    )
