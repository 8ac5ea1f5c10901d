"""Progress as data: who is told what, speed, time left."""

from __future__ import annotations

from hongyan.sync.activity import Activities, Activity, Doing, Meter
from hongyan.sync.progress import Progress
from tests.sync.clock import FakeClock


def test_the_hub_keeps_the_latest_of_each_account_and_tells_who_listens() -> None:
    hub, heard = Activities(), list[Activity]()
    unsubscribe = hub.subscribe(heard.append)
    first, second, other = (
        Activity(account_id="a1", state=Doing.SYNCING),
        Activity(account_id="a1", state=Doing.IDLE),
        Activity(account_id="a2", state=Doing.FAILED),
    )
    for each in (first, second):
        hub.publish(each)
    unsubscribe()
    unsubscribe()
    hub.publish(other)
    assert heard == [first, second]
    assert hub.latest() == (second, other)
    hub.forget("a1")
    assert hub.latest() == (other,)


def test_speed_and_time_left_are_those_of_the_last_seconds() -> None:
    clock, heard = FakeClock(), list[Activity]()
    meter = Meter("a1", heard.append, monotonic=clock.monotonic)
    for second in range(31):  # ten times as quick after the first ten seconds
        done = second * 100 if second <= 10 else 1000 + (second - 10) * 1000
        meter(Progress("Fetching", second, 40, done, 31_000))
        clock.pass_(1)
    assert heard[0].seconds_left is None
    assert heard[5].per_second == 100
    assert heard[-1].per_second == 1000
    assert heard[-1].seconds_left == 10
    assert {each.state for each in heard} == {Doing.SYNCING}


def test_what_comes_quickly_is_told_ten_times_a_second_and_the_end_always() -> None:
    clock, heard = FakeClock(), list[Activity]()
    meter = Meter("a1", heard.append, monotonic=clock.monotonic)
    meter(Progress("Connecting"))
    for number in range(1, 1001):
        meter(Progress("Sending", number, 1000))
        clock.pass_(0.001)
    assert [each.state for each in heard[:2]] == [Doing.CONNECTING, Doing.SENDING]
    assert len(heard) <= 13
    assert heard[-1].done == 1000
