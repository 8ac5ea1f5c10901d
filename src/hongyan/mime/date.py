"""Dates as mail carries them: RFC 5322 §3.3, its obsolete forms, asctime, ISO 8601 and worse.

`parse` returns an aware `datetime` or None, never raises, and looks at a bounded prefix only. A
zone that nobody knows is UTC (RFC 5322 §4.3).
"""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        start=1,
    )
}
_ZONES: Final = {
    "est": -300,
    "edt": -240,
    "cst": -360,
    "cdt": -300,
    "mst": -420,
    "mdt": -360,
    "pst": -480,
    "pdt": -420,
    "akst": -540,
    "akdt": -480,
    "hst": -600,
    "ast": -240,
    "adt": -180,
    "nst": -210,
    "ndt": -150,
    "brt": -180,
    "wet": 0,
    "west": 60,
    "bst": 60,
    "cet": 60,
    "met": 60,
    "mez": 60,
    "cest": 120,
    "mest": 120,
    "mesz": 120,
    "sast": 120,
    "eet": 120,
    "eest": 180,
    "msk": 180,
    "msd": 240,
    "hkt": 480,
    "sgt": 480,
    "awst": 480,
    "jst": 540,
    "kst": 540,
    "acst": 570,
    "acdt": 630,
    "aest": 600,
    "aedt": 660,
    "nzst": 720,
    "nzdt": 780,
}
_TIME: Final = r"(\d{1,2})\s*[:.]\s*(\d{1,2})(?:\s*[:.]\s*(\d{1,2})(?:[.,]\d+)?)?(\s*[ap]m\b)?"
_ZONE: Final = r"(?:\s*(?:(?:GMT|UTC?)\s*)?([-+]\s?\d{1,2}:?\d{2}\b)|\s*([A-Za-z]{1,5})\w*)?"
_MAIL: Final = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th)?[\s.,-]+([A-Za-z]{3,9}|\d{1,2})[\s.,-]+(\d{2,4})[\s,]+(?:at\s+)?"
    + _TIME
    + _ZONE,
    re.IGNORECASE,
)
_AMERICAN: Final = re.compile(
    r"\b([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4}),?\s+" + _TIME + _ZONE,
    re.IGNORECASE,
)
_ASCTIME: Final = re.compile(
    r"\b([A-Za-z]{3})\s+(\d{1,2})\s+" + _TIME + r"(?:\s+([A-Z]{2,5}|[-+]\d{4}))?\s+(\d{4})\b"
    r"(?:\s*([-+]\d{4}))?"
)
_ISO: Final = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+" + _TIME + _ZONE + ")?")
_USUAL: Final = re.compile(
    rb"\s*+(?:[A-Za-z]{3},\s++)?(\d\d?) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d{4})"
    rb"(?:\s+\([A-Za-z]{1,5}\))?\s*+"
)
_COMMENT_MARK: Final = re.compile(r"\\.|[()]", re.DOTALL)
_SPACES: Final = re.compile(r"\s+")
_LIMIT: Final = 1000


def parse(value: bytes | str | None) -> datetime | None:
    """Return the date and time in ``value``, with its zone, or None if there is none."""
    if not value:
        return None
    octets = value.encode("latin-1", "replace") if isinstance(value, str) else value
    try:
        usual = _USUAL.fullmatch(octets)
        moment = _usual(*usual.groups()) if usual else _read(_one_line(octets.decode("latin-1")))
    except (ValueError, OverflowError):
        return None
    # In the first and the last year there are moments that UTC has no date for.
    return moment if moment is None or MINYEAR < moment.year < MAXYEAR else None


def _usual(*pieces: bytes) -> datetime | None:
    day, month, year, hour, minute, second, zone = pieces
    number = _MONTHS.get(month.decode("ascii").lower())
    if not number:
        return None
    moment = (int(year), number, int(day), int(hour), int(minute), min(int(second), 59))
    return datetime(*moment, tzinfo=_zone(zone.decode("ascii")))


def _one_line(line: str) -> str:
    line = line if len(line) <= _LIMIT else line[-_LIMIT:]
    if "(" in line:
        line = _without_comments(line)
    return _SPACES.sub(" ", line)


def _read(line: str) -> datetime | None:
    if found := _MAIL.search(line):
        day, month, year, *clock, offset, zone = found.groups()
        return _moment(year, month, day, clock, offset or zone)
    if found := _ISO.search(line):
        year, month, day, *clock, offset, zone = found.groups()
        return _moment(year, month, day, clock, offset or zone)
    if found := _ASCTIME.search(line):
        month, day, *clock, zone, year, offset = found.groups()
        return _moment(year, month, day, clock, offset or zone)
    if found := _AMERICAN.search(line):
        month, day, year, *clock, offset, zone = found.groups()
        return _moment(year, month, day, clock, offset or zone)
    return None


def _moment(
    year: str, month: str, day: str, clock: list[str | None], zone: str | None
) -> datetime | None:
    number = int(month) if month.isdigit() else _MONTHS.get(month[:3].lower(), 0)
    if not number:
        return None
    hour, minute, second = (int(piece or 0) for piece in clock[:3])
    if clock[3]:
        hour = hour % 12 + (12 if "p" in clock[3].lower() else 0)
    return datetime(
        _full_year(year), number, int(day), hour, minute, min(second, 59), tzinfo=_zone(zone)
    )


def _full_year(year: str) -> int:
    """Return the year; two and three digits count as RFC 5322 §4.3 says."""
    number = int(year)
    if len(year) == 2:
        return number + (2000 if number < 50 else 1900)
    return number + 1900 if len(year) == 3 else number


@lru_cache(maxsize=256)
def _zone(name: str | None) -> timezone:
    if not name:
        return UTC
    if name[0] in "+-":
        digits = name[1:].replace(":", "").strip().zfill(4)
        minutes = int(digits[:2]) * 60 + int(digits[2:])
        minutes = -minutes if name[0] == "-" else minutes
    else:
        minutes = _ZONES.get(name[:4].lower().rstrip("0123456789"), 0)
    return timezone(timedelta(minutes=minutes)) if minutes and abs(minutes) < 1440 else UTC


def _without_comments(line: str) -> str:
    """Return ``line`` without its comments; one that never ends takes the rest with it."""
    kept: list[str] = []
    depth = 0
    last = 0
    for mark in _COMMENT_MARK.finditer(line):
        if mark[0] == "(":
            if not depth:
                kept.append(line[last : mark.start()])
            depth += 1
        elif mark[0] == ")" and depth:
            depth -= 1
            last = mark.end()
    if not depth:
        kept.append(line[last:])
    return " ".join(kept)
