"""A message's octets in blocks fit for the line, with proper line ends (RFC 5321 §2.3.8, 3030).

BDAT counts octets and could carry bare CR and LF, yet they are made CRLF there too, and NUL is left
out: the next server may get the message by DATA, where such octets are how a second message is
smuggled in. Only BINARYMIME, which no server may pass on by DATA, carries octets as they are.
Memory is bounded by two blocks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK: Final = 256 * 1024
_NEWLINE: Final = re.compile(rb"\r\n|\r|\n")


class Filter(Protocol):
    """What octets pass through on their way out."""

    def feed(self, chunk: bytes) -> bytes:
        """Return what of ``chunk`` can go out by now."""

    def finish(self) -> bytes:
        """Return what is still to go out."""


class Normaliser:
    """Make every line end CRLF, the last one too, and leave out NUL."""

    __slots__ = ("_held_cr", "_line_start")

    def __init__(self) -> None:
        self._held_cr = False
        self._line_start = True

    def feed(self, chunk: bytes) -> bytes:
        """Return ``chunk`` with proper line ends, save a final CR, which waits for its LF."""
        if b"\0" in chunk:
            chunk = chunk.replace(b"\0", b"")
        if self._held_cr:
            chunk = b"\r" + chunk
        self._held_cr = chunk.endswith(b"\r")
        if self._held_cr:
            chunk = chunk[:-1]
        pairs = chunk.count(b"\r\n")
        if chunk.count(b"\n") != pairs or chunk.count(b"\r") != pairs:
            chunk = _NEWLINE.sub(b"\r\n", chunk)
        if chunk:
            self._line_start = chunk.endswith(b"\n")
        return chunk

    def finish(self) -> bytes:
        """Return what completes the last line."""
        return b"" if self._line_start and not self._held_cr else b"\r\n"


class AsIs:
    """Let octets pass (BINARYMIME)."""

    def feed(self, chunk: bytes) -> bytes:
        """Return ``chunk``."""
        return chunk

    def finish(self) -> bytes:
        """Return nothing."""
        return b""


def blocks(content: Iterable[bytes], through: Filter, *, size: int = BLOCK) -> Iterator[bytes]:
    """Yield ``content`` as ``through`` feeds it on, without its finish, ``size`` octets at a time.

    A block has at least ``size`` octets, save the last, and at most twice as many.
    """
    held: list[bytes] = []
    count = 0
    for chunk in content:
        for at in range(0, len(chunk), size):
            piece = through.feed(chunk[at : at + size])
            held.append(piece)
            count += len(piece)
            if count >= size:
                yield b"".join(held)
                held.clear()
                count = 0
    if count:
        yield b"".join(held)


def chunks(content: Iterable[bytes], through: Filter) -> Iterator[tuple[bytes, bool]]:
    """Yield what BDAT carries, and with each chunk whether it is the last; at least one."""
    before = None
    for block in blocks(content, through):
        if before is not None:
            yield before, False
        before = block
    yield (before or b"") + through.finish(), True
