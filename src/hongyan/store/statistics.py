"""Counting the mail of an account: aggregates by SQL alone, no message is read for them.

What a request costs is bounded: at most `MOST` messages, the newest ones, are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from hongyan.store import wheres
from hongyan.store.columns import addresses_in
from hongyan.store.database import fetch
from hongyan.store.search_index import unit
from hongyan.store.times import milliseconds, moment
from hongyan.store.types import Role, row_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    import apsw

    from hongyan.mime.types import Address
    from hongyan.store.database import Database

MOST: Final = 1_000_000
SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)  # octets
_HOUR: Final = 3_600_000  # milliseconds
_PEOPLE: Final = 1_000
_ANSWERS: Final = 5_000

_OLDEST: Final = """
    SELECT received_at FROM messages WHERE account = ? AND index_row <= ?
    ORDER BY index_row DESC LIMIT 1 OFFSET ?
"""
_FIRST: Final = """
    SELECT received_at FROM messages WHERE account = ? ORDER BY index_row LIMIT 1
"""
_THESE: Final = """
    FROM messages AS m WHERE m.account = ?1 AND m.index_row BETWEEN ?2 AND ?3
        AND m.received_at >= ?4 AND m.received_at < ?5
"""
_IN_MAILBOX: Final = """
    FROM memberships AS p WHERE p.mailbox = ?1 AND p.received_at >= ?2 AND p.received_at < ?3
"""
_ARRIVED: Final = f"""
    SELECT (received_at + ?6) / {_HOUR}, count(*), sum(size),
        {", ".join(f"sum(size <= {size})" for size in SIZES)}
    {_THESE} GROUP BY 1
"""
_WRITTEN: Final = f"SELECT (received_at + ?4) / {_HOUR}, count(*) {_IN_MAILBOX} GROUP BY 1"
_SENDERS: Final = f"""
    SELECT m.from_, count(*), m.id, max(m.index_row), m.received_at
    {_THESE} GROUP BY m.from_ ORDER BY 2 DESC LIMIT {_PEOPLE}
"""
_RECIPIENTS: Final = f"""
    SELECT m.to_, m.cc, count(*) FROM (SELECT p.message {_IN_MAILBOX}) AS p
    CROSS JOIN messages AS m ON m.id = p.message
    GROUP BY 1, 2 ORDER BY 3 DESC LIMIT {_PEOPLE}
"""
# From each answer to the last message before it in its conversation that was not ours.
_ANSWERED: Final = f"""
    SELECT r.from_, s.received_at - r.received_at
    FROM (SELECT m.thread, m.received_at FROM
        (SELECT p.message {_IN_MAILBOX} ORDER BY p.received_at DESC, p.message DESC
            LIMIT {_ANSWERS}) AS p
        CROSS JOIN messages AS m ON m.id = p.message) AS s
    CROSS JOIN messages AS r ON r.id = (
        SELECT o.id FROM messages AS o
        WHERE o.thread = s.thread AND o.received_at < s.received_at AND NOT EXISTS (
            SELECT 1 FROM memberships WHERE message = o.id AND mailbox = ?1)
        ORDER BY o.received_at DESC LIMIT 1)
"""
_BLOBS: Final = """
    SELECT m.id, lower(hex(b.sha256)) FROM messages AS m JOIN blobs AS b ON b.id = m.blob
    WHERE m.id IN (SELECT value FROM json_each(?)) AND m.size < 1000000
"""


@dataclass(frozen=True, slots=True)
class Period:
    """From a time up to, not with, another one."""

    after: datetime
    before: datetime


@dataclass(slots=True)
class Hour:
    """One hour of a zone: what came and what was sent."""

    received: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a number of messages are from, and the newest of them."""

    address: Address
    count: int
    newest: str
    last_at: datetime


@dataclass(slots=True)
class Totals:
    """Messages and octets; ``up_to`` counts those of at most each of `SIZES`."""

    messages: int
    octets: int
    up_to: list[int]


