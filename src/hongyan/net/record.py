"""The wire record: what a connection really said, line by line, with every secret blotted out.

The engine marks the secrets of what it writes; from then on none of them appears in either
direction. Lines are put together before they are looked at, so a secret cut in two is still found.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

BLOT: Final = b"<secret>"
_SHORTEST_ECHO: Final = 4  # an echo of fewer octets is as likely chance, and the record confetti
_LONGEST_LINE: Final = 65_536


class Direction(Enum):
    """Who said it; the values are the marks of a transcript."""

    CLIENT = "C"
    SERVER = "S"
    NOTE = "*"


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its line end; ``at`` in seconds since the connection was opened."""

    at: float
    direction: Direction
    data: bytes

    def __str__(self) -> str:
        return f"{self.direction.value}: {escape(self.data)}"


def escape(data: bytes) -> str:
    r"""Return ``data`` as a transcript has it: UTF-8 as it is, ``\r\n`` and the rest escaped."""
    text = data.decode("utf-8", "surrogateescape").replace("\\", "\\\\")
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    short = {"\r": "\\r", "\n": "\\n", "\t": "\\t"}.get(char)
    octets = char.encode("utf-8", "surrogateescape")
    return short or "".join(f"\\x{octet:02x}" for octet in octets)


class Recorder:
    """Receives what a channel carries and hands each redacted `Line` to ``sink``."""

    def __init__(
        self, sink: Callable[[Line], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._start = clock()
        self._secrets: tuple[bytes, ...] = ()
        self._partial = {Direction.CLIENT: b"", Direction.SERVER: b""}

    def sent(self, data: bytes, secrets: tuple[bytes, ...]) -> None:
        """Note octets that go to the server; ``secrets`` are never shown from now on."""
        for secret in secrets:
            if secret and secret not in self._secrets:
                self._secrets += (secret,)
        here = tuple(secret for secret in secrets if secret)
        for secret in sorted(here, key=len, reverse=True):
            data = data.replace(secret, BLOT)
        self._say(Direction.CLIENT, data)

    def received(self, data: bytes) -> None:
        """Note octets that came from the server."""
        self._say(Direction.SERVER, data)

    def note(self, text: str) -> None:
        """Note an event that is not octets, such as the start of TLS."""
        self.flush()
        self._emit(Direction.NOTE, text.encode())

    def flush(self) -> None:
        """Emit lines that never got their end."""
        for direction, data in self._partial.items():
            if data:
                self._partial[direction] = b""
                self._emit(direction, data)

    def close(self) -> None:
        """End the record with the connection."""
        self.flush()

    def _say(self, direction: Direction, data: bytes) -> None:
        lines = (self._partial[direction] + data).split(b"\n")
        rest = lines.pop()
        for line in lines:
            self._emit(direction, line + b"\n")
        while len(rest) > _LONGEST_LINE:
            self._emit(direction, rest[:_LONGEST_LINE])
            rest = rest[_LONGEST_LINE:]
        self._partial[direction] = rest

    def _emit(self, direction: Direction, data: bytes) -> None:
        for secret in sorted(self._secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_ECHO:
                data = data.replace(secret, BLOT)
        self._sink(Line(self._clock() - self._start, direction, data))
