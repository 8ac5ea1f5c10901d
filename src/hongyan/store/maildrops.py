"""What a POP3 server has of an account, and what of it may go there.

The policy is the person's word; without one a maildrop is left as it is. A message may go only when
it is safely here: its octets are read and compared with their hash at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hongyan.errors import HongyanError, InvalidArgument
from hongyan.store import uidls
from hongyan.store.database import fetch
from hongyan.store.times import milliseconds, moment
from hongyan.store.types import UidlState, row_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hongyan.store.blobs import Blobs
    from hongyan.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What leaves a maildrop: nothing, or what any of these says.

    ``after_days`` since it was fetched (0: at once), ``deleted_here`` what the person has deleted
    here for ever, ``keep_newest`` all but the so many newest.
    """

    after_days: int | None = None
    deleted_here: bool = False
    keep_newest: int | None = None

    @property
    def leaves_all(self) -> bool:
        """Whether the maildrop stays as it is."""
        return self == Policy()


@dataclass(frozen=True, slots=True)
class Known:
    """A message that the account has fetched: what became of it, its size as listed, and when."""

    state: UidlState
    size: int | None
    seen_at: datetime | None


class Maildrops:
    """The maildrops of all accounts."""

    def __init__(self, database: Database, *, blobs: Blobs, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    def policy(self, account_id: str) -> Policy:
        """Return the policy of an account."""
        with self._database.read() as db:
            for days, deleted, newest in fetch(
                db,
                "SELECT after_days, deleted_here, keep_newest FROM pop3_policies WHERE account = ?",
                (row_number("a", account_id),),
            ):
                return Policy(after_days=days, deleted_here=bool(deleted), keep_newest=newest)
        return Policy()

    def set_policy(self, account_id: str, policy: Policy) -> None:
        """Set the policy of an account. Raises `InvalidArgument` for negative numbers."""
        for field in ("after_days", "keep_newest"):
            if (getattr(policy, field) or 0) < 0:
                raise InvalidArgument(field, "is negative")
        with self._database.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO pop3_policies VALUES (?, ?, ?, ?)",
                (
                    row_number("a", account_id),
                    policy.after_days,
                    policy.deleted_here,
                    policy.keep_newest,
                ),
            )

    def known(self, account_id: str) -> dict[str, Known]:
        """Return all that the account has fetched by its identity (`sync.plan`)."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT uidl, state, size, seen_at FROM uidls WHERE account = ?",
                (row_number("a", account_id),),
            )
        return {
            uidls.text(uidl): Known(UidlState(state), size, None if at is None else moment(at))
            for uidl, state, size, at in rows
        }

    def note_listed(self, account_id: str, sizes: Mapping[str, int]) -> None:
        """Note the listed size of messages that have just been fetched, by identity."""
        with self._database.write() as db:
            db.executemany(
                "UPDATE uidls SET size = ?, seen_at = ? "
                "WHERE account = ? AND uidl = ? AND seen_at IS NULL",
                [
                    (size, milliseconds(self._clock()), row_number("a", account_id), octets)
                    for octets, size in ((uidls.octets(each), at) for each, at in sizes.items())
                ],
            )

    def is_safe(self, account_id: str, identity: str) -> bool:
        """Tell whether a message may go: deleted here by the person, or kept here and whole."""
        with self._database.read() as db:
            for state, sha256 in fetch(
                db,
                "SELECT u.state, lower(hex(b.sha256)) FROM uidls AS u "
                "LEFT JOIN messages AS m ON m.id = u.message AND m.whole "
                "LEFT JOIN blobs AS b ON b.id = m.blob WHERE u.account = ? AND u.uidl = ?",
                (row_number("a", account_id), uidls.octets(identity)),
            ):
                return state == UidlState.DELETED_HERE.value or (
                    state == UidlState.STORED.value and self._is_whole(sha256)
                )
        return False

    def _is_whole(self, sha256: str) -> bool:
        try:
            self._blobs.verify(sha256)
        except HongyanError:
            return False
        return True
