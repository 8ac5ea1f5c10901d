"""The SMTP engine: octets in, replies out, no socket (RFC 5321, 3207, 4954, 2920).

Its rules are the table below: a reply whose class the table does not allow for its command in the
state reached is a `ProtocolError`. Replies belong to commands in the order in which these were
sent, so a whole transaction may be in flight. Lines and replies have a limit.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from hongyan.buffer import ReceiveBuffer
from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.smtp import wire
from hongyan.smtp.types import Extensions, Reply, State, Verb

_OPEN: Final = (State.FRESH, State.READY, State.MAIL, State.RCPT)

# (state, command, first digit of the reply) -> state
TRANSITIONS: Final[dict[tuple[State, Verb, int], State]] = {
    (State.GREETING, Verb.GREETING, 2): State.FRESH,
    **{(State.GREETING, Verb.GREETING, digit): State.CLOSED for digit in (4, 5)},
    **{(state, verb, 2): State.READY for state in _OPEN for verb in (Verb.EHLO, Verb.HELO)},
    **{
        (state, verb, d): state
        for state in _OPEN
        for verb in (Verb.EHLO, Verb.HELO)
        for d in (4, 5)
    },
    (State.READY, Verb.STARTTLS, 2): State.FRESH,
    **{(State.READY, Verb.STARTTLS, digit): State.READY for digit in (4, 5)},
    **{(state, Verb.AUTH, 3): State.CHALLENGED for state in (State.READY, State.CHALLENGED)},
    **{
        (state, Verb.AUTH, digit): State.READY
        for state in (State.READY, State.CHALLENGED)
        for digit in (2, 4, 5)
    },
    (State.READY, Verb.MAIL, 2): State.MAIL,
    **{
        (State.READY, verb, d): State.READY
        for verb in (Verb.MAIL, Verb.RCPT, Verb.DATA)
        for d in (4, 5)
    },
    **{(state, Verb.RCPT, 2): State.RCPT for state in (State.MAIL, State.RCPT)},
    **{(state, Verb.RCPT, digit): state for state in (State.MAIL, State.RCPT) for digit in (4, 5)},
    **{(state, Verb.DATA, 3): State.CONTENT for state in (State.MAIL, State.RCPT)},
    **{(state, Verb.DATA, d): state for state in (State.MAIL, State.RCPT) for d in (4, 5)},
    **{(State.CONTENT, Verb.CONTENT, digit): State.READY for digit in (2, 4, 5)},
    (State.FRESH, Verb.RSET, 2): State.FRESH,
    **{(state, Verb.RSET, 2): State.READY for state in _OPEN[1:]},
    **{
        (state, verb, d): state
        for state in _OPEN
        for verb in (Verb.NOOP, Verb.VRFY)
        for d in (2, 4, 5)
    },
    **{(state, Verb.RSET, digit): state for state in _OPEN for digit in (4, 5)},
    **{(state, Verb.QUIT, digit): State.CLOSED for state in _OPEN for digit in (2, 4, 5)},
}
_REPLY_LINES: Final = 1024
_SERVICE_CLOSING: Final = 421  # may answer any command (RFC 5321 §3.8)


class Connection:
    """One SMTP session as the client sees it."""

    def __init__(self) -> None:
        self.state = State.GREETING
        self.extensions = Extensions({})
        self._buffer = ReceiveBuffer()
        self._in_flight: deque[Verb] = deque([Verb.GREETING])
        self._code = 0
        self._lines: list[bytes] = []
        self._replies = 0

    @property
    def progress(self) -> int:
        """A number that changes with each whole reply."""
        return self._replies

    @property
    def in_flight(self) -> int:
        """How many replies are still to come."""
        return len(self._in_flight)

    def send(self, verb: Verb, *arguments: str) -> bytes:
        """Return the octets of a command, whose reply is now awaited. Raises `InvalidArgument`."""
        octets = wire.command(verb, *arguments)
        self._await(verb)
        return octets

    def respond(self, response: bytes) -> bytes:
        """Return the octets of an answer to a 334 challenge."""
        self._await(Verb.AUTH)
        return wire.encode_response(response)

    def end_of_data(self) -> None:
        """Say that the content's last octets go out now, so that its reply is awaited."""
        if self.state is not State.CONTENT:
            raise InvalidArgument("command", "content has no place before a 354 reply")
        self._in_flight.append(Verb.CONTENT)

    def _await(self, verb: Verb) -> None:
        blocked = self.state in (State.CONTENT, State.CLOSED)
        if blocked or (self.state is State.CHALLENGED and verb is not Verb.AUTH):
            raise InvalidArgument("command", f"{verb.value} has no place while {self.state.value}")
        if len(self._buffer) and not self._in_flight:
            raise ProtocolError("the server spoke unasked")
        self._in_flight.append(verb)

    def receive(self, data: bytes) -> None:
        """Take octets from the server."""
        self._buffer.feed(data)

    def next_event(self) -> Reply | None:
        """Return the next whole reply, or None when more octets are needed.

        Raises `ProtocolError`.
        """
        while (line := self._buffer.line()) is not None:
            code, last, words = wire.reply_line(line)
            if self._lines and code != self._code:
                raise ProtocolError(f"the server mixes {self._code} and {code} in one reply")
            self._code = code
            self._lines.append(words)
            if len(self._lines) > _REPLY_LINES:
                raise ProtocolError(f"the server's reply has more than {_REPLY_LINES} lines")
            if last:
                return self._complete()
        return None

    def _complete(self) -> Reply:
        code, lines = self._code, self._lines
        self._lines = []
        self._replies += 1
        if not self._in_flight and code != _SERVICE_CLOSING:
            raise ProtocolError(
                f"the server spoke unasked: {code} {wire.text_of(lines[0], limit=80)}"
            )
        verb = self._in_flight.popleft() if self._in_flight else Verb.NOOP
        self._move(verb, code)
        reply = wire.reply(verb, code, lines)
        if verb is Verb.EHLO and reply.positive:
            self.extensions = wire.extensions(reply.lines)
        elif verb is Verb.HELO:
            self.extensions = Extensions({})
        return reply

    def _move(self, verb: Verb, code: int) -> None:
        if code == _SERVICE_CLOSING:
            self.state = State.CLOSED
            return
        after = TRANSITIONS.get((self.state, verb, code // 100))
        if after is None:
            raise ProtocolError(
                f"the server answered {verb.value} with {code} while {self.state.value}"
            )
        self.state = after

    def starting_tls(self) -> None:
        """Forget what was learned in clear (RFC 3207 §4.2); to be called just before TLS starts.

        Raises `ProtocolError` when octets after STARTTLS's reply have already arrived.
        """
        if len(self._buffer) or self._lines or self._in_flight:
            raise ProtocolError("the server sent data between its reply and the TLS handshake")
        self.extensions = Extensions({})
