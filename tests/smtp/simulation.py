"""An SMTP or LMTP server in memory behind a line with a clock of its own, cut where a test wants.

Addresses say how they will be answered: ``550.anna@example.org`` is refused as a sender and as a
recipient, and a message whose content begins ``Final: 452`` after it. Time passes only while the
client waits, so a test counts round trips exactly, and a client that waits for nothing is found.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from hongyan.dots import Unstuffer
from hongyan.errors import ConnectionLost, HongyanError
from hongyan.flow import Read, Running, Write

if TYPE_CHECKING:
    from hongyan.flow import Answer, Effect, Flow

T = TypeVar("T")
ALL = ("PIPELINING", "CHUNKING", "8BITMIME", "SIZE 1000000000")
_PATH = re.compile(rb"<([^>]*)>")
_FINAL = re.compile(rb"Final: (\d{3})\r\n")


def code_in(address: bytes) -> int:
    found = re.match(rb"(\d{3})\.", address)
    return int(found[1]) if found else 250


@dataclass(frozen=True)
class Message:
    sender: bytes
    recipients: tuple[bytes, ...]
    content: bytes


@dataclass
class Server:
    """Obeys at once. ``keeps`` leaves a transaction open whose BDAT LAST it refused (Exim did)."""

    offers: tuple[str, ...] = ALL
    lmtp: bool = False
    keeps: bool = False
    full_after: int = 1 << 60  # refuses a chunk beyond so many octets
    goes_away: int = 0  # answers the n-th command with 421
    errors: int = 1000  # says 421 unasked after so many refusals, as Postfix does
    patience: int = 1000  # closes at so many RSET that follow no message, as Exim does
    accepted: list[Message] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    closed: bool = False

    def __post_init__(self) -> None:
        self._input = b""
        self._sender: bytes | None = None
        self._rcpts: list[bytes] = []
        self._content = b""
        self._chunk = 0
        self._last = False
        self._failed = False
        self._data: Unstuffer | None = None
        self._after_message = True
        self._idle_resets = 0

    def feed(self, data: bytes) -> bytes:
        """Take octets; return the replies."""
        self._input += data
        out = b""
        while not self.closed and (step := self._step()) is not None:
            out += step
            if "PIPELINING" not in self.offers and not self._chunk:
                assert not self._input or self._data, "nothing may ride along without PIPELINING"
            if sum(code >= 400 for code in self.said) >= self.errors and not self.closed:
                self.closed = True
                out += self._say(421, "too many errors")
        return out

    def _step(self) -> bytes | None:
        if self._chunk or self._last:
            return self._take_chunk()
        if self._data:
            return self._take_data(self._data)
        line, end, rest = self._input.partition(b"\r\n")
        if not end:
            return None
        self._input = rest
        self.commands.append(line)
        if len(self.commands) == self.goes_away:
            self.closed = True
            return self._say(421)
        verb, _, argument = line.partition(b" ")
        return getattr(self, f"_obey_{verb.decode().lower()}")(argument)  # type: ignore[no-any-return]

    def _say(self, code: int, text: str = "") -> bytes:
        self.said.append(code)
        return f"{code} {text}\r\n".encode()

    def _obey_ehlo(self, _: bytes) -> bytes:
        lines = ["mail.example.org", *self.offers]
        marks = ["-"] * (len(lines) - 1) + [" "]
        return "".join(f"250{m}{line}\r\n" for m, line in zip(marks, lines, strict=True)).encode()

    _obey_lhlo = _obey_ehlo

    def _obey_rset(self, _: bytes) -> bytes:
        self._forget()
        self._idle_resets += not self._after_message
        self._after_message = False
        if self._idle_resets > self.patience:
            self.closed = True
            return self._say(554, "too many nonmail commands")
        return self._say(250, "reset")

    def _obey_quit(self, _: bytes) -> bytes:
        self.closed = True
        return self._say(221)

    def _obey_mail(self, argument: bytes) -> bytes:
        if self._sender is not None:
            return self._say(503, "nested MAIL")
        found = _PATH.search(argument)
        assert found
        code = code_in(found[1])
        if code == 250:
            self._sender = found[1]
        return self._say(code, "sender")

    def _obey_rcpt(self, argument: bytes) -> bytes:
        if self._sender is None:
            return self._say(503, "MAIL first")
        found = _PATH.search(argument)
        assert found
        code = code_in(found[1])
        if code == 250:
            self._rcpts.append(found[1])
        return self._say(code, "recipient")

    def _obey_data(self, _: bytes) -> bytes:
        if not self._rcpts:
            return self._say(503, "RCPT first")
        self._data = Unstuffer()
        return self._say(354)

    def _take_data(self, unstuffer: Unstuffer) -> bytes | None:
        chunk, at = unstuffer.take(self._input, 0)
        self._content += chunk
        self._input = self._input[at:]
        if not unstuffer.finished:
            return None
        self._data = None
        return self._finish()

    def _obey_bdat(self, argument: bytes) -> bytes:
        size, _, last = argument.partition(b" ")
        self._chunk, self._last = int(size), last == b"LAST"
        self._failed = self._failed or not self._rcpts
        return self._take_chunk() or b""

    def _take_chunk(self) -> bytes | None:
        taken = self._input[: self._chunk]
        self._content += taken
        self._input = self._input[len(taken) :]
        self._chunk -= len(taken)
        if self._chunk:
            return None
        last, self._last = self._last, False
        if len(self._content) > self.full_after:
            self._failed = True
        if self._failed:
            if last and not self.keeps:
                self._forget()
            return self._say(554, "no valid recipients")
        if not last:
            return self._say(250, "chunk")
        return self._finish()

    def _finish(self) -> bytes:
        found = _FINAL.match(self._content)
        code = int(found[1]) if found else 250
        takers = [each for each in self._rcpts if self._final(each, code) == 250]
        if takers:
            assert self._sender is not None
            self.accepted.append(Message(self._sender, tuple(takers), self._content))
        self._after_message = True
        finals = [self._final(each, code) for each in self._rcpts] if self.lmtp else [code]
        self._forget()
        return b"".join(self._say(each, "content") for each in finals)

    def _final(self, recipient: bytes, code: int) -> int:
        """LMTP: ``anna.452@example.org`` is refused after the content."""
        found = re.search(rb"\.(\d{3})@", recipient)
        return int(found[1]) if self.lmtp and found else code

    def _forget(self) -> None:
        self._sender, self._rcpts, self._content, self._failed = None, [], b"", False


class Line:
    """A driver: ``rtt`` seconds there and back, cut after so many octets of a direction."""

    def __init__(
        self,
        server: Server,
        *,
        rtt: float = 1.0,
        cut_up: int | None = None,
        cut_down: int | None = None,
        write_fails: bool = False,
    ) -> None:
        self._server = server
        self._rtt = rtt
        self._cut_up = cut_up
        self._cut_down = cut_down
        self._write_fails = write_fails
        self._due: deque[tuple[float, bytes]] = deque([(rtt, b"220 ready\r\n")])
        self._broken = False
        self.now = 0.0
        self.up = 0
        self.down = 0

    def run(self, flow: Flow[T]) -> T:
        running = Running(flow)
        while (effect := running.effect) is not None:
            try:
                answer = self._perform(effect)
            except HongyanError as error:
                running.fail(error)
            else:
                running.answer(answer)
        return running.result

    def _perform(self, effect: Effect) -> Answer:
        match effect:
            case Write():
                self._write(effect.data)
                return None
            case Read():
                return self._read()
        raise AssertionError(effect)

    def _write(self, data: bytes) -> None:
        if self._cut_up is not None and self.up + len(data) > self._cut_up:
            data = data[: self._cut_up - self.up]
            self._hand_over(data)
            self._broken = True
        elif not self._broken:
            self._hand_over(data)
        if self._broken and self._write_fails:
            raise ConnectionLost("the connection broke")

    def _hand_over(self, data: bytes) -> None:
        self.up += len(data)
        replies = self._server.feed(data)
        if replies:
            self._due.append((self.now + self._rtt, replies))

    def _read(self) -> bytes:
        if not self._due:
            assert self._broken or self._server.closed, "the client waits, the server has said all"
            return b""
        self.now = max(self.now, self._due[0][0])
        data = b""
        while self._due and self._due[0][0] <= self.now:
            data += self._due.popleft()[1]
        if self._cut_down is not None and self.down + len(data) > self._cut_down:
            data = data[: self._cut_down - self.down]
            self._due.clear()
            self._broken = True
        self.down += len(data)
        return data
