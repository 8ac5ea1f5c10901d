"""Times of strangers, also those at the ends of all time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument
from hongyan.store.arrival import arrival
from hongyan.store.times import milliseconds, moment

ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=ZONES))
def test_every_time_can_be_kept(time: datetime) -> None:
    back = moment(milliseconds(time))
    if 1 < time.year < 9999:
        assert timedelta() <= time - back < timedelta(milliseconds=1)


def test_a_time_without_a_zone() -> None:
    with pytest.raises(InvalidArgument):
        milliseconds(datetime(2026, 1, 1))  # noqa: DTZ001  # that is the point


def test_a_message_from_the_first_day(profile: Any) -> None:
    raw = b"Date: Mon, 1 Jan 0001 00:00:00 +1400\r\n\r\nold"
    id_ = profile.add(raw, received_at=arrival(raw, profile.clock()))
    assert [email.id for email in profile.store.messages.page(profile.inbox.id, limit=9)] == [id_]
    assert profile.found("old") == {id_}


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"Received: a; Mon, 2 Mar 2026 10:00:00 +0000\r\nDate: Sun, 1 Mar 2026 10:00:00 +0000", 2),
        (b"Received: by nobody\r\nDate: Sun, 1 Mar 2026 10:00:00 +0000", 1),
        (b"Date: Sun, 1 Mar 2026 10:00:00 +0000", 1),
        (b"Date: Sun, 1 Mar 2099 10:00:00 +0000", 14),
        (b"", 14),
    ],
)
def test_arrival(profile: Any, head: bytes, expected: int) -> None:
    told = arrival(head + b"\r\n\r\nbody", profile.clock())
    assert told.astimezone(UTC).day == expected
