"""The n-th message of mailboxes, and the place of a message in them, without counting through them.

Each keeps how many messages it has in each span of 64 days and in each day (table ``spans``).
So the way to any place is a walk over spans, over the days of one, and over the messages of a day.
With collapsed threads only the newest message of each thread in the mailbox counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.store.database import fetch

if TYPE_CHECKING:
    import apsw

_DAY: Final = 86_400_000
_MONTHS: Final = 64  # days of the longer span
_END_OF_TIME: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Listing:
    """Mailboxes as one, the newest first; ``collapsed``: one message of each thread.

    Each is of an account of its own, so that no message and no thread is in two of them.
    """

    mailboxes: tuple[int, ...]
    collapsed: bool

    @property
    def _count(self) -> str:
        return "threads" if self.collapsed else "total"

    @property
    def _only(self) -> str:
        return " AND newest = 1" if self.collapsed else ""

    @property
    def _among(self) -> str:
        return f"mailbox IN ({', '.join('?' * len(self.mailboxes))})"

    def total(self, db: apsw.Connection) -> int:
        """Return how many there are."""
        column = "total_threads" if self.collapsed else "total"
        among = self._among.replace("mailbox", "id", 1)
        ((total,),) = fetch(
            db, f"SELECT coalesce(sum({column}), 0) FROM mailboxes WHERE {among}", self.mailboxes
        )
        return int(total)

    def page(self, db: apsw.Connection, *, position: int, limit: int) -> list[int]:
        """Return the rows of ``limit`` messages from a position on, counted from 0."""
        before, rest = self._end_of_day(db, position)
        values = [value for mailbox in self.mailboxes for value in (mailbox, before)]
        return [row for row, _ in fetch(db, self.statement(), (*values, limit, rest))]

    def statement(self) -> str:
        """Return the SQL of a page, which merges the mailboxes as each is in its order.

        To bind: each mailbox and the time before which the page is, LIMIT, OFFSET.
        """
        one = (
            "SELECT message, received_at FROM memberships "
            f"WHERE mailbox = ? AND received_at < ?{self._only}"
        )
        every = " UNION ALL ".join([one] * len(self.mailboxes))
        return f"{every} ORDER BY received_at DESC, message DESC LIMIT ? OFFSET ?"

    def position(self, db: apsw.Connection, message: int) -> int | None:
        """Return how many come before a message; None when it is not among them."""
        rows = fetch(
            db,
            f"SELECT received_at FROM memberships WHERE message = ? AND {self._among}{self._only}",
            (message, *self.mailboxes),
        )
        if not rows:
            return None
        at = int(rows[0][0])
        day, month = _number(at, _DAY), _number(at, _DAY * _MONTHS)
        counts = (
            self._sum(db, _MONTHS, month + 1, _END_OF_TIME),
            self._sum(db, 1, day + 1, _days(month)[1]),
            self._count_of_day(db, at, message, _end(day)),
        )
        return sum(counts)

    def _end_of_day(self, db: apsw.Connection, position: int) -> tuple[int, int]:
        """Return when the day ends that holds a position, and the position within it."""
        month, rest = self._walk(db, _MONTHS, (-_END_OF_TIME, _END_OF_TIME), position)
        if month is None:
            return -_END_OF_TIME, 0
        day, rest = self._walk(db, 1, _days(month), rest)
        return _end(day or 0), rest

    def _walk(
        self, db: apsw.Connection, days: int, numbers: tuple[int, int], position: int
    ) -> tuple[int | None, int]:
        for number, count in db.execute(
            f"SELECT number, sum({self._count}) FROM spans WHERE {self._among} AND days = ? "
            "AND number BETWEEN ? AND ? GROUP BY number ORDER BY number DESC",
            (*self.mailboxes, days, *numbers),
        ):
            if position < count:
                return number, position
            position -= count
        return None, position

    def _sum(self, db: apsw.Connection, days: int, first: int, last: int) -> int:
        ((count,),) = fetch(
            db,
            f"SELECT coalesce(sum({self._count}), 0) FROM spans "
            f"WHERE {self._among} AND days = ? AND number BETWEEN ? AND ?",
            (*self.mailboxes, days, first, last),
        )
        return int(count)

    def _count_of_day(self, db: apsw.Connection, at: int, message: int, end: int) -> int:
        ((count,),) = fetch(
            db,
            f"SELECT count(*) FROM memberships WHERE {self._among} "
            f"AND (received_at, message) > (?, ?) AND received_at < ?{self._only}",
            (*self.mailboxes, at, message, end),
        )
        return int(count)


def _number(at: int, length: int) -> int:
    """Return the number of a span as SQLite divides: towards zero."""
    return at // length if at >= 0 else -(-at // length)


def _end(day: int) -> int:
    """Return the first millisecond after a day."""
    return (day + 1) * _DAY if day >= 0 else day * _DAY + 1


def _days(month: int) -> tuple[int, int]:
    """Return the first and the last day of a longer span."""
    first = month * _MONTHS - (_MONTHS - 1 if month <= 0 else 0)
    last = month * _MONTHS + (_MONTHS - 1 if month >= 0 else 0)
    return first, last
