"""The SMTP and LMTP engine: octets in, replies out, no socket (RFC 5321, 3207, 4954, 2920, 3030).

Its rules are the table below: a reply whose class the table does not allow for its command in the
state reached is a `ProtocolError`. Replies belong to commands in the order in which these were
sent, so whole transactions may be in flight. Lines and replies have a limit.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from hongyan.buffer import ReceiveBuffer
from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.smtp import wire
from hongyan.smtp.types import Extensions, Protocol, Reply, State, Verb

_HELLOS: Final = (Verb.EHLO, Verb.LHLO, Verb.HELO)
_OPEN: Final = (State.FRESH, State.READY, State.MAIL, State.RCPT)

_IN_TRANSACTION: Final = (State.MAIL, State.RCPT, State.BROKEN)

# (state, command, first digit of the reply) -> state
TRANSITIONS: Final[dict[tuple[State, Verb, int], State]] = {
    (State.GREETING, Verb.GREETING, 2): State.FRESH,
    **{(State.GREETING, Verb.GREETING, digit): State.CLOSED for digit in (4, 5)},
    **{(state, verb, 2): State.READY for state in _OPEN for verb in _HELLOS},
    **{(state, verb, d): state for state in _OPEN for verb in _HELLOS for d in (4, 5)},
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
        for verb in (Verb.MAIL, Verb.RCPT, Verb.DATA, Verb.BDAT, Verb.LAST)
        for d in (4, 5)
    },
    **{(state, Verb.RCPT, 2): State.RCPT for state in (State.MAIL, State.RCPT)},
    **{(state, Verb.RCPT, digit): state for state in (State.MAIL, State.RCPT) for digit in (4, 5)},
    **{(state, Verb.DATA, 3): State.CONTENT for state in (State.MAIL, State.RCPT)},
    **{(state, Verb.DATA, d): state for state in (State.MAIL, State.RCPT) for d in (4, 5)},
    **{(State.CONTENT, Verb.CONTENT, digit): State.READY for digit in (2, 4, 5)},
    (State.RCPT, Verb.BDAT, 2): State.RCPT,
    (State.RCPT, Verb.LAST, 2): State.READY,
    **{(state, Verb.BDAT, d): State.BROKEN for state in _IN_TRANSACTION for d in (4, 5)},
    **{(state, Verb.LAST, d): State.READY for state in _IN_TRANSACTION for d in (4, 5)},
    (State.FRESH, Verb.RSET, 2): State.FRESH,
    **{(state, Verb.RSET, 2): State.READY for state in (State.READY, *_IN_TRANSACTION)},
    **{
        (state, verb, d): state
        for state in _OPEN
        for verb in (Verb.NOOP, Verb.VRFY)
        for d in (2, 4, 5)
    },
    **{(state, Verb.RSET, digit): state for state in _OPEN for digit in (4, 5)},
    **{
        (state, Verb.QUIT, digit): State.CLOSED
        for state in (*_OPEN, State.BROKEN)
        for digit in (2, 4, 5)
    },
}
_REPLY_LINES: Final = 1024
_SERVICE_CLOSING: Final = 421  # may answer any command (RFC 5321 §3.8)


class Connection:
    """One session as the client sees it; ``secure`` says whether it is under TLS by now."""

    def __init__(self, *, protocol: Protocol = Protocol.SMTP, secure: bool = False) -> None:
        self.protocol = protocol
        self.secure = secure
        self.state = State.GREETING
        self.extensions = Extensions({})
        self.transactions = 0
        self._buffer = ReceiveBuffer()
        self._in_flight: deque[Verb] = deque([Verb.GREETING])
        self._accepted = 0
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

    @property
    def awaited(self) -> Verb:
        """What the next reply belongs to."""
        return self._in_flight[0] if self._in_flight else Verb.NOOP

    @property
    def clean(self) -> bool:
        """Whether a command sent now is certain to find no transaction open.

        The end of the content closes one whatever is answered. BDAT LAST does too where a recipient
        is known to be accepted, but RFC 3030 leaves open what it does without any (Exim 4.96 keeps
        the transaction).
        """
        if not self._in_flight:
            return self.state is State.READY
        known = len(self._in_flight) == 1 and self.state is State.RCPT
        last = self._in_flight[-1]
        return last in (Verb.CONTENT, Verb.RSET) or (last is Verb.LAST and known)

    @property
    def spent(self) -> bool:
        """Whether the server wants no more transactions in this session (RFC 9422, MAILMAX)."""
        limit = self.extensions.limits.mail_max
        return limit is not None and self.transactions >= limit

    # -- what goes out

    def send(self, verb: Verb, *arguments: str) -> bytes:
        """Return the octets of a command, whose reply is now awaited.

        Raises `InvalidArgument` where it has no place, `Refused` when the server has said goodbye
        (421) meanwhile, `ProtocolError` when it has said anything else.
        """
        octets = wire.command(verb, *arguments)
        self._await(verb)
        self.transactions += verb is Verb.MAIL
        return octets

    def send_chunk(self, size: int, *, last: bool) -> bytes:
        """Return a BDAT command, which ``size`` octets must follow; its reply is now awaited."""
        self._await(Verb.LAST if last else Verb.BDAT)
        return wire.bdat(size, last=last)

    def respond(self, response: bytes) -> bytes:
        """Return the octets of an answer to a 334 challenge."""
        self._await(Verb.AUTH)
        return wire.encode_response(response)

    def cancel_authentication(self) -> bytes:
        """Return the octets that end an authentication exchange (RFC 4954 §4)."""
        self._await(Verb.AUTH)
        return b"*\r\n"

    def end_of_data(self) -> None:
        """Say that the content's last octets go out now, so that its reply is awaited."""
        if not self.owes_content:
            raise InvalidArgument("command", "content has no place before a 354 reply")
        self._in_flight.append(Verb.CONTENT)

    @property
    def owes_content(self) -> bool:
        """Whether the server waits for the content that DATA announced."""
        return self.state is State.CONTENT and Verb.CONTENT not in self._in_flight

    def _await(self, verb: Verb) -> None:
        # RFC 2920 §3.1: only DATA's reply tells what may follow it, so it is the last of its group.
        waits = self.owes_content or (self._in_flight and self._in_flight[-1] is Verb.DATA)
        challenged = self.state is State.CHALLENGED and verb is not Verb.AUTH
        if waits or challenged or self.state is State.CLOSED:
            raise InvalidArgument("command", f"{verb.value} has no place while {self.state.value}")
        if len(self._buffer) and not self._in_flight:
            self._hear_out()
        self._in_flight.append(verb)

    def _hear_out(self) -> None:
        """Take what the server said unasked: only 421 may come so (RFC 5321 §3.8)."""
        farewell = self.next_event()
        if farewell is None:
            raise ProtocolError("the server spoke unasked")
        raise wire.refusal(farewell)

    # -- what comes in

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
        if verb in (Verb.EHLO, Verb.LHLO) and reply.positive:
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
        if verb is Verb.MAIL:
            self._accepted = 0
        elif verb is Verb.RCPT:
            self._accepted += code < 400
        elif verb in (Verb.CONTENT, Verb.LAST) and self._another_reply():
            self._in_flight.appendleft(verb)
            return
        self.state = after

    def _another_reply(self) -> bool:
        """Whether LMTP answers the content once more: once for each recipient (RFC 2033 §4.2)."""
        self._accepted -= 1
        more = self._accepted > 0 and self.state is not State.BROKEN
        return more and self.protocol is Protocol.LMTP

    # -- TLS

    def starting_tls(self) -> None:
        """Forget what was learned in clear (RFC 3207 §4.2); to be called just before TLS starts.

        Raises `ProtocolError` when octets after STARTTLS's reply have already arrived.
        """
        if len(self._buffer) or self._lines or self._in_flight:
            raise ProtocolError("the server sent data between its reply and the TLS handshake")
        self.extensions = Extensions({})
        self.secure = True
