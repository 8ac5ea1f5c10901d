"""The ManageSieve engine: octets in, lines out, no socket (RFC 5804).

One command at a time: `send` awaits its reply, `next_line` gives the lines before it and then the
reply itself. What was learned in clear is forgotten when TLS starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.guard import shown
from hongyan.managesieve import wire
from hongyan.managesieve.types import Capabilities, Reply, State, Status

if TYPE_CHECKING:
    from hongyan.managesieve.types import Token

DATA_LIMIT: Final = 8 * 1024 * 1024  # octets of one response
LINE_COUNT: Final = 10_000  # lines of one response
# command -> the states in which it has a place, and the one that OK leads to
TRANSITIONS: Final[dict[str, tuple[frozenset[State], State | None]]] = {
    "(greeting)": (frozenset({State.GREETING}), State.OPEN),
    "STARTTLS": (frozenset({State.OPEN}), None),
    "AUTHENTICATE": (frozenset({State.OPEN}), State.AUTHENTICATED),
    "CAPABILITY": (frozenset({State.OPEN, State.AUTHENTICATED}), None),
    **{
        verb: (frozenset({State.AUTHENTICATED}), None)
        for verb in (
            *("CHECKSCRIPT", "PUTSCRIPT", "GETSCRIPT", "LISTSCRIPTS"),
            *("SETACTIVE", "DELETESCRIPT", "HAVESPACE", "NOOP"),
        )
    },
    "LOGOUT": (frozenset({State.OPEN, State.AUTHENTICATED}), State.CLOSED),
}


class Connection:
    """One session as the client sees it."""

    def __init__(self) -> None:
        self.state = State.GREETING
        self.capabilities = Capabilities({})
        self.progress = 0
        self._data = b""
        self._taken = 0
        self._lines = 0
        self._awaiting: str | None = "(greeting)"

    def send(self, verb: str, *arguments: str | bytes) -> bytes:
        """Return the octets of a command, whose reply is now awaited.

        Raises `InvalidArgument` for one that has no place now or an argument that cannot be sent,
        `ProtocolError` when the server has said something unasked.
        """
        octets = wire.command(verb, *arguments)
        if self._awaiting or self.state not in TRANSITIONS[verb][0]:
            raise InvalidArgument("command", f"{verb} has no place while {self.state.value}")
        if self._data:
            raise ProtocolError("the server spoke unasked")
        self._awaiting, self._taken, self._lines = verb, 0, 0
        return octets

    def receive(self, data: bytes) -> None:
        """Take octets from the server."""
        self._data += data

    def next_line(self) -> Reply | tuple[Token, ...] | None:
        """Return the next line of data, the reply that ends them, or None for want of octets.

        Raises `ProtocolError`.
        """
        found = wire.tokens(self._data)
        if found is None:
            return None
        line, end = found
        self._data = self._data[end:]
        self._taken += end
        self._lines += 1
        self.progress += 1
        if self._taken > DATA_LIMIT or self._lines > LINE_COUNT:
            raise ProtocolError(
                f"the server's answer has more than {DATA_LIMIT} octets or {LINE_COUNT} lines"
            )
        reply = wire.reply(line)
        if reply is None:
            if self._awaiting is None:
                raise ProtocolError("the server spoke unasked")
            if line and isinstance(line[0], str):
                raise ProtocolError(f"the server sent {shown(line[0], limit=80)!r}")
            return line
        self._end(reply)
        return reply

    def _end(self, reply: Reply) -> None:
        if reply.status is Status.BYE:
            self.state, self._awaiting = State.CLOSED, None
            return
        if self._awaiting is None:
            raise ProtocolError("the server spoke unasked")
        after = TRANSITIONS[self._awaiting][1]
        if reply.status is Status.OK and after is not None:
            self.state = after
        elif self._awaiting in ("(greeting)", "LOGOUT"):
            self.state = State.CLOSED
        self._awaiting = None

    def starting_tls(self) -> None:
        """Forget what was learned in clear; to be called just before TLS starts.

        Raises `ProtocolError` when octets after STARTTLS's reply have already arrived.
        """
        if self._data or self._awaiting:
            raise ProtocolError("the server sent data between its reply and the TLS handshake")
        self.capabilities = Capabilities({})
        self.state, self._awaiting = State.GREETING, "(greeting)"  # it greets anew (RFC 5804 §2.2)
