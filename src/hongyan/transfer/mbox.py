"""Reading mbox files of any descent: mboxrd, mboxo, Content-Length, and Thunderbird's.

A message begins at a line ``From … 10:00:00 …`` after a blank line or at the file's beginning
(RFC 4155 and `mbox(5)`). A Content-Length that leads exactly to the next such line is believed, and
text within it may then hold such lines. Nothing here raises, and time is linear.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from hongyan.transfer.forms import unquoted, whole_lines, with_crlf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.transfer.forms import Octets

_FROM: Final = re.compile(rb"From [^\n]{0,200}?\d:\d\d[^\n]{0,200}\n")
_BLANK: Final = re.compile(rb"\r?\n\r?\n")
_LENGTH: Final = re.compile(
    rb"^Content-Length:[ \t]*(\d{1,12})[ \t]*\r?$", re.MULTILINE | re.IGNORECASE
)
_HEAD: Final = 65_536


class Span(NamedTuple):
    """Where a message lies in its file; ``raw`` when nothing in it is quoted (mboxcl2)."""

    start: int
    end: int
    raw: bool


def spans(octets: Octets) -> Iterator[Span]:
    """Yield where each message lies, in order."""
    if octets[:5] != b"From ":
        return
    start = octets.find(b"\n") + 1 or len(octets)  # the first line needs no time
    while True:
        told = _told_end(octets, start)
        following = _separator(octets, start if told is None else told, len(octets))
        end = len(octets) if following is None else following.start()
        raw = told is not None and _separator(octets, start, told) is not None
        yield Span(start, _without_blank_line(octets, start, end), raw)
        if following is None:
            return
        start = following.end()


def chunks(octets: Octets, span: Span, *, mboxo: bool) -> Iterator[bytes]:
    """Yield the message's octets with CRLF at its line ends, in whole lines."""
    for chunk in whole_lines(octets, span.start, span.end):
        yield with_crlf(chunk if span.raw else unquoted(chunk, once=mboxo))


def _separator(octets: Octets, at: int, end: int) -> re.Match[bytes] | None:
    """Return the next From line behind a blank one in ``octets[at:end]``."""
    line = _FROM.match(octets, at, end)
    while line is None:
        at = octets.find(b"\nFrom ", at, end) + 1
        if not at:
            return None
        if octets[at - 3 : at].endswith((b"\n\n", b"\n\r\n")):
            line = _FROM.match(octets, at, end)
    return line


def _told_end(octets: Octets, start: int) -> int | None:
    """Return where Content-Length says that the message ends, if a message or the end is there."""
    blank = _BLANK.search(octets, start, start + _HEAD)
    length = _LENGTH.search(octets, start, blank.start() + 1) if blank else None
    if blank is None or length is None:
        return None
    end = blank.end() + int(length[1])
    rest = octets[end : end + 4]
    at = end + len(rest) - len(rest.lstrip(b"\r\n"))
    return at if at == len(octets) or _FROM.match(octets, at) else None


def _without_blank_line(octets: Octets, start: int, end: int) -> int:
    """Return the end of a message without the blank line that parts it from the next."""
    for blank in (b"\r\n", b"\n"):
        before = end - len(blank)
        if before > start and octets[before:end] == blank and octets[before - 1 : before] == b"\n":
            return before
    return end
