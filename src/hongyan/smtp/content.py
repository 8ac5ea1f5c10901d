"""A message's octets in blocks fit for the line, with proper line ends (RFC 5321 §2.3.8, 3030).

BDAT counts octets and could carry bare CR and LF, yet they are made CRLF there too, and NUL is left
out: the next server may get the message by DATA, where such octets are how a second message is
smuggled in. Only BINARYMIME, which no server may pass on by DATA, carries octets as they are.
Memory is bounded by one chunk and a block more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Octets from 128 KB on are mapped, and given back to the kernel, each time anew (mallopt(3)): a
# fault a page, which took a fifth of what 25 MB took. A block stays below that.
BLOCK: Final = 120 * 1024
CHUNK_BLOCKS: Final = 8


class Filter(Protocol):
    """What octets pass through on their way out."""

    def feed(self, chunk: bytes) -> bytes:
        """Return what of ``chunk`` can go out by now."""

    def finish(self) -> bytes:
        """Return what is still to go out."""


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


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one BDAT carries: at least one block, and whether no chunk follows."""

    blocks: tuple[bytes, ...]
    last: bool

    @property
    def size(self) -> int:
        """The octets in all."""
        return sum(map(len, self.blocks))


def chunks(content: Iterable[bytes], through: Filter) -> Iterator[Chunk]:
    """Yield what BDAT carries, at least one chunk.

    Each costs the server a reply, and Postfix more than that: 25 MB in chunks of a block take half
    as long again as in larger ones.
    """
    held: list[bytes] = []
    for block in blocks(content, through):
        if len(held) == CHUNK_BLOCKS:
            yield Chunk(tuple(held), last=False)
            held.clear()
        held.append(block)
    end = through.finish()
    last = held.pop() if held else b""
    yield Chunk((*held, last + end), last=True)
