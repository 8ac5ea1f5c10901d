"""The server's clock, where its greeting tells: APOP's timestamp, or a date in the banner."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_APOP: Final = re.compile(rb"<[^<>]*\.([0-9]{9,11})[.@][^<>]*>")  # RFC 1939 §7: process, clock
_DATE: Final = re.compile(rb"(\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4})")


def clock_of(greeting: bytes) -> datetime | None:
    """Return what time the server has, to the second, or None when it does not tell."""
    if found := _DATE.search(greeting[:1000]):
        try:
            return datetime.strptime(found[1].decode("ascii"), "%d %b %Y %H:%M:%S %z")
        except ValueError:
            return None
    if found := _APOP.search(greeting[:1000]):
        return datetime.fromtimestamp(int(found[1]), UTC)
    return None
