"""A mail host without sockets: two protocols as plain objects, and a line that is cut where told.

For tests of every octet of a session, thousands of them: nothing waits, nothing is timed. Real
servers are tried in ``tests/live``, real cuts of real connections in ``tests/sync/test_cut.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

from hongyan.errors import ConnectionLost
from hongyan.flow import Read, Wait, Wake, Write
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from tests.support.relay import Cut, How, Way

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.flow import Answer, Effect


class Session(Protocol):
    """The server's side of one connection."""

    @property
    def over(self) -> bool:
        """Whether the server has closed it."""

    def feed(self, data: bytes) -> bytes:
        """Take octets of the client and return what the server says to them."""


@dataclass
class Mailbox:
    """What is delivered, and what a maildrop holds, by unique id."""

    delivered: list[bytes] = field(default_factory=list)
    maildrop: dict[str, bytes] = field(default_factory=dict)

    def smtp(self) -> Session:
        return _Smtp(self)

    def pop3(self) -> Session:
        return _Pop3(self)


class _Lines:
    """Lines out of octets, and answers to each."""

    def __init__(self, greeting: bytes) -> None:
        self.over = False
        self._buffer = b""
        self._pending = greeting

    def feed(self, data: bytes) -> bytes:
        self._buffer += data
        said, self._pending = self._pending, b""
        while not self.over and (answer := self._next()) is not None:
            said += answer
        return said

    def _next(self) -> bytes | None:
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return None
        self._buffer = rest
        return self.answer(line)

    def answer(self, line: bytes) -> bytes:
        raise NotImplementedError


class _Smtp(_Lines):
    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(b"220 mini\r\n")
        self._mailbox = mailbox
        self._in_content = False

    def _next(self) -> bytes | None:
        if not self._in_content:
            return super()._next()
        content, end, rest = self._buffer.partition(b"\r\n.\r\n")
        if not end:
            return None
        self._buffer, self._in_content = rest, False
        self._mailbox.delivered.append(content + b"\r\n")
        return b"250 2.0.0 queued\r\n"

    def answer(self, line: bytes) -> bytes:
        verb = line.split(b" ")[0].upper()
        if verb == b"EHLO":
            return b"250-mini\r\n250-PIPELINING\r\n250-DSN\r\n250 AUTH PLAIN\r\n"
        if verb == b"AUTH":
            return b"235 2.7.0 welcome\r\n"
        if verb == b"DATA":
            self._in_content = True
            return b"354 go on\r\n"
        if verb == b"QUIT":
            self.over = True
            return b"221 bye\r\n"
        return b"250 2.1.0 ok\r\n"


class _Pop3(_Lines):
    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(b"+OK mini\r\n")
        self._mailbox = mailbox
        self._ids = list(mailbox.maildrop)
        self._marked: set[str] = set()

    def answer(self, line: bytes) -> bytes:
        verb, *words = line.decode().split(" ")
        if verb == "CAPA":
            return b"+OK\r\nSASL PLAIN\r\nPIPELINING\r\nUIDL\r\n.\r\n"
        if verb == "LIST":
            sizes = [len(self._mailbox.maildrop[each]) for each in self._ids]
            return self._listing(f"{number} {size}" for number, size in enumerate(sizes, 1))
        if verb == "UIDL":
            return self._listing(f"{number} {each}" for number, each in enumerate(self._ids, 1))
        if verb == "RETR":
            content = self._mailbox.maildrop[self._ids[int(words[0]) - 1]]
            stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")
            return b"+OK" + stuffed + b".\r\n"
        if verb == "DELE":
            self._marked.add(self._ids[int(words[0]) - 1])
        if verb == "QUIT":
            self.over = True
            for each in self._marked:
                self._mailbox.maildrop.pop(each, None)
        return b"+OK\r\n"

    def _listing(self, lines: Iterable[str]) -> bytes:
        return "".join(f"{line}\r\n" for line in ("+OK", *lines, ".")).encode()


class CutDriver(BlockingDriver):
    """A driver whose line leads to a `Session`, and is cut where ``cut`` says."""

    def __init__(self, protocol: str, session: Session, cut: Cut | None = None) -> None:
        super().__init__(Endpoint.parse(f"{protocol}://127.0.0.1?tls=none"))
        self._session = session
        self._cut = cut
        self._down = session.feed(b"")
        self.passed = {Way.UP: 0, Way.DOWN: 0}

    def connect(self, *, within: float = 30.0) -> Self:
        return self

    @property
    def _is_cut(self) -> bool:
        return self._cut is not None and self.passed[self._cut.way] >= self._cut.after

    def _pass(self, way: Way, data: bytes) -> bytes:
        """Return what of ``data`` gets through."""
        if self._is_cut:
            return b""
        if self._cut is not None and self._cut.way is way:
            data = data[: self._cut.after - self.passed[way]]
        self.passed[way] += len(data)
        return data

    def _perform(self, effect: Effect) -> Answer:
        match effect:
            case Write():
                self._say(effect.data)
            case Read():
                return self._hear()
            case Wait():
                return Wake.DATA if self._down or self._is_cut else Wake.TIMEOUT
        return None

    def _say(self, data: bytes) -> None:
        if self._is_cut and self._cut is not None and self._cut.how is How.RST:
            raise ConnectionLost("the connection broke")
        arrived = self._pass(Way.UP, data)
        if not self._session.over:
            self._down += self._session.feed(arrived)

    def _hear(self) -> bytes:
        is_reset = self._is_cut and self._cut is not None and self._cut.how is How.RST
        if is_reset:
            raise ConnectionLost("the connection broke")
        if self._is_cut and self._cut is not None and self._cut.way is Way.DOWN:
            return b""
        data, self._down = self._down, b""
        if self._cut is not None and self._cut.way is Way.UP:
            self.passed[Way.DOWN] += len(data)
            return data  # what was said before a FIN still arrives
        if not data and not (self._session.over or self._is_cut):
            raise AssertionError("both sides wait")
        return self._pass(Way.DOWN, data)
