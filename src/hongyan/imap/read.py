"""Values of the lexer's tree as numbers, texts, dates, flags and names; the readers' alphabet.

Each raises `ProtocolError` for a value of another shape, and names what it was reading.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from hongyan.errors import ProtocolError
from hongyan.imap import utf7
from hongyan.imap.framing import Streamed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hongyan.imap.lexer import Value

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBERS: Final = {name.upper(): number for number, name in enumerate(MONTHS, 1)}
_DATE: Final = re.compile(
    rb" *(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"
)
_LONGEST_NUMBER: Final = 19  # digits of 63 bits, RFC 7162 §3.1


def octets(value: Value, what: str) -> bytes:
    """Return an atom's or a string's octets."""
    if not isinstance(value, bytes):
        raise ProtocolError(f"the server's {what} is no string")
    return value


def maybe(value: Value, what: str) -> bytes | None:
    """Return a string's octets, or None for NIL."""
    return None if value is None else octets(value, what)


def many(value: Value, what: str) -> list[Value]:
    """Return a list's items."""
    if not isinstance(value, list):
        raise ProtocolError(f"the server's {what} is no list")
    return value


def number(value: Value, what: str) -> int:
    """Return a number of 63 bits at most."""
    digits = octets(value, what)
    if not digits.isdigit() or len(digits) > _LONGEST_NUMBER:
        raise ProtocolError(f"the server's {what} is no number")
    return int(digits)


def text(value: Value, what: str) -> str:
    """Return a string's text: UTF-8, other octets escaped."""
    return octets(value, what).decode("utf-8", "backslashreplace")


def texts(value: Value, what: str) -> tuple[str, ...]:
    """Return the texts of a list of strings; NIL is no text, and so is an atom of that name."""
    return tuple(text(each, what) for each in many(value, what) if each is not None)


def name(value: Value, what: str, *, utf8: bool = False) -> tuple[str, bytes]:
    """Return a mailbox's name and its octets.

    A name that is no modified UTF-7 is taken as UTF-8, which some servers write unasked, and if it
    is none either, its octets are escaped. INBOX has one spelling (RFC 9051 §5.1).
    """
    raw = b"NIL" if value is None else octets(value, what)
    if raw.upper() == b"INBOX":
        return "INBOX", raw
    with suppress(ValueError):
        return (raw.decode() if utf8 else utf7.decode(raw)), raw
    return raw.decode("utf-8", "backslashreplace"), raw


def pairs(values: Sequence[Value], what: str) -> list[tuple[bytes, Value]]:
    """Return names in upper case, each with the value after it."""
    if len(values) % 2:
        raise ProtocolError(f"the server's {what} has a name without a value")
    keys = [b"NIL" if each is None else octets(each, what).upper() for each in values[::2]]
    return list(zip(keys, values[1::2], strict=True))


def date(value: Value, what: str) -> datetime | None:
    """Return an aware date, or None for NIL and for a date that there is not."""
    found = _DATE.fullmatch(octets(value, what)) if value is not None else None
    if not found:
        return None
    month = _MONTH_NUMBERS.get(found[2].decode().upper(), 0)
    offset = timedelta(hours=int(found[8]), minutes=int(found[9]))
    with suppress(ValueError):  # such as the 31st of February, or a zone of 99 hours
        zone = timezone(-offset if found[7] == b"-" else offset)
        hour, minute, second = (int(each) for each in found.group(4, 5, 6))
        return datetime(int(found[3]), month, int(found[1]), hour, minute, second, tzinfo=zone)
    return None


def streamed(value: Value) -> int | None:
    """Return the size of a literal that left in chunks, or None for other values."""
    return value.size if isinstance(value, Streamed) else None
