"""How long something is left alone after each kind of trouble, and what one is told meanwhile."""

from __future__ import annotations

import pytest

from hongyan.errors import (
    AuthenticationRefused,
    Busy,
    ConnectFailed,
    HongyanError,
    ProtocolError,
    Refused,
    StoreError,
    TimedOut,
    TLSFailed,
    Unsafe,
)
from hongyan.sync.activity import Doing
from hongyan.sync.schedule import INTERVAL, Schedule

MINUTE, HOUR = 60, 3600


@pytest.mark.parametrize(
    ("error", "state", "pauses"),
    [
        (ConnectFailed("no way"), Doing.WAITING, [30, 60, 120, 300, 600, 1800, 1800]),
        (TimedOut("silence"), Doing.WAITING, [30, 60, 120, 300, 600, 1800, 1800]),
        (Refused("busy", code="IN-USE", temporary=True), Doing.WAITING, [30, 60, 120]),
        (AuthenticationRefused("for now", temporary=True), Doing.WAITING, [30, 60, 120]),
        (TLSFailed("expired"), Doing.FAILED, [5 * MINUTE, 15 * MINUTE, HOUR, HOUR]),
        (AuthenticationRefused("wrong"), Doing.FAILED, [HOUR, 4 * HOUR, 4 * HOUR]),
        (Refused("go away", code="550"), Doing.FAILED, [5 * MINUTE, 15 * MINUTE, HOUR]),
        (ProtocolError("what?"), Doing.FAILED, [5 * MINUTE, 15 * MINUTE, HOUR]),
        (Busy("hongyan sync is at it"), Doing.WAITING, [30, 60, 120]),
        (StoreError("the disk is full"), Doing.FAILED, [30, 60, 120]),
        (Unsafe("in clear"), Doing.FAILED, [HOUR, 4 * HOUR]),
    ],
)
def test_pauses_grow_by_what_went_wrong(
    error: HongyanError, state: Doing, pauses: list[int]
) -> None:
    schedule = Schedule(lambda: 0.0)
    found = [schedule.failed(error) for _ in pauses]
    assert [each.seconds for each in found] == pauses
    assert {each.state for each in found} == {state}
    assert {each.words for each in found} == {str(error)}


def test_a_defect_is_told_by_its_kind_alone_since_its_words_may_hold_anything() -> None:
    pause = Schedule(lambda: 0.0).failed(ValueError("s3cret"))
    assert (pause.state, pause.words) == (Doing.FAILED, "ValueError")
    assert "report" in pause.remedy


def test_success_and_forgiveness_begin_anew() -> None:
    for again in (Schedule.done, Schedule.forgive):
        schedule = Schedule(lambda: 0.5)
        for _ in range(5):
            schedule.failed(ConnectFailed(""))
        again(schedule)
        assert schedule.failed(ConnectFailed("")).seconds == pytest.approx(31.5)


@pytest.mark.parametrize(("random", "factor"), [(0.0, 0.9), (0.5, 1.0), (1.0, 1.1)])
def test_visits_vary_by_a_tenth(random: float, factor: float) -> None:
    assert Schedule(lambda: random).done().seconds == pytest.approx(INTERVAL * factor)
