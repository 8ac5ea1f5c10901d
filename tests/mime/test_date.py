"""Dates of any form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime import date


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("Mon, 23 Nov 2026 10:00:00 +0800", "2026-11-23T10:00:00+08:00"),
        ("23 Nov 2026 10:00 +0800 (CST)", "2026-11-23T10:00:00+08:00"),
        ("Mon Nov 23 10:00:00 2026", "2026-11-23T10:00:00+00:00"),
        ("Mon Nov 23 10:00:00 EST 2026", "2026-11-23T10:00:00-05:00"),
        ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00+00:00"),
        ("2026-11-23 10:00:00 +01:00", "2026-11-23T10:00:00+01:00"),
        ("November 23, 2026 4:05 PM", "2026-11-23T16:05:00+00:00"),
        ("Mon, 23-Nov-26 10:00:00 GMT+0200", "2026-11-23T10:00:00+02:00"),
        ("Mon, 23 Nov 2026 10.00.00 -0000", "2026-11-23T10:00:00+00:00"),
        ("Mon, 23 Nov 126 10:00:00 PST", "2026-11-23T10:00:00-08:00"),
        ("Thu, 31 Dec 2026 23:59:60 GMT", "2026-12-31T23:59:59+00:00"),
        ("Mon, 31 Feb 2026 10:00:00", None),
        ("99 Nov 2026 10:00", None),
        ("Mon, 1 Jan 0001 00:00:00 +1200", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("", None),
        ("yesterday", None),
    ],
)
def test_dates(value: str, iso: str | None) -> None:
    found = date.parse(value)
    assert (found.isoformat() if found else None) == iso


@given(
    st.integers(-(5 * 10**8), 10**10).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.integers(-14 * 60, 14 * 60),
)
def test_dates_of_the_standard_library_come_back(moment: datetime, offset: int) -> None:
    from email.utils import format_datetime

    aware = moment.astimezone(timezone(timedelta(minutes=offset)))
    assert date.parse(format_datetime(aware).encode()) == aware


@given(st.text(alphabet="0123456789 :,+-()JanFebT/.Zz", max_size=60))
def test_anything_is_a_date_or_none(value: str) -> None:
    found = date.parse(value)
    assert found is None or found.astimezone(UTC).tzinfo is UTC
