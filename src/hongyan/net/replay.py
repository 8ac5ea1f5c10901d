r"""The replay driver: runs a flow against a written dialogue instead of a line.

A transcript has one item a line: ``C: USER anna\r\n`` what the client must write, octet by octet,
``S: +OK\r\n`` what the server says, ``* TLS`` where TLS must start, ``* DEFLATE`` where compression
must, ``* EOF`` where the server closes, and ``#`` for a comment. Line ends are written out.
``<secret>`` in a client's line stands for anything up to the line's end, so a record with its
secrets blotted out replays too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from hongyan.errors import HongyanError, ProtocolError
from hongyan.flow import Compress, Read, Running, StartTLS, Wait, Wake, Write
from hongyan.net.record import BLOT, Direction

if TYPE_CHECKING:
    from hongyan.flow import Answer, Effect, Flow

T = TypeVar("T")
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))")
_SHORT: Final = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a transcript; a NOTE's ``data`` is ``b"TLS"``, ``b"DEFLATE"`` or ``b"EOF"``."""

    number: int
    direction: Direction
    data: bytes


class Mismatch(AssertionError):
    """The flow did otherwise than the transcript says."""


def parse(transcript: str) -> tuple[Item, ...]:
    """Read a transcript. Raises ValueError with the line's number."""
    items: list[Item] = []
    for number, line in enumerate(transcript.splitlines(), 1):
        mark, _, text = line.partition(":" if line[:2] in ("C:", "S:") else " ")
        if not line.strip() or line.startswith("#"):
            continue
        try:
            direction = Direction(mark)
        except ValueError:
            raise ValueError(f"line {number} begins with neither C:, S:, * nor #") from None
        if direction is not Direction.NOTE:
            items.append(Item(number, direction, unescape(text.removeprefix(" "))))
        elif (word := text.partition(" ")[0]) in ("TLS", "DEFLATE", "EOF"):
            items.append(Item(number, direction, word.encode()))
    return tuple(items)


def unescape(text: str) -> bytes:
    r"""Return the octets that ``\r``, ``\n``, ``\xNN`` and UTF-8 text stand for."""
    out = bytearray()
    at = 0
    for found in _ESCAPE.finditer(text):
        out += text[at : found.start()].encode()
        out += bytes.fromhex(found[1]) if found[1] else _SHORT.get(found[2], found[0].encode())
        at = found.end()
    return bytes(out + text[at:].encode())


class ReplayDriver:
    """Plays the server of a transcript, ``chunk`` octets at a time (0: all that may be read)."""

    def __init__(self, transcript: str, *, chunk: int = 0) -> None:
        self._items = list(reversed(parse(transcript)))
        self._chunk = chunk

    def run(self, flow: Flow[T]) -> T:
        """Run ``flow`` and return its result. Raises `Mismatch` on the first difference."""
        running = Running(flow)
        while (effect := running.effect) is not None:
            try:
                answer = self._perform(effect)
            except HongyanError as error:
                running.fail(error)
            else:
                running.answer(answer)
        return running.result

    def finish(self) -> None:
        """Raise `Mismatch` unless the whole transcript was played."""
        left = [item for item in reversed(self._items) if item.data != b"EOF"]
        if left:
            raise Mismatch(f"never reached line {left[0].number}: {left[0]}")

    def _perform(self, effect: Effect) -> Answer:
        match effect:
            case Read():
                return self._read()
            case Write():
                self._expect(effect.data)
            case Wait():
                return Wake.DATA if self._waiting() else Wake.TIMEOUT
            case StartTLS():
                self._start_tls()
                return b""
            case Compress():
                self._compress(effect)
        return None

    def _expect(self, data: bytes) -> None:
        while data:
            item = self._next(Direction.CLIENT, f"the client writes {data!r}")
            if BLOT in item.data:
                size = data.find(b"\n") + 1 or len(data)
                head, data = data[:size], data[size:]
                pattern = b".*".join(map(re.escape, item.data.split(BLOT)))
                if not re.fullmatch(pattern, head, re.DOTALL):
                    raise Mismatch(f"line {item.number}: expected {item.data!r}, got {head!r}")
            elif data.startswith(item.data):
                data = data[len(item.data) :]
            elif item.data.startswith(data):
                self._items.append(Item(item.number, item.direction, item.data[len(data) :]))
                return
            else:
                raise Mismatch(f"line {item.number}: expected {item.data!r}, got {data!r}")

    def _waiting(self) -> bool:
        """Whether a read would be answered, be it with the end of the stream."""
        item = self._items[-1] if self._items else None
        return item is not None and (item.direction is Direction.SERVER or item.data == b"EOF")

    def _read(self) -> bytes:
        if self._items and self._items[-1].data == b"EOF":
            return b""
        item = self._next(Direction.SERVER, "the client waits for the server")
        data = item.data
        if not self._chunk:
            while self._items and self._items[-1].direction is Direction.SERVER:
                data += self._items.pop().data
            return data
        if len(data) > self._chunk:
            self._items.append(Item(item.number, item.direction, data[self._chunk :]))
        return data[: self._chunk]

    def _start_tls(self) -> None:
        if self._items and self._items[-1].direction is Direction.SERVER:
            raise ProtocolError("the server sent data between its reply and the TLS handshake")
        item = self._next(Direction.NOTE, "the client starts TLS")
        if item.data != b"TLS":
            raise Mismatch(f"line {item.number}: the client starts TLS")

    def _compress(self, effect: Compress) -> None:
        """Go on in plaintext: what is compressed here is only agreed on."""
        item = self._next(Direction.NOTE, "the client starts to compress")
        if item.data != b"DEFLATE" or effect.received:
            raise Mismatch(f"line {item.number}: the client starts to compress")

    def _next(self, direction: Direction, what: str) -> Item:
        if not self._items:
            raise Mismatch(f"the transcript is over, but {what}")
        if self._items[-1].direction is not direction:
            raise Mismatch(f"line {self._items[-1].number} is {self._items[-1]}, but {what}")
        return self._items.pop()
