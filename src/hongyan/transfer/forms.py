"""The forms in which a message lies in a file of others, and the way back to its exact octets.

Mbox and Maildir files of this world have LF at their line ends, mail on the wire has CRLF
(RFC 5322 §2.1). A message all of whose lines end in CRLF is written with LF and read back as it
was; any other is written as it is. In mbox every ``From `` at a line's beginning gets one more
``>`` (mboxrd), so that taking one away again gives the same octets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from mmap import mmap
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Octets: TypeAlias = bytes | mmap

_CHUNK: Final = 1 << 20
_FROM: Final = re.compile(rb"^(>*From )", re.MULTILINE)
_QUOTED: Final = re.compile(rb"^>(>*From )", re.MULTILINE)
_QUOTED_ONCE: Final = re.compile(rb"^>(From )", re.MULTILINE)
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class Form:
    """How a message was changed on its way out: ``lf`` for CRLF, a line end that was added."""

    lf: bool
    ended: bool


def form_of(octets: Octets) -> Form:
    """Return the form in which a message goes into an mbox or Maildir file."""
    lf = all(
        chunk.count(b"\n") == chunk.count(b"\r\n") for chunk in whole_lines(octets, 0, len(octets))
    )
    return Form(lf=lf, ended=octets[-1:] != b"\n")


def whole_lines(octets: Octets, start: int, end: int) -> Iterator[bytes]:
    """Yield ``octets[start:end]`` in chunks of about a megabyte that end where a line ends."""
    while start < end:
        cut = octets.find(b"\n", min(start + _CHUNK, end), end) + 1 or end
        yield octets[start:cut]
        start = cut


def written(octets: Octets, form: Form, *, quoted: bool) -> Iterator[bytes]:
    """Yield a message as it is written into a file; ``quoted`` for mboxrd."""
    for chunk in whole_lines(octets, 0, len(octets)):
        line = chunk.replace(b"\r\n", b"\n") if form.lf else chunk
        yield _FROM.sub(rb">\1", line) if quoted else line
    if form.ended:
        yield b"\n"


def restored(octets: Octets, start: int, end: int, *, form: Form, quoted: bool) -> Iterator[bytes]:
    """Yield the message that `written` put into ``octets[start:end]``."""
    if form.ended:
        end -= 1
    for chunk in whole_lines(octets, start, end):
        line = unquoted(chunk) if quoted else chunk
        yield line.replace(b"\n", b"\r\n") if form.lf else line


def unquoted(chunk: bytes, *, once: bool = False) -> bytes:
    """Return whole lines without mbox quoting: mboxrd's, or with ``once`` that of mboxo."""
    return (_QUOTED_ONCE if once else _QUOTED).sub(rb"\1", chunk)


def with_crlf(chunk: bytes) -> bytes:
    """Return whole lines with CRLF at the end of each."""
    if b"\r" not in chunk:
        return chunk.replace(b"\n", b"\r\n")
    return _BARE_LF.sub(b"\r\n", chunk)
