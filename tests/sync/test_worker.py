"""What a worker does when, by a clock that its rests move."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hongyan.errors import AuthenticationRefused, Cancelled, ConnectFailed
from hongyan.sync.activity import Activities, Activity, Doing
from hongyan.sync.progress import Progress
from hongyan.sync.schedule import Schedule
from hongyan.sync.worker import LONGEST_REST, Bell, Task, Worker
from hongyan.sync.workers import SystemClock, Workers
from tests.sync.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hongyan.sync.progress import Report


@dataclass
class Life:
    """A worker that lives in the test's thread: each rest is over at once, on the clock alone.

    ``rests`` says what happens in each rest: None, it lasts; or something to be called, and then
    the watch was rung. When there is none left, the worker is stopped.
    """

    rests: list[Callable[[], None] | None]
    clock: FakeClock = field(default_factory=FakeClock)
    published: list[Activity] = field(default_factory=list)
    visits: list[float] = field(default_factory=list)
    sendings: list[float] = field(default_factory=list)
    rested: list[float] = field(default_factory=list)
    troubles: dict[int, Exception] = field(default_factory=dict)
    due: datetime | None = None
    cancelled: int = 0

    def __post_init__(self) -> None:
        self.began = self.clock.seconds
        self.worker = Worker(
            "a1",
            [
                Task(self.visit, Schedule(lambda: 0.5)),
                Task(self.send, Schedule(lambda: 0.5), regular=False, due=lambda: self.due),
            ],
            publish=self.published.append,
            watch=self,
            clock=self.clock,
            cancel=self.cancel,
        )

    def visit(self, report: Report) -> None:
        self.visits.append(self.clock.seconds - self.began)
        report(Progress("Fetching", 1, 1))
        if error := self.troubles.get(len(self.visits)):
            raise error

    def send(self, report: Report) -> None:
        self.sendings.append(self.clock.seconds - self.began)
        self.due = None

    def cancel(self) -> None:
        self.cancelled += 1

    def wait(self, seconds: float) -> bool:
        self.rested.append(seconds)
        if not self.rests:
            self.worker.stop()
            return False
        event = self.rests.pop(0)
        if event is None:
            self.clock.pass_(seconds)
            return False
        event()
        return True

    def wake(self) -> None:
        """Is called by `Worker.wake`; the rest is over anyway."""

    def run(self) -> Life:
        self.worker.run()
        return self


def test_it_visits_at_every_interval() -> None:
    life = Life([None, None, None]).run()
    assert life.visits == [0, 300, 600, 900]
    assert life.sendings == []
    assert [each.state for each in life.published[:2]] == [Doing.SYNCING, Doing.IDLE]
    assert life.published[1].next_at == FakeClock().day + timedelta(seconds=300)


def test_it_backs_off_and_says_what_it_waits_for_and_until_when() -> None:
    life = Life([None] * 4)
    life.troubles = dict.fromkeys((1, 2, 3), ConnectFailed("the server is away"))
    life.run()
    assert life.visits == pytest.approx([0, 31.5, 94.5, 220.5, 520.5])
    waiting = [each for each in life.published if each.state is Doing.WAITING]
    assert {each.words for each in waiting} == {"the server is away"}
    assert waiting[0].next_at == FakeClock().day + timedelta(seconds=31.5)
    assert life.published[-1].state is Doing.IDLE


def test_a_wrong_password_is_not_hammered() -> None:
    life = Life([None] * 6)
    life.troubles = dict.fromkeys(range(1, 99), AuthenticationRefused("wrong"))
    life.run()
    assert life.visits == pytest.approx([0, 3780])
    assert max(life.rested) <= LONGEST_REST


def test_mail_that_is_due_goes_out_although_nothing_can_be_fetched() -> None:
    life = Life([None] * 2)
    life.troubles = {1: ConnectFailed("away"), 2: ConnectFailed("away")}
    life.due = life.clock.day + timedelta(seconds=10)
    life.run()
    assert life.sendings == [10]
    assert life.visits == pytest.approx([0, 31.5])


def test_waking_forgets_every_pause() -> None:
    life = Life([])
    life.rests = [None, None, None, life.worker.wake, None]
    life.troubles = dict.fromkeys(range(1, 9), ConnectFailed("away"))
    life.run()
    assert life.visits == pytest.approx([0, 31.5, 94.5, 220.5, 220.5, 252.0])


def test_a_ring_of_the_server_brings_a_visit_and_no_sending() -> None:
    life = Life([lambda: None]).run()
    assert life.visits == [0, 0]
    assert life.sendings == []


def test_a_defect_in_one_visit_does_not_end_the_worker() -> None:
    life = Life([None] * 3)  # two rests of the longest, and the rest of an hour
    life.troubles = {1: ZeroDivisionError()}
    life.run()
    assert len(life.visits) == 2
    assert life.published[1].words == "ZeroDivisionError"


@pytest.mark.parametrize(
    "then",
    [
        lambda now: now - timedelta(days=3650),
        lambda now: now - timedelta(days=1),
        lambda now: now - timedelta(hours=1),  # a clock in local time, at the end of summer
        lambda now: now + timedelta(hours=1),
        lambda now: now + timedelta(days=3650),
        lambda _: datetime(1970, 1, 1, tzinfo=UTC),
    ],
    ids=["ten years back", "a day back", "an hour back", "an hour on", "ten years on", "1970"],
)
def test_a_changed_clock_starts_no_storm_and_stops_nothing(
    then: Callable[[datetime], datetime],
) -> None:
    life = Life([])

    def change() -> None:
        life.clock.day = then(life.clock.day)
        life.clock.pass_(LONGEST_REST)

    life.rests = [None, change, None, None]
    life.run()
    assert life.visits == [0, 300, 300 + LONGEST_REST, 600 + LONGEST_REST, 900 + LONGEST_REST]


def test_what_was_cancelled_is_no_trouble() -> None:
    life = Life([None])
    life.troubles = {1: Cancelled("")}
    life.run()
    assert life.published[1].state is Doing.IDLE


# -- all of them, in threads of their own


def busy(report: Report) -> None:
    """A visit that ends by itself at once."""


def gang(
    accounts: list[str],
    hired: list[Worker],
    clock: FakeClock | SystemClock,
    untold: Sequence[str] = (),
) -> Workers:
    activities = Activities()

    def hire(account_id: str) -> Worker:
        task = Task(busy, Schedule(lambda: 0.5))
        hired.append(
            Worker(
                account_id,
                [task],
                publish=activities.publish,
                watch=Bell(),
                clock=clock,
                cancel=lambda: None,
            )
        )
        return hired[-1]

    return Workers(
        lambda: accounts, hire, untold=lambda: untold, activities=activities, clock=clock
    )


def test_what_was_changed_here_is_gathered_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hongyan.sync.worker.GATHERING", 0.05)
    visits: list[float] = []

    def visit(_report: Report) -> None:
        visits.append(time.monotonic())

    def hired(name: str) -> Worker:
        """One whose server keeps flags, and one whose server does not."""
        task = Task(visit, Schedule(lambda: 0.5), tells=name == "imap")
        return Worker(
            name,
            [task],
            publish=lambda _: None,
            watch=Bell(),
            clock=SystemClock(),
            cancel=lambda: None,
        )

    for name, told in (("imap", 2), ("pop3", 1)):
        visits.clear()
        worker = hired(name)
        worker.start()
        while not visits:
            time.sleep(0.01)
        for _ in range(50):
            worker.tell_soon()
        time.sleep(0.4)
        worker.stop()
        assert worker.join(2)
        assert len(visits) == told


def test_workers_come_and_go_with_the_accounts() -> None:
    accounts, hired = ["a1", "a2"], list[Worker]()
    workers = gang(accounts, hired, SystemClock())
    workers.start()
    accounts[:] = ["a2", "a3"]
    workers.beat()
    assert [each.account_id for each in hired] == ["a1", "a2", "a3"]
    assert hired[0].join(5), "dismissed"
    began = time.monotonic()
    workers.stop()
    assert time.monotonic() - began < 2
    assert all(each.join(0) for each in hired)


def test_a_sleep_is_noticed_and_a_slow_clock_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, woken = FakeClock(), list[str]()
    monkeypatch.setattr(Worker, "wake", lambda worker: woken.append(worker.account_id))
    monkeypatch.setattr(Worker, "start", lambda _: None)
    workers = gang(["a1", "a2"], [], clock)
    workers.keep_to_accounts()
    clock.pass_(60)
    workers.beat()
    clock.pass_(60)
    clock.sleep(5)  # a clock that was set right
    workers.beat()
    clock.day -= timedelta(days=1)
    workers.beat()
    assert woken == []
    clock.sleep(8 * 3600)
    workers.beat()
    workers.beat()
    assert woken == ["a1", "a2"]


def test_a_beat_has_told_what_other_programs_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[str]()
    monkeypatch.setattr(Worker, "tell_soon", lambda worker: told.append(worker.account_id))
    monkeypatch.setattr(Worker, "start", lambda _: None)
    workers = gang(["a1", "a2"], [], FakeClock(), untold=["a2"])
    workers.beat()
    assert told == ["a2"]


def test_one_that_hangs_does_not_keep_the_rest_from_ending() -> None:
    hired = list[Worker]()
    workers = gang(["a1"], hired, SystemClock())
    forever = threading.Event()

    def hang(_: Report) -> None:
        forever.wait(20)

    workers.keep_to_accounts()
    stuck = Worker(
        "a2",
        [Task(hang, Schedule(lambda: 0.5))],
        publish=lambda _: None,
        watch=Bell(),
        clock=SystemClock(),
        cancel=lambda: None,
    )
    workers._workers["a2"] = stuck
    stuck.start()
    began = time.monotonic()
    workers.stop()
    assert time.monotonic() - began < 2
    assert hired[0].join(0)
    forever.set()
    assert stuck.join(5)
