"""The change counter of each account and what moved it (RFC 8620 §5.2).

Every mutation calls `ChangeLog.record` inside its own transaction: one bump of the counter, one
row for each object. Only an object's last event is kept, so the log grows with the mail alone.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from hongyan.store.database import fetch
from hongyan.store.times import milliseconds
from hongyan.store.types import Changes, Kind, nothing_like, row_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    import apsw

    from hongyan.store.database import Database


class Event(Enum):
    """What happened to an object."""

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
                    kind.value,
                    id_,
                    state if event is Event.CREATED else 0,
                    state,
                    event is Event.DESTROYED,
                    now,
                )
                for kind, id_, event in touched
            ],
        )

    def state(self, account_id: str) -> str:
        """Return the state string of an account. Raises `NotFound`."""
        with self._database.read() as db:
            return str(_account(db, account_id)[1])

    def since(
        self, account_id: str, state: str, kind: Kind, *, limit: int | None = None
    ) -> Changes | None:
        """Return what changed after ``state``, oldest first, at most ``limit`` objects.

        None when it cannot be calculated: the state is unknown, its log has been pruned, or the
        first transaction alone is above the limit.
        Raises `NotFound` for the account.
        """
        with self._database.read() as db:
            account, now, oldest = _account(db, account_id)
            if not (state.isascii() and state.isdecimal() and len(state) < 19):
                return None
            old = int(state)
            if not oldest <= old <= now:
                return None
            rows = fetch(
                db,
                """
                SELECT id, created, changed, destroyed FROM changes
                WHERE account = ? AND kind = ? AND changed > ? AND changed <= ?
                ORDER BY changed LIMIT ?
                """,
                (account, kind.value, old, now, -1 if limit is None else limit + 1),
            )
        return _changes(rows, old, now, limit=limit)

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


def _changes(
    rows: list[tuple[str, int, int, int]], old: int, now: int, *, limit: int | None
) -> Changes | None:
    has_more = limit is not None and len(rows) > limit
    if has_more:
        # What one transaction did has one state and stays together, so the last one is left out.
        cut = rows[-1][2]
        rows = [row for row in rows if row[2] < cut]
        if not rows:
            return None
        now = rows[-1][2]
    found: dict[Event, list[str]] = {event: [] for event in Event}
    for id_, created, _, destroyed in rows:
        if created > old and destroyed:
            continue
        event = Event.DESTROYED if destroyed else Event.UPDATED
        found[Event.CREATED if created > old else event].append(id_)
    return Changes(
        old_state=str(old),
        new_state=str(now),
        has_more=has_more,
        created=tuple(found[Event.CREATED]),
        updated=tuple(found[Event.UPDATED]),
        destroyed=tuple(found[Event.DESTROYED]),
    )
