"""``text/calendar``: what it asks, in values to show."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime import Address, parse
from hongyan.mime.invitation import ATTENDEE_LIMIT, SIZE_LIMIT, Invitation, invitation

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
EVENT = """\
BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
UID:1@example.org
SEQUENCE:2
SUMMARY:评审\u202e会议
DTSTART:20261201T090000Z
DURATION:PT90M
LOCATION:Room 1
DESCRIPTION:First line\\nSecond line
ORGANIZER;CN=Ann:mailto:ann@example.org
ATTENDEE;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;CN=Bob:MAILTO:bob@example.org
ATTENDEE:mailto:carol@example.org
ATTENDEE:urn:uuid:0
ATTACH:http://leak.invalid/x
RRULE:FREQ=WEEKLY;COUNT=3
STATUS:CONFIRMED
END:VEVENT
END:VCALENDAR
"""


def of(calendar: str, parameters: str = "") -> Invitation | None:
    return invitation(
        parse(f"Content-Type: text/calendar; charset=utf-8{parameters}\n\n{calendar}".encode())
    )


def test_an_invitation_in_values() -> None:
    found = of(EVENT)
    assert found is not None
    assert (found.method, found.uid, found.sequence) == ("REQUEST", "1@example.org", 2)
    assert (found.summary, found.location) == ("评审会议", "Room 1")
    assert found.description == "First line\nSecond line"
    assert found.start == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert found.end == datetime(2026, 12, 1, 10, 30, tzinfo=UTC)
    assert found.organizer == Address("Ann", "ann@example.org")
    assert [(one.address.email, one.status, one.role) for one in found.attendees] == [
        ("bob@example.org", "ACCEPTED", "REQ-PARTICIPANT"),
        ("carol@example.org", "", ""),
    ]
    assert (found.recurrence, found.status) == ("FREQ=WEEKLY;COUNT=3", "CONFIRMED")
    assert "leak" not in str(found)


def test_whole_days_and_the_method_of_the_part() -> None:
    found = of(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261201\nEND:VEVENT\nEND:VCALENDAR",
        "; method=cancel",
    )
    assert found is not None
    assert (found.method, found.start, found.end) == ("CANCEL", date(2026, 12, 1), None)


@pytest.mark.parametrize(
    "calendar", ["", "BEGIN:VCALENDAR", "BEGIN:VCALENDAR\nEND:VCALENDAR", "x" * (SIZE_LIMIT + 1)]
)
def test_no_event_is_no_invitation(calendar: str) -> None:
    assert of(calendar) is None


def test_attendees_are_capped() -> None:
    many = "".join(f"ATTENDEE:mailto:{n}@e.org\n" for n in range(ATTENDEE_LIMIT + 50))
    found = of(EVENT.replace("ATTENDEE:mailto:carol@example.org\n", many))
    assert found is not None
    assert len(found.attendees) <= ATTENDEE_LIMIT


LINES = EVENT.splitlines(keepends=True)


@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=20)), max_size=30).map("".join))
def test_any_lines_are_read_or_not(calendar: str) -> None:
    found = of(calendar)
    assert found is None or isinstance(found.summary, str)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_the_invitation_of_the_corpus() -> None:
    found = invitation(parse((CORPUS / "postal-mime" / "calendar-event.eml").read_bytes()))
    assert found is not None
    assert found.method
    assert found.start
