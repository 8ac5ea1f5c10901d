"""The receive buffer under every engine: lines and content out of octets cut anywhere.

Its invariant: nothing grows past a limit. A line longer than ``line_limit`` is a `ProtocolError`,
content leaves as it comes, and an octet is searched for a line end only once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.errors import ProtocolError

if TYPE_CHECKING:
    from hongyan.dots import Unstuffer

LINE_LIMIT: Final = 65_536


class ReceiveBuffer:
    """Octets that have arrived and have not been read yet."""

    __slots__ = ("_at", "_data", "_searched", "line_limit")

    def __init__(self, *, line_limit: int = LINE_LIMIT) -> None:
        self._data = b""
        self._at = 0
        self._searched = 0
        self.line_limit = line_limit

    def __len__(self) -> int:
        return len(self._data) - self._at

    def feed(self, data: bytes) -> None:
        """Append octets from the peer."""
        if self._at == len(self._data):
            self._data = data
            self._searched = 0
        else:
            self._data = self._data[self._at :] + data
            self._searched -= self._at
        self._at = 0

    def line(self) -> bytes | None:
        """Return the next line without its CRLF (or bare LF), or None when it is not whole yet.

        Raises `ProtocolError` once the line is longer than the limit.
        """
        end = self._data.find(b"\n", max(self._searched, self._at))
        size = (len(self._data) if end < 0 else end) - self._at
        if size > self.line_limit:
            raise ProtocolError(f"the server sent a line longer than {self.line_limit} octets")
        if end < 0:
            self._searched = len(self._data)
            return None
        line = self._data[self._at : end]
        self._at = self._searched = end + 1
        return line[:-1] if line.endswith(b"\r") else line

    def content(self, unstuffer: Unstuffer) -> bytes:
        """Return the dot-stuffed content that is certain by now; may be empty."""
        chunk, self._at = unstuffer.take(self._data, self._at)
        self._searched = self._at
        return chunk
