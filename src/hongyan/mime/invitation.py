"""``text/calendar`` as an invitation to show (RFC 5545, 5546, 6047).

A claim of whoever sent it, like all of a message: nothing is fetched (``ATTACH``), nothing is put
into a calendar. icalendar reads the octets, of a bounded size.
"""

# ruff: noqa: ANN401 - the components of icalendar have no types of their own
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hongyan.mime.html_text import to_text
from hongyan.mime.names import unseen
from hongyan.mime.types import Address

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from hongyan.mime.message import Message
    from hongyan.mime.part import Part

TYPES: Final = frozenset({"text/calendar", "application/ics"})
SIZE_LIMIT: Final = 262_144
ATTENDEE_LIMIT: Final = 1000


@dataclass(frozen=True, slots=True)
class Attendee:
    """Who is asked; ``status`` is PARTSTAT (``ACCEPTED``, ``NEEDS-ACTION`` …), ``role`` ROLE."""

    address: Address
    status: str
    role: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """The first event of a calendar object; texts are plain and on one line save ``description``.

    ``method`` is RFC 5546's (``REQUEST``, ``REPLY`` …; empty if it says none), ``start``
    and ``end`` are dates for whole days; ``recurrence`` is the RRULE as it is written.
    """

    method: str
    uid: str
    sequence: int
    summary: str
    start: datetime | date | None
    end: datetime | date | None
    location: str
    description: str
    organizer: Address | None
    attendees: tuple[Attendee, ...]
    recurrence: str
    status: str


def invitation(message: Message) -> Invitation | None:
    """Return the invitation that ``message`` carries, or None."""
    found = (part for part in message.parts if part.content_type in TYPES and not part.children)
    return next(filter(None, map(read, found)), None)


def read(part: Part) -> Invitation | None:
    """Return the first event in ``part``; None when there is none or it cannot be read."""
    import icalendar

    text = part.text()
    if len(text) > SIZE_LIMIT:
        return None
    try:
        calendar: Any = icalendar.Calendar.from_ical(text)
        event = next(iter(calendar.walk("VEVENT")), None)
        return None if event is None else _invitation(calendar, event, part)
    except Exception:  # noqa: BLE001 - whatever the library says of a stranger's octets
        return None


def _invitation(calendar: Any, event: Any, part: Part) -> Invitation:
    start = event.decoded("DTSTART", None)
    method = _line(calendar.get("METHOD")) or part.parameters.get("method", "")
    rule = event.get("RRULE")
    return Invitation(
        method=method.upper(),
        uid=_line(event.get("UID")),
        sequence=int(event.get("SEQUENCE", 0)),
        summary=_line(event.get("SUMMARY")),
        start=start,
        end=_end(event, start),
        location=_line(event.get("LOCATION")),
        description=_description(event),
        organizer=_address(event.get("ORGANIZER")),
        attendees=_attendees(event.get("ATTENDEE")),
        recurrence=rule.to_ical().decode("utf-8", "replace") if hasattr(rule, "to_ical") else "",
        status=_line(event.get("STATUS")).upper(),
    )


def _end(event: Any, start: datetime | date | None) -> datetime | date | None:
    """Return DTEND, or what DURATION makes of the start (RFC 5545 §3.6.1)."""
    if "DTEND" in event:
        end: datetime | date = event.decoded("DTEND")
        return end
    duration = event.decoded("DURATION", None)
    return start + duration if start and duration else None


def _line(value: object) -> str:
    return unseen(" ".join(str(value).split())) if value is not None else ""


def _description(event: Any) -> str:
    """Return the plain description; Outlook writes HTML where there is none."""
    plain = event.get("DESCRIPTION")
    if plain is not None and str(plain).strip():
        return "\n".join(map(unseen, str(plain).splitlines()))
    html = event.get("X-ALT-DESC")
    return to_text(str(html)) if html is not None else ""


def _attendees(values: Any) -> tuple[Attendee, ...]:
    every: Iterable[Any] = values if isinstance(values, list) else [values]
    found = ((value, _address(value)) for value in list(every)[:ATTENDEE_LIMIT])
    return tuple(
        Attendee(address, _parameter(value, "PARTSTAT"), _parameter(value, "ROLE"))
        for value, address in found
        if address is not None
    )


def _address(value: Any) -> Address | None:
    """Return the mailbox of a ``mailto:`` calendar address (RFC 5545 §3.3.3)."""
    text = _line(value)
    if text[:7].lower() != "mailto:":
        return None
    return Address(_line(value.params.get("CN")) or None, text[7:].strip())


def _parameter(value: Any, name: str) -> str:
    return _line(value.params.get(name)).upper()