class Statistics:
    """What can be counted of each account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def period(self, account_id: str, after: datetime | None, before: datetime) -> Period:
        """Return the period to count in: from ``after``, or the first message, on.

        It begins later where it would have more than `MOST` messages.
        """
        account = row_number("a", account_id)
        with self._database.read() as db:
            end = unit(milliseconds(before)) + wheres.shift(db)
            found = fetch(db, _OLDEST, (account, end, MOST - 1)) or fetch(db, _FIRST, (account,))
        first = moment(found[0][0]) if found else before
        return Period(min(before, max(first, after) if after else first), before)

    def hours(
        self, account_id: str, period: Period, zone: tzinfo
    ) -> tuple[dict[datetime, Hour], Totals]:
        """Return each hour of the zone in which there was mail, without its offset; and totals."""
        hours: dict[datetime, Hour] = {}
        totals = Totals(0, 0, [0] * len(SIZES))
        for stretch, offset in _stretches(period, zone):
            self._count_hours(hours, totals, account_id, stretch, offset)
        return hours, totals

    def _count_hours(
        self,
        hours: dict[datetime, Hour],
        totals: Totals,
        account_id: str,
        period: Period,
        offset: timedelta,
    ) -> None:
        shift = round(offset.total_seconds() * 1000)
        with self._database.read() as db:
            for number, count, octets, *up_to in fetch(
                db, _ARRIVED, (*_these(db, account_id, period), shift)
            ):
                hours.setdefault(_hour(number), Hour()).received += count
                totals.messages += count
                totals.octets += octets
                totals.up_to = [sum(pair) for pair in zip(totals.up_to, up_to, strict=True)]
            for role in (Role.SENT, Role.DRAFTS):
                for mailbox in _mailboxes(db, account_id, role):
                    for number, count in fetch(db, _WRITTEN, (*_within(mailbox, period), shift)):
                        hour = hours.setdefault(_hour(number), Hour())
                        hour.received -= count
                        hour.sent += count if role is Role.SENT else 0

    def senders(self, account_id: str, period: Period) -> Iterator[Sender]:
        """Yield who most messages are from, most first; one address can come several times."""
        with self._database.read() as db:
            rows = fetch(db, _SENDERS, _these(db, account_id, period))
        for from_, count, row, _, last_at in rows:
            for address in addresses_in(from_)[:1]:
                yield Sender(address, count, f"m{row}", moment(last_at))

    def recipients(self, account_id: str, period: Period) -> Iterator[tuple[Address, int]]:
        """Yield to whom most messages were sent; one address can come several times."""
        with self._database.read() as db:
            for mailbox in _mailboxes(db, account_id, Role.SENT):
                for to, cc, count in fetch(db, _RECIPIENTS, _within(mailbox, period)):
                    yield from ((each, count) for each in (*addresses_in(to), *addresses_in(cc)))

    def answers(self, account_id: str, period: Period) -> Iterator[tuple[Address, float]]:
        """Yield whom the newest answers were to, and after how many seconds."""
        with self._database.read() as db:
            for mailbox in _mailboxes(db, account_id, Role.SENT):
                for from_, took in fetch(db, _ANSWERED, _within(mailbox, period)):
                    yield from ((each, took / 1000) for each in addresses_in(from_)[:1])

    def blobs(self, message_ids: list[str]) -> dict[str, str]:
        """Return the blob ids of messages, large ones left out."""
        rows = f"[{', '.join(str(row_number('m', each)) for each in message_ids)}]"
        with self._database.read() as db:
            return {f"m{row}": sha256 for row, sha256 in fetch(db, _BLOBS, (rows,))}


def _these(db: apsw.Connection, account_id: str, period: Period) -> tuple[int, ...]:
    after, before, shift = milliseconds(period.after), milliseconds(period.before), wheres.shift(db)
    account = row_number("a", account_id)
    return account, unit(after) - shift, unit(before) + shift, after, before


def _within(mailbox: int, period: Period) -> tuple[int, ...]:
    return mailbox, milliseconds(period.after), milliseconds(period.before)


def _mailboxes(db: apsw.Connection, account_id: str, role: Role) -> list[int]:
    sql = "SELECT id FROM mailboxes WHERE account = ? AND role = ?"
    return [row for (row,) in fetch(db, sql, (row_number("a", account_id), role.value))]


def _hour(number: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(hours=number)  # noqa: DTZ001  # of the zone


def _stretches(period: Period, zone: tzinfo) -> Iterator[tuple[Period, timedelta]]:
    """Cut a period where the zone's offset to UTC changes."""
    start, at = period.after, period.after
    while at < period.before:
        following = min(at + timedelta(days=1), period.before)
        if _offset(following, zone) != _offset(at, zone):
            change = _change(at, following, zone)
            yield Period(start, change), _offset(at, zone)
            start = change
        at = following
    if start < period.before:
        yield Period(start, period.before), _offset(start, zone)


def _change(early: datetime, late: datetime, zone: tzinfo) -> datetime:
    """Return when within a day the offset changes, to the second."""
    before = _offset(early, zone)
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        early, late = (middle, late) if _offset(middle, zone) == before else (early, middle)
    return late.replace(microsecond=0)


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(UTC).astimezone(zone).utcoffset() or timedelta()
