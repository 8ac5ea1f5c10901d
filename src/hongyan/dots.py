"""Dot-stuffing, the framing that SMTP's DATA and POP3's multi-line replies share.

RFC 5321 §4.5.2 and RFC 1939 §3. Out: every line ends in CRLF, no CR or LF stands alone, every line
that begins with a dot gets another, one ``.`` line ends it all. In: only CRLF ``.`` CRLF ends it,
and nothing is held back but a possible beginning of that. Both work on chunks cut anywhere.
"""

from __future__ import annotations

import io
import re
from typing import Final

_END: Final = b"\r\n.\r\n"
_STRIDE: Final = 2048  # octets
# A pattern that begins with a letter is searched at twice the speed of bytes.find.
_DOT_LINE: Final = re.compile(rb"\r\n\.")
_NEWLINE: Final = re.compile(rb"\r\n|\r|\n")


def _canonical(chunk: bytes) -> bool:
    """Whether ``chunk``, which does not end in CR, has no line end but CRLF.

    The decoder of the standard library's text files notes the line ends that it meets; it does so
    in one pass, at twice the speed of two searches, for a bare CR and for a bare LF.
    """
    decoder = io.IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(chunk.decode("latin-1"), final=True)
    return decoder.newlines in (None, "\r\n")


class Normaliser:
    """Make every line end CRLF, the last one too.

    NUL octets, which RFC 5322 §2.2 forbids and some servers strip before they look for the end of
    data, are left out.
    """

    __slots__ = ("_held_cr", "line_start")

    def __init__(self) -> None:
        self._held_cr = False
        self.line_start = True

    def feed(self, chunk: bytes) -> bytes:
        """Return ``chunk`` with proper line ends, save a final CR, which waits for its LF."""
        if b"\0" in chunk:
            chunk = chunk.replace(b"\0", b"")
        if self._held_cr:
            chunk = b"\r" + chunk
        self._held_cr = chunk.endswith(b"\r")
        if self._held_cr:
            chunk = chunk[:-1]
        if not _canonical(chunk):
            chunk = _NEWLINE.sub(b"\r\n", chunk)
        if chunk:
            self.line_start = chunk.endswith(b"\n")
        return chunk

    def finish(self) -> bytes:
        """Return what completes the last line."""
        return b"" if self.line_start and not self._held_cr else b"\r\n"


class Stuffer:
    """Turn the chunks of a message into the octets that follow DATA."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines = Normaliser()

    def feed(self, chunk: bytes) -> bytes:
        """Return the stuffed form of ``chunk``, save a final CR, which waits for its LF."""
        line_start = self._lines.line_start
        text = self._lines.feed(chunk)
        stuffed = text.replace(b"\r\n.", b"\r\n..") if _dot_line(text, 0) else text
        return b"." + stuffed if line_start and text.startswith(b".") else stuffed

    def finish(self) -> bytes:
        """Return what completes the last line, and the end of data."""
        return self._lines.finish() + b".\r\n"


class Unstuffer:
    """Take dot-stuffed content apart again; ``finished`` once its final dot has been seen."""

    __slots__ = ("_started", "finished")

    def __init__(self) -> None:
        self._started = False
        self.finished = False

    def take(self, data: bytes, at: int) -> tuple[bytes, int]:
        """Return the content in ``data[at:]`` that is certain, and the offset after it."""
        if not self._started:
            head = data[at : at + 3]
            if head == b".\r\n":
                self.finished = True
                return b"", at + 3
            if b".\r\n".startswith(head):
                return b"", at
            self._started = True
            if head.startswith(b"."):
                at += 1
        dot = _dot_line(data, at)
        end = data.find(_END, dot.start()) if dot else -1
        if end < 0:
            end = after = len(data) - _possible_end(data, at)
        else:
            self.finished = True
            end, after = end + 2, end + len(_END)
        stuffed = dot is not None and dot.end() <= end
        content = data[at:end]
        return content.replace(b"\r\n.", b"\r\n") if stuffed else content, after


def _dot_line(data: bytes, at: int) -> re.Match[bytes] | None:
    """Return the next line that begins with a dot, with the CRLF before it.

    Encoded content has no dot, and what looks for one passes it at the speed of memory; in text,
    which has many, the strides of the search proper soon cover it all.
    """
    stride = _STRIDE
    while (dot := data.find(b".", at)) >= 0:
        end = dot + stride
        if found := _DOT_LINE.search(data, max(at, dot - 2), end):
            return found
        at = end - 2
        stride *= 2
    return None


def _possible_end(data: bytes, at: int) -> int:
    """Return how many of the last octets could be the beginning of the end of data."""
    for size in range(min(4, len(data) - at), 0, -1):
        if data.endswith(_END[:size]):
            return size
    return 0
