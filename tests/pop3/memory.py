"""A POP3 server in memory, and a driver to it: for sizes and orders that no transcript holds."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeVar

from hongyan.errors import ConnectionLost
from hongyan.flow import Read, Running, Write
from hongyan.pop3 import Capabilities, Connection, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hongyan.flow import Flow
    from hongyan.pop3 import Limits

T = TypeVar("T")


def logged_in(*capabilities: str, limits: Limits | None = None) -> Connection:
    """A session in TRANSACTION with nothing in flight."""
    conn = Connection(limits=limits)
    conn.state = conn._ahead = State.TRANSACTION
    conn._in_flight.clear()
    conn.capabilities = Capabilities(dict.fromkeys(capabilities, ()))
    return conn


class Maildrop:
    """Answers commands about ``messages``, whose lines end in CRLF."""

    def __init__(self, messages: Sequence[bytes]) -> None:
        self.messages = messages
        self.deleted: set[int] = set()
        self.commands: list[bytes] = []

    def answer(self, command: bytes) -> bytes:
        self.commands.append(command)
        verb, *arguments = command.split()
        if verb in (b"LIST", b"UIDL"):
            lines = (b"%d %s\r\n" % (n, self._fact(verb, n)) for n in self._numbers())
            return b"+OK\r\n" + b"".join(lines) + b".\r\n"
        if verb not in (b"RETR", b"TOP", b"DELE"):
            return b"+OK\r\n"
        number = int(arguments[0])
        if number in self.deleted:
            return b"-ERR no such message\r\n"
        message = self.messages[number - 1]
        if verb == b"DELE":
            self.deleted.add(number)
            return b"+OK\r\n"
        if verb == b"TOP":
            message = message.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        return b"+OK" + (b"\r\n" + message).replace(b"\r\n.", b"\r\n..") + b".\r\n"

    def _numbers(self) -> list[int]:
        return [n for n in range(1, len(self.messages) + 1) if n not in self.deleted]

    def _fact(self, verb: bytes, number: int) -> bytes:
        return b"%d" % len(self.messages[number - 1]) if verb == b"LIST" else b"id%d" % number


def run(
    flow: Flow[T],
    answer: Callable[[bytes], bytes],
    *,
    chunk: int = 65_536,
    watch: Callable[[], None] = lambda: None,
) -> T:
    """Run ``flow``; ``answer`` gives what the server says to each command line.

    ``watch`` is called before every read. Where nothing is left to read, the line is lost.
    """
    running = Running(flow)
    commands: deque[bytes] = deque()
    said = b""
    while (effect := running.effect) is not None:
        if isinstance(effect, Write):
            commands.extend(effect.data.splitlines())
            running.answer(None)
            continue
        assert isinstance(effect, Read)
        watch()
        said = said or (answer(commands.popleft()) if commands else b"")
        if said:
            head, said = said[:chunk], said[chunk:]
            running.answer(head)
        else:
            running.fail(ConnectionLost("the server closed the connection"))
    return running.result
