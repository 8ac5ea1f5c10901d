"""One account's thread: it visits, sends, rests, and is woken.

Each task has a time of its own at which it is due, on the monotonic clock, so that a changed clock
starts no storm; trouble with one keeps none of the others waiting. A worker rests in its `Watch`: a
bell that others ring, or IMAP's IDLE, which the server rings as well.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from hongyan.errors import Cancelled
from hongyan.sync.activity import Activity, Doing, Meter
from hongyan.sync.schedule import Pause

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hongyan.sync.activity import Take
    from hongyan.sync.progress import Report
    from hongyan.sync.schedule import Schedule

LONGEST_REST: Final = 1740.0  # seconds: IDLE must be said anew within 29 minutes (RFC 2177)
GATHERING: Final = 3.0  # seconds in which changes made here are gathered for one visit
SHORTEST_REST: Final = 1.0  # seconds, so that no mistake about time becomes a busy loop


class Watch(Protocol):
    """What a worker rests in."""

    def wait(self, seconds: float) -> bool:
        """Return after ``seconds``, or early and true when there is something to do."""

    def wake(self) -> None:
        """End `wait` now, or the next one; from any thread."""


class Bell:
    """A watch that only others ring."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def wait(self, seconds: float) -> bool:
        """See `Watch`."""
        rung = self._rung.wait(seconds)
        self._rung.clear()
        return rung

    def wake(self) -> None:
        """See `Watch`."""
        self._rung.set()


class Clock(Protocol):
    """Two clocks: that of the day, and one that only goes forward while the machine is awake."""

    def now(self) -> datetime:
        """Return the aware time of now."""

    def monotonic(self) -> float:
        """Return seconds since some moment."""


def _nothing_due() -> datetime | None:
    return None


@dataclass(slots=True)
class Task:
    """Something done again and again.

    ``regular`` tasks are done at every interval of their schedule, others only when they are
    ``due``: a time, or None while there is nothing to do. ``tells``: by it the server hears
    what was changed here, and soon.
    """

    work: Callable[[Report], None]
    schedule: Schedule
    regular: bool = True
    due: Callable[[], datetime | None] = _nothing_due
    tells: bool = False
    not_before: float = 0.0
    pause: Pause = field(default=Pause(0.0))


class Worker:
    """The worker of one account; ``cancel`` breaks off what its connections are doing."""

    def __init__(
        self,
        account_id: str,
        tasks: Sequence[Task],
        *,
        publish: Take,
        watch: Watch,
        clock: Clock,
        cancel: Callable[[], None],
    ) -> None:
        self.account_id = account_id
        self._tasks = tuple(tasks)
        self._publish = publish
        self._watch = watch
        self._clock = clock
        self._cancel = cancel
        self._gathering: threading.Timer | None = None
        self._stopping = False
        self._asked = False
        self._thread = threading.Thread(
            target=self.run,
            name=f"worker {account_id}",
            daemon=True,  # a DNS query has no end
        )

    # -- from other threads

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def wake(self) -> None:
        """Have everything done now, whatever it waits for."""
        self._asked = True
        self._watch.wake()

    def tell_soon(self) -> None:
        """Visit the server `GATHERING` after the first change made here, if it is to be told."""
        if not any(task.tells for task in self._tasks) or (
            self._gathering and self._gathering.is_alive()
        ):
            return
        self._gathering = threading.Timer(GATHERING, self._watch.wake)
        self._gathering.daemon = True
        self._gathering.start()

    def stop(self) -> None:
        """Have it end as soon as can be; `join` waits for that."""
        self._stopping = True
        if self._gathering:
            self._gathering.cancel()
        self._cancel()
        self._watch.wake()

    def join(self, seconds: float) -> bool:
        """Wait for the end; return whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # -- in its own thread

    def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping:
            self._work()
            if not self._stopping:
                self._rest()

    def _work(self) -> None:
        asked, self._asked = self._asked, False
        for task in self._tasks:
            if asked:
                task.schedule.forgive()
                task.not_before = 0.0
            if not self._stopping and self._seconds_until(task) <= 0:
                task.pause = self._attempt(task)
                task.not_before = self._clock.monotonic() + task.pause.seconds

    def _attempt(self, task: Task) -> Pause:
        meter = Meter(self.account_id, self._publish, monotonic=self._clock.monotonic)
        try:
            task.work(meter)
        except Cancelled:
            return Pause(0.0)
        except Exception as error:  # noqa: BLE001  # one defect must not end an account's mail
            return task.schedule.failed(error)
        done = task.schedule.done()
        return done if task.regular else Pause(0.0)

    def _seconds_until(self, task: Task) -> float:
        """Return how long a task has time."""
        wait = task.not_before - self._clock.monotonic()
        if task.regular:
            return wait
        due = task.due()
        return max(wait, (due - self._clock.now()).total_seconds()) if due else LONGEST_REST

    def _rest(self) -> None:
        seconds = max(SHORTEST_REST, min(self._seconds_until(each) for each in self._tasks))
        self._publish(self._resting(seconds))
        if not self._asked and self._watch.wait(min(seconds, LONGEST_REST)):
            for task in self._tasks:
                if task.regular:
                    task.not_before = 0.0

    def _resting(self, seconds: float) -> Activity:
        """Say how things stand: the worst of the tasks speaks."""
        worst = max((task.pause for task in self._tasks), key=lambda each: _WEIGHT[each.state])
        return Activity(
            account_id=self.account_id,
            state=worst.state,
            words=worst.words,
            remedy=worst.remedy,
            code=worst.code,
            next_at=self._clock.now() + timedelta(seconds=seconds),
        )


_WEIGHT: Final = {Doing.IDLE: 0, Doing.WAITING: 1, Doing.FAILED: 2}
