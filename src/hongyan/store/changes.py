"""The change counter of each account and what moved it (RFC 8620 §5.2).

Every mutation calls `ChangeLog.record` inside its own transaction: one bump of the counter, one
row for each object. Only an object's last event is kept, so the log grows with the mail alone.

The state of a kind is the counter at its last change: ``57``. Within a change of many objects
``57.m9`` is a state too: what is left of change 57 comes after the object m9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.store.database import fetch
from hongyan.store.times import milliseconds
from hongyan.store.types import Changes, Kind, nothing_like, row_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    import apsw

    from hongyan.store.database import Database


_STATE: Final = re.compile(r"([0-9]{1,18})(?:\.[a-z]([0-9]{1,18}))?")
_AFTER_ALL: Final = 2**62  # above every id's number


class Event(Enum):
    """What happened to an object."""

    __hash__ = object.__hash__  # one of each there is; Enum would hash its name, in Python

    CREATED = "created"
    UPDATED = "updated"
    DESTROYED = "destroyed"


Touched: TypeAlias = tuple[Kind, str, Event]


class ChangeLog:
    """The counters and the log."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def record(self, db: apsw.Connection, account: int, touched: Iterable[Touched]) -> None:
        """Bump the account's counter and note what was touched, in the caller's transaction."""
        ((state,),) = fetch(
            db, "UPDATE accounts SET state = state + 1 WHERE id = ? RETURNING state", (account,)
        )
        now = milliseconds(self._clock())
        db.executemany(
            """
            INSERT INTO changes (account, kind, id, created, changed, destroyed, at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET
                created = iif(excluded.created, excluded.created, created),
                changed = excluded.changed, destroyed = excluded.destroyed, at = excluded.at
            """,
            [
                (
                    account,
                    kind.letter,
                    int(id_[1:]),
                    state if event is Event.CREATED else 0,
                    state,
                    event is Event.DESTROYED,
                    now,
                )
                for kind, id_, event in touched
            ],
        )

    def state(self, account_id: str, kind: Kind | None = None) -> str:
        """Return the state string of an account, or of one kind in it. Raises `NotFound`."""
        with self._database.read() as db:
            number, now, oldest = _account(db, account_id)
            return str(now if kind is None else _state_of(db, number, kind, oldest))

    def since(
        self, account_id: str, state: str, kind: Kind, *, limit: int | None = None
    ) -> Changes | None:
        """Return what changed after ``state``, oldest first, at most ``limit`` objects.

        None when it cannot be calculated: the state is unknown, or its log has been pruned.
        Raises `NotFound` for the account.
        """
        with self._database.read() as db, db:  # one view for all its statements
            account, now, oldest = _account(db, account_id)
            old = _Place.parse(state)
            if old is None or not oldest <= old.number <= now:
                return None
            rows = fetch(
                db,
                """
                SELECT kind || id, created, changed, destroyed FROM changes
                WHERE account = ? AND kind = ? AND changed >= ? AND (changed, id) > (?, ?)
                ORDER BY changed, id LIMIT ?
                """,
                (
                    *(account, kind.letter, old.number, old.number, old.id),
                    -1 if limit is None else limit + 1,
                ),
            )
            new = str(_state_of(db, account, kind, oldest))
        return _changes(rows, state, new, limit=limit)

    def kinds_since(self, account_id: str, counter: str) -> dict[Kind, str]:
        """Return the kinds that changed after the account had this counter, each with its state.

        Raises `NotFound` for the account.
        """
        with self._database.read() as db, db:
            number, _, oldest = _account(db, account_id)
            states = {kind: _state_of(db, number, kind, oldest) for kind in Kind}
        return {kind: str(state) for kind, state in states.items() if state > int(counter)}

    def prune(self, before: datetime) -> None:
        """Forget the events older than ``before``; states from then on can still be answered."""
        limit = milliseconds(before)
        with self._database.write() as db:
            db.execute(
                """
                UPDATE accounts SET oldest = max(oldest, coalesce(
                    (SELECT max(changed) FROM changes WHERE account = accounts.id AND at < ?), 0))
                """,
                (limit,),
            )
            db.execute("DELETE FROM changes WHERE at < ?", (limit,))


def _account(db: apsw.Connection, account_id: str) -> tuple[int, int, int]:
    number = row_number("a", account_id)
    for state, oldest in db.execute("SELECT state, oldest FROM accounts WHERE id = ?", (number,)):
        return number, state, oldest
    raise nothing_like("a", account_id)


def _state_of(db: apsw.Connection, account: int, kind: Kind, oldest: int) -> int:
    ((state,),) = fetch(
        db,
        "SELECT max(changed) FROM changes WHERE account = ? AND kind = ?",
        (account, kind.letter),
    )
    return max(state or 0, oldest)


@dataclass(frozen=True, slots=True)
class _Place:
    """A state taken apart: a change, and the last object of it that is known (none: all are)."""

    number: int
    id: int

    @classmethod
    def parse(cls, state: str) -> _Place | None:
        found = _STATE.fullmatch(state)
        return cls(int(found[1]), int(found[2] or _AFTER_ALL)) if found else None

    def is_before(self, number: int, id_: str) -> bool:
        return (self.number, self.id) < (number, int(id_[1:]))


def _changes(
    rows: list[tuple[str, int, int, int]], state: str, new: str, *, limit: int | None
) -> Changes:
    old = _Place.parse(state) or _Place(0, _AFTER_ALL)
    has_more = limit is not None and len(rows) > limit
    if has_more:
        rows = rows[:limit]
        last_id, _, last_number, _ = rows[-1]
        new = f"{last_number}.{last_id}"
    found: dict[Event, list[str]] = {event: [] for event in Event}
    for id_, created, _, destroyed in rows:
        is_new = old.is_before(created, id_)
        if is_new and destroyed:
            continue
        event = Event.DESTROYED if destroyed else Event.UPDATED
        found[Event.CREATED if is_new else event].append(id_)
    return Changes(
        old_state=state,
        new_state=new,
        has_more=has_more,
        created=tuple(found[Event.CREATED]),
        updated=tuple(found[Event.UPDATED]),
        destroyed=tuple(found[Event.DESTROYED]),
    )
