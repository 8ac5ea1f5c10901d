"""DEFLATE as a value that moves octets (RFC 1951, 4978): bounded, no socket in sight.

Its invariant: however much a few octets would inflate to, no more than a block of it is held at a
time; what is left waits compressed. Each write is flushed, so the peer can read it whole.
"""

from __future__ import annotations

import zlib
from collections import deque
from typing import Final

from hongyan.errors import ProtocolError

BLOCK: Final = 262_144


class Deflation:
    """Both directions of one compressed connection."""

    __slots__ = ("_deflate", "_inflate", "_waiting", "held")

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self._inflate = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        self._waiting: deque[bytes] = deque()
        self.held = 0  # octets that wait to be inflated

    def compress(self, plain: bytes) -> bytes:
        """Return ``plain`` compressed, with all that the peer needs to read it."""
        return self._deflate.compress(plain) + self._deflate.flush(zlib.Z_SYNC_FLUSH)

    def feed(self, compressed: bytes) -> None:
        """Append octets from the peer."""
        self._waiting.append(compressed)
        self.held += len(compressed)

    def take(self) -> bytes:
        """Return the next block; ``b""`` when more must come first. Raises `ProtocolError`."""
        plain = b""
        while self._waiting and not plain:
            plain = self._inflated(self._waiting.popleft())
        return plain

    def _inflated(self, compressed: bytes) -> bytes:
        try:
            plain = self._inflate.decompress(compressed, BLOCK)
        except zlib.error as error:
            raise ProtocolError(f"what the server compressed is damaged: {error}") from None
        if self._inflate.unused_data:
            raise ProtocolError("the server goes on after the end of what it compressed")
        if left := self._inflate.unconsumed_tail:
            self._waiting.appendleft(left)
        self.held -= len(compressed) - len(left)
        return plain
