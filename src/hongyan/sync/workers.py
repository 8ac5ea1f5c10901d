"""All workers of a profile: started, stopped and woken together, one for each account there is.

A pulse, once a minute for all of them, notices what no worker sees: that the machine has slept (the
clock of the day went on, the other one did not), that accounts came or went, and that another
program changed something of which a server is to be told.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from hongyan.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.sync.activity import Activities
    from hongyan.sync.worker import Clock, Worker

PULSE: Final = 60.0  # seconds
SLEPT: Final = 10.0  # seconds that the clocks may drift apart before it was a sleep
STOP_WITHIN: Final = 1.5  # seconds


class SystemClock:
    """The clocks of the machine; see `worker.Clock`."""

    def now(self) -> datetime:
        """Return the time of now in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that the machine was awake."""
        return time.monotonic()


class Workers:
    """The workers; ``accounts`` gives the ids of now, ``hire`` makes a worker for one.

    ``untold`` gives the ids of those whose server has something to hear that nobody told of.
    """

    def __init__(
        self,
        accounts: Callable[[], Iterable[str]],
        hire: Callable[[str], Worker],
        *,
        untold: Callable[[], Iterable[str]],
        activities: Activities,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._untold = untold
        self._hire = hire
        self._activities = activities
        self._clock = clock
        self._lock = threading.Lock()
        self._workers: dict[str, Worker] = {}
        self._ended = threading.Event()
        self._before = (clock.now(), clock.monotonic())
        self._thread = threading.Thread(target=self._pulse, name="pulse", daemon=True)

    def start(self) -> None:
        """Start a worker for each account."""
        self.keep_to_accounts()
        self._thread.start()

    def stop(self) -> None:
        """Stop all of them, within `STOP_WITHIN` together; one that hangs is left behind."""
        self._ended.set()
        with self._lock:
            workers, self._workers = list(self._workers.values()), {}
        _dismiss(workers)

    def wake(self, account_id: str | None = None) -> None:
        """Have the work of an account, or of all, done now."""
        with self._lock:
            for worker in self._workers.values():
                if account_id in (None, worker.account_id):
                    worker.wake()

    def tell_soon(self, account_id: str) -> None:
        """Have an account's server told what was changed here, in a moment."""
        with self._lock:
            worker = self._workers.get(account_id)
        if worker is not None:
            worker.tell_soon()

    def keep_to_accounts(self) -> None:
        """Hire a worker for each new account, and dismiss those whose account is gone."""
        wanted = set(self._accounts())
        with self._lock:
            if self._ended.is_set():
                return
            gone = [self._workers.pop(each) for each in set(self._workers) - wanted]
            for account_id in sorted(wanted - set(self._workers)):
                self._workers[account_id] = self._hire(account_id)
                self._workers[account_id].start()
        _dismiss(gone)
        for worker in gone:
            self._activities.forget(worker.account_id)

    def beat(self) -> None:
        """Notice what has come since the last beat: a sleep, other accounts, something to tell."""
        (then, mark), (now, here) = self._before, (self._clock.now(), self._clock.monotonic())
        self._before = now, here
        if (now - then).total_seconds() - (here - mark) > SLEPT:
            self.wake()
        self.keep_to_accounts()
        for account_id in self._untold():
            self.tell_soon(account_id)

    def _pulse(self) -> None:
        while not self._ended.wait(PULSE):
            try:
                self.beat()
            except StoreError:  # the store is busy or the disk failed: the workers will say so
                continue


def _dismiss(workers: list[Worker]) -> None:
    for worker in workers:
        worker.stop()
    deadline = time.monotonic() + STOP_WITHIN
    for worker in workers:
        worker.join(max(0.0, deadline - time.monotonic()))
