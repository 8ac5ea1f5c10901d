"""Sending what waits: claim, submit, settle, and nothing twice.

An item is claimed by compare-and-set before anything is said to a server. Just before its content
goes out the journal notes it; from then on a lost line makes it *uncertain*, and an uncertain item
is never sent again by itself (FAULTS, promise D).
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from hongyan import smtp
from hongyan.errors import (
    Cancelled,
    HongyanError,
    InvalidArgument,
    NetworkError,
    NotFound,
    ProtocolError,
    Refused,
    StoreError,
)
from hongyan.store import Outcome, State
from hongyan.store.journal import AHEAD, HOLDS, LONGEST_PAUSE
from hongyan.sync.progress import Progress
from hongyan.sync.sent_copy import SentCopies
from hongyan.sync.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from hongyan.flow import Flow
    from hongyan.net.blocking import BlockingDriver
    from hongyan.sasl import Credentials
    from hongyan.store import Account, Item, Store
    from hongyan.sync.progress import Report

_STATES: Final = {
    smtp.Outcome.SENT: State.SENT,
    smtp.Outcome.DEFERRED: State.DEFERRED,
    smtp.Outcome.REFUSED: State.REFUSED,
    smtp.Outcome.UNCERTAIN: State.UNCERTAIN,
}
# How long to leave a server alone after its n-th "later" (RFC 5321 §4.5.4.1 wants at least this).
_PAUSES: Final = (*(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60)), LONGEST_PAUSE)
_FAILURES: Final = frozenset({smtp.Notify.FAILURE, smtp.Notify.DELAY})


class Sender:
    """One connection for as many items as there are, opened with the first."""

    def __init__(
        self,
        account: Account,
        store: Store,
        *,
        connect: Callable[[], BlockingDriver],
        credentials: Callable[[], Credentials],
        clock: Callable[[], datetime],
        report: Report,
    ) -> None:
        self._account = account
        self._store = store
        self._connect = connect
        self._credentials = credentials
        self._clock = clock
        self._report = report
        self._copies = SentCopies(account, store, clock=clock)
        self._driver: BlockingDriver | None = None
        self._conn: smtp.Connection | None = None

    def deliver(self, only: str | None = None) -> tuple[Item, ...]:
        """Send the item ``only``, or all that are due; return them as they are afterwards.

        Raises what opening the session raises; the item then waits as before.
        """
        settled: list[Item] = []
        try:
            while item := self._store.outbox.claim(only, account_id=self._account.id):
                self._report(Progress("Sending", len(settled)))
                done = self._deliver(item)
                if done.state is not State.QUEUED:  # put back: its time has not come
                    settled.append(done)
                if only:
                    break
        except BaseException:
            self._drop()  # in the middle of something: no farewell, which would have to wait
            raise
        self._leave()
        return tuple(settled)

    def _deliver(self, item: Item) -> Item:
        try:
            self._store.blobs.verify(item.blob_id)
        except (StoreError, NotFound) as error:  # which keeps none of the others waiting
            return self._settle(item, _all(item, State.REFUSED, str(error)))
        try:
            driver, conn = self._session()
        except HongyanError as error:
            self._store.outbox.release(item.id, next_try=self._clock(), words=str(error))
            raise
        if not self._is_time(item, conn):
            return self._store.outbox.put_back(item.id)
        try:
            receipt = driver.run(self._submission(conn, item))
        except (NetworkError, ProtocolError, Cancelled) as error:
            # raised only while the server cannot have accepted it: see `smtp.submit`
            self._drop()
            return self._settle(item, _all(item, State.DEFERRED, str(error)))
        except (Refused, InvalidArgument) as error:
            later = isinstance(error, Refused) and error.temporary
            if conn.state is smtp.State.CLOSED:
                self._drop()
            return self._settle(
                item, _all(item, State.DEFERRED if later else State.REFUSED, str(error))
            )
        if receipt.uncertain or conn.state is smtp.State.CLOSED:
            self._drop()
        elif conn.spent:
            self._leave()
        return self._settle(item, _outcomes(receipt))

    def _session(self) -> tuple[BlockingDriver, smtp.Connection]:
        if self._driver is None or self._conn is None:
            driver = self._connect()
            try:
                server = driver.channel.endpoint
                visit = Visit(self._account, server, self._store, clock=self._clock)
                self._conn = visit.open_smtp(driver, self._credentials())
            except HongyanError:
                driver.close()
                raise
            self._driver = driver
            self._store.learned.set(self._account.id, HOLDS, str(self._holds(self._conn)))
        return self._driver, self._conn

    def _holds(self, conn: smtp.Connection) -> int:
        """Return for how many seconds the server would hold a message (RFC 4865), 0 for not."""
        offered = conn.extensions.future_release
        if offered is None:
            return 0
        return min(offered.seconds, int((offered.until - self._clock()).total_seconds()))

    def _is_time(self, item: Item, conn: smtp.Connection) -> bool:
        """Whether an item can go now: it is due, or the server holds it until it is."""
        left = item.send_at - self._clock() if item.send_at else timedelta(0)
        return left < AHEAD or left <= timedelta(seconds=self._holds(conn))

    def _submission(self, conn: smtp.Connection, item: Item) -> Flow[smtp.Receipt]:
        octets = self._store.blobs.open(item.blob_id)

        def content() -> Iterator[bytes]:
            starts = range(0, len(octets), smtp.BLOCK)
            return (octets[at : at + smtp.BLOCK] for at in starts)

        notify = _FAILURES | {smtp.Notify.SUCCESS} if item.receipts else _FAILURES
        later = item.send_at is not None and item.send_at - self._clock() >= AHEAD
        envelope = smtp.Envelope(
            item.sender,
            item.pending,
            size=len(octets),
            eight_bit=not all(chunk.isascii() for chunk in content()),
            ret=smtp.Ret.HEADERS,
            envid=item.envid,
            options=dict.fromkeys(item.pending, smtp.RecipientOptions(notify)),
            hold_until=item.send_at.astimezone(UTC) if later and item.send_at else None,
        )
        return smtp.submit(
            conn,
            envelope,
            content(),
            before_content=lambda: self._store.outbox.start_content(item.id),
        )

    def _settle(self, item: Item, outcomes: Mapping[str, Outcome]) -> Item:
        deferred = any(each.state is State.DEFERRED for each in outcomes.values())
        pause = _PAUSES[min(item.attempts, len(_PAUSES)) - 1]
        words = next((each.words for each in outcomes.values() if each.words), "")
        with self._store.transaction():
            settled = self._store.outbox.settle(
                item.id,
                outcomes,
                next_try=self._clock() + pause if deferred else None,
                words=words,
            )
            if _first_success(item, settled):
                self._copies.sent(settled)
        return self._store.outbox.get(item.id)

    def _leave(self) -> None:
        if self._driver is not None and self._conn is not None:
            self._driver.run(smtp.quit_(self._conn))
        self._drop()

    def _drop(self) -> None:
        if self._driver is not None:
            self._driver.close()
        self._driver = self._conn = None


def _all(item: Item, state: State, words: str) -> dict[str, Outcome]:
    return {address: Outcome(state, words) for address in item.pending}


def _outcomes(receipt: smtp.Receipt) -> dict[str, Outcome]:
    return {
        each.recipient: Outcome(_STATES[each.outcome], each.words) for each in receipt.deliveries
    }


def _first_success(before: Item, after: Item) -> bool:
    def sent(item: Item) -> bool:
        return any(each.state is State.SENT for each in item.recipients)

    return sent(after) and not sent(before)
