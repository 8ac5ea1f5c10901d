"""When a message came: the server's word, else the sender's, never the future."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.store.arrival import arrival

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
RECEIVED = "Received: from a by b for <c@d.example>; {}\r\n"


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (RECEIVED.format("Fri, 13 Mar 2026 10:00:00 +0100"), at(13, 9)),
        (RECEIVED.format("Fri, 13 Mar 2026 10:00:00 +0100") * 2, at(13, 9)),
        (
            RECEIVED.format("13 Mar 2026 10:00 GMT") + RECEIVED.format("12 Mar 2026 10:00 GMT"),
            at(13, 10),
        ),
        (RECEIVED.format("13 Mar 2026 10:00 GMT") + "Date: 12 Mar 2026 10:00 GMT\r\n", at(13, 10)),
        ("Date: 12 Mar 2026 10:00 GMT\r\n", at(12, 10)),
        (RECEIVED.format("yesterday") + "Date: 12 Mar 2026 10:00 GMT\r\n", at(12, 10)),
        ("Received: by b\r\nDate: 12 Mar 2026 10:00 GMT\r\n", at(12, 10)),
        ("Received: a;b;c; 13 Mar 2026 10:00 GMT\r\n", at(13, 10)),
        ("Date: 15 Mar 2036 10:00 GMT\r\n", NOW),
        (RECEIVED.format("1 Jan 2100 00:00 GMT"), NOW),
        ("Subject: none\r\n", NOW),
        ("", NOW),
    ],
)
def test_when_it_came(head: str, expected: datetime) -> None:
    assert arrival(f"{head}\r\nbody\r\n".encode(), NOW) == expected


@given(st.binary(max_size=200))
def test_any_octets_have_a_time(head: bytes) -> None:
    for octets in (head, b"Received: x;" + head + b"\r\n\r\n", b"Date: " + head):
        assert arrival(octets, NOW) <= NOW
