"""Where an IMAP response begins and ends: lines, and the literals in them (RFC 9051 §4.3, §9).

Nothing here knows the grammar. A response is text and literals in turns, text first and last. What
a literal announces is never allocated: octets are held only as they arrive and only up to the
`Limits`; a longer message body leaves in chunks, whether somebody wants it or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from hongyan.errors import ProtocolError

_KIB: Final = 1024
_MIB: Final = 1024 * _KIB
_ANNOUNCED: Final = re.compile(rb"~?\{(\d{1,20})\+?\}\Z")
_LONGEST_ANNOUNCEMENT: Final = 24
# free text may end in braces: continuation requests, conditions and tagged replies have no literals
_DATA: Final = re.compile(rb"\* (?!(?:OK|NO|BAD|BYE|PREAUTH)(?: |\Z))", re.IGNORECASE)
_FETCH: Final = re.compile(rb"\* \d+ (?:UID)?FETCH ", re.IGNORECASE)
_MOST_FOLDS: Final = 20
_LONGEST_FOLDED: Final = 64 * _KIB
_QUOTED: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
# a FETCH up to its first literal, in plain text: no escapes, no braces, no literal8
_FETCH_TEXT: Final = re.compile(
    rb"""(\* \d{1,10} FETCH \((?:[^"~{}\r\n]++|"[^"\\{}\r\n]*+")*+)\{(\d{1,8})\}\r\n"""
)
_BODY: Final = re.compile(rb"(?:\](?:<\d+>)?|[ (]RFC822(?:\.HEADER|\.TEXT)?) +\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server may send, in octets; ``literals`` and ``items`` are counts.

    ``line`` is one stretch of text, ``literal`` one literal that is no body, ``response`` all that
    is held of one response. A body above ``held`` is streamed, one above ``message`` refused.
    ``items`` is how many mailboxes, flags or results one command may bring together.
    """

    line: int = 8 * _MIB
    held: int = 64 * _KIB
    literal: int = 4 * _MIB
    response: int = 16 * _MIB
    literals: int = 10_000
    message: int = 2 * 1024 * _MIB
    items: int = 1_000_000

    @property
    def shortest(self) -> int:
        """What no limit of octets forbids."""
        return min(self.line, self.held, self.literal, self.response)


@dataclass(frozen=True, slots=True)
class Streamed:
    """Stands in a response for a literal of ``size`` octets that left in chunks."""

    size: int


Part: TypeAlias = bytes | Streamed


class Response(NamedTuple):
    """A whole response without its last CRLF; ``parts`` are text and literals in turns."""

    parts: tuple[Part, ...]


class Opening(NamedTuple):
    """A literal of ``size`` octets begins, to be streamed; ``parts`` are what was before it."""

    parts: tuple[Part, ...]
    size: int


class Chunk(NamedTuple):
    """Some octets of the literal opened last; ``last`` ends it."""

    data: bytes
    last: bool


Frame: TypeAlias = Response | Opening | Chunk


class Framer:
    """Octets cut anywhere in, frames out.

    The latest block is read where it lies; a line or a literal that goes over several is gathered,
    and each of its octets moved twice at most.
    """

    __slots__ = (
        "_at", "_awaited", "_data", "_folded", "_folds", "_gathered", "_held", "_line_so_far",
        "_parts", "_short", "_streaming", "limits",
    )  # fmt: skip

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._short = self.limits.shortest
        self._data = b""
        self._at = 0
        self._line_so_far = bytearray()
        self._folded = False  # whether it ends in a line break that may be none
        self._folds = 0
        self._parts: list[Part] = []
        self._held = 0
        self._awaited: int | None = None  # octets of a literal to be held
        self._gathered = bytearray()  # what has come of it
        self._streaming = 0  # octets still to come of a literal that is streamed

    def __len__(self) -> int:
        """Return how many octets of a response that is not whole are here."""
        return len(self._data) - self._at + len(self._line_so_far) + self._held

    def feed(self, data: bytes) -> None:
        """Append octets from the peer."""
        self._data = data if self._at == len(self._data) else self._data[self._at :] + data
        self._at = 0

    def unread(self) -> bytes:
        """Give back the octets that nothing has looked at yet, and forget them."""
        octets = bytes(self._line_so_far) + self._cut(len(self._data) - self._at)
        self._line_so_far.clear()
        return octets

    def next(self) -> Frame | None:
        """Return the next frame, or None when more octets are needed. Raises `ProtocolError`."""
        if self._streaming:
            return self._chunk()
        if not self._parts and not self._line_so_far and (response := self._of_one_literal()):
            return response
        while self._take_literal():
            text = self._line()
            if text is None:
                return None
            size = self._announced(text)
            if size is None:
                return self._whole()
            if self._is_body(size):
                self._streaming = size
                return self._opening(size)
            self._await(size)
        return None

    def _of_one_literal(self) -> Response | None:
        """Return a FETCH of a mere literal that is here whole, as the long way would, but sooner.

        Most of a mailbox comes like this.
        """
        found = _FETCH_TEXT.match(self._data, self._at)
        if found is None:
            return None
        start = found.end()
        end = start + int(found[2])
        if end - self._at > self._short or self._data[end : end + 3] != b")\r\n":
            return None
        self._at = end + 3
        return Response((found[1], self._data[start:end], b")"))

    def _chunk(self) -> Chunk | None:
        data = self._cut(self._streaming)
        if not data:
            return None
        self._streaming -= len(data)
        return Chunk(data, last=not self._streaming)

    def _take_literal(self) -> bool:
        """Take a literal that is awaited; False while it is not whole."""
        if self._awaited is None:
            return True
        missing = self._awaited - len(self._gathered)
        piece = self._cut(missing)
        if self._gathered or len(piece) < missing:
            self._gathered += piece
            if len(piece) < missing:
                return False
            piece = bytes(self._gathered)
            self._gathered.clear()
        self._parts.append(piece)
        self._awaited = None
        return True

    def _line(self) -> bytes | None:
        """Return the next line without its end, or None when it is not whole.

        A line break in a string is none where the next line is indented, as no response is: there
        a server has copied a folded header field as it stands.
        """
        while not self._folded or self._at < len(self._data):
            if self._folded and self._data[self._at] not in b" \t":
                return self._finished(bytes(self._line_so_far))
            self._folded = False
            end = self._data.find(b"\n", self._at)
            piece = self._cut((end + 1 or len(self._data)) - self._at)
            if len(self._line_so_far) + len(piece) > self.limits.line:
                limit = self.limits.line
                raise ProtocolError(f"the server sent a line longer than {limit} octets")
            if end >= 0 and not self._line_so_far and not self._in_string(piece):
                return self._finished(piece)
            self._line_so_far += piece
            if end < 0:
                return None
            line = bytes(self._line_so_far)
            if not self._in_string(line):
                return self._finished(line)
            self._folded = True
            self._folds += 1
        return None

    def _finished(self, line: bytes) -> bytes:
        self._line_so_far.clear()
        self._folded, self._folds = False, 0
        return line[:-2] if line.endswith(b"\r\n") else line[:-1]

    def _in_string(self, line: bytes) -> bool:
        """Whether a FETCH ends in a quote that is open, with escapes and without."""
        if not line.count(b'"') % 2 or len(line) > _LONGEST_FOLDED or self._folds > _MOST_FOLDS:
            return False
        return bool(_FETCH.match(self._first(line))) and b'"' in _QUOTED.sub(b"", line)

    def _announced(self, text: bytes) -> int | None:
        """Keep ``text``; return the size of the literal after it, or None at the end of all."""
        found = None
        if text.endswith(b"}") and _DATA.match(self._first(text)):
            found = _ANNOUNCED.search(text, max(0, len(text) - _LONGEST_ANNOUNCEMENT))
        kept = text if found is None else text[: found.start()]
        self._parts.append(kept)
        self._hold(len(kept))
        return None if found is None else int(found[1])

    def _first(self, text: bytes) -> bytes:
        first = self._parts[0] if self._parts else text
        return first if isinstance(first, bytes) else b""

    def _is_body(self, size: int) -> bool:
        """Whether a literal is to be streamed. Raises `ProtocolError` when it is too large."""
        if len(self._parts) > 2 * self.limits.literals:
            raise ProtocolError(
                f"the server sent more than {self.limits.literals} literals at once"
            )
        if size <= self.limits.held:
            return False
        before = self._parts[-1]
        if not isinstance(before, bytes) or not _BODY.search(before[-64:]):
            return False
        if size > self.limits.message:
            raise ProtocolError(f"the server announces a message of {size} octets")
        return bool(_FETCH.match(self._first(b"")))

    def _opening(self, size: int) -> Opening:
        opening = Opening(tuple(self._parts), size)
        self._parts.append(Streamed(size))
        return opening

    def _await(self, size: int) -> None:
        if size > self.limits.literal:
            raise ProtocolError(f"the server announces a literal of {size} octets")
        self._hold(size)
        self._awaited = size

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > self.limits.response:
            raise ProtocolError(
                f"the server sent a response longer than {self.limits.response} octets"
            )

    def _whole(self) -> Response:
        response = Response(tuple(self._parts))
        self._parts.clear()
        self._held = 0
        return response

    def _cut(self, size: int) -> bytes:
        """Take up to ``size`` octets of the block."""
        octets = self._data[self._at : self._at + size]
        self._at += len(octets)
        return octets
