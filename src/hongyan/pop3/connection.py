"""The POP3 engine: octets in, events out, no socket (RFC 1939, 2449, 2595, 5034, 6856).

Its rules are the table below; a reply that the table does not know is a `ProtocolError`. Replies
belong to commands in the order in which these were sent, so any number may be in flight. Nothing
grows with what the server sends: lines have a limit and content leaves as it comes.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from hongyan.buffer import ReceiveBuffer
from hongyan.dots import Unstuffer
from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.pop3 import wire
from hongyan.pop3.types import Capabilities, Challenge, Content, Event, Limits, Reply, State, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable

# (state, command) -> (state after +OK, state after -ERR)
TRANSITIONS: Final[dict[tuple[State, Verb], tuple[State, State]]] = {
    (State.GREETING, Verb.GREETING): (State.AUTHORIZATION, State.CLOSED),
    **{
        (State.AUTHORIZATION, verb): (State.AUTHORIZATION, State.AUTHORIZATION)
        for verb in (Verb.CAPA, Verb.STLS, Verb.UTF8, Verb.LANG, Verb.USER)
    },
    **{
        (State.AUTHORIZATION, verb): (State.TRANSACTION, State.AUTHORIZATION)
        for verb in (Verb.PASS, Verb.APOP, Verb.AUTH)
    },
    (State.AUTHORIZATION, Verb.QUIT): (State.CLOSED, State.CLOSED),
    **{
        (State.TRANSACTION, verb): (State.TRANSACTION, State.TRANSACTION)
        for verb in (
            Verb.CAPA, Verb.LANG, Verb.STAT, Verb.LIST, Verb.UIDL, Verb.RETR,
            Verb.TOP, Verb.DELE, Verb.RSET, Verb.NOOP,
        )
    },
    (State.TRANSACTION, Verb.QUIT): (State.CLOSED, State.CLOSED),
}  # fmt: skip

_ALWAYS_MULTILINE: Final = frozenset({Verb.CAPA, Verb.RETR, Verb.TOP})
_LISTING: Final = frozenset(
    {Verb.LIST, Verb.UIDL, Verb.LANG}
)  # multi-line without an argument only
_PROGRESS_BLOCK: Final = 16_384


class Connection:
    """One POP3 session as the client sees it."""

    def __init__(self, *, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.state = State.GREETING
        self.capabilities = Capabilities({})
        self.timestamp = b""  # of the greeting, for APOP
        self._buffer = ReceiveBuffer(line_limit=self.limits.line)
        self._in_flight: deque[tuple[Verb, bool]] = deque([(Verb.GREETING, False)])
        self._ahead = State.GREETING
        self._content: Unstuffer | None = None
        self._events = 0
        self._octets = 0

    @property
    def progress(self) -> int:
        """A number that changes with each event and each whole block of content."""
        return self._events + self._octets // _PROGRESS_BLOCK

    @property
    def in_flight(self) -> int:
        """How many replies are still to come."""
        return len(self._in_flight)

    @property
    def awaiting(self) -> Verb | None:
        """The command whose reply is the next to come."""
        return self._in_flight[0][0] if self._in_flight else None

    def send(self, verb: Verb, *arguments: str) -> bytes:
        """Return the octets of a command, whose reply is now awaited.

        Raises `InvalidArgument` for an argument that could end a line, and for a command that has
        no place in the state that the commands in flight lead to; `ProtocolError` when the server
        has said something that no command asked for.
        """
        octets = wire.command(verb, *arguments)
        if len(self._buffer) and not self._in_flight:
            raise ProtocolError("the server spoke unasked")
        ahead = State.AUTHORIZATION if self._ahead is State.GREETING else self._ahead
        after = TRANSITIONS.get((ahead, verb))
        if after is None:
            raise InvalidArgument("command", f"{verb.value} has no place while {ahead.value}")
        self._ahead = after[0]
        multiline = verb in _ALWAYS_MULTILINE or (verb in _LISTING and not arguments)
        self._in_flight.append((verb, multiline))
        return octets

    def receive(self, data: bytes) -> None:
        """Take octets from the server."""
        self._buffer.feed(data)

    def next_event(self) -> Event | None:
        """Return the next event, or None when more octets are needed. Raises `ProtocolError`."""
        if self._content is not None:
            return self._next_content(self._content)
        line = self._buffer.line()
        if line is None:
            return None
        if not self._in_flight:
            raise ProtocolError(f"the server spoke unasked: {wire.text_of(line, limit=80)}")
        verb, multiline = self._in_flight[0]
        self._events += 1
        if verb is Verb.AUTH and line.startswith(b"+") and not line.upper().startswith(b"+OK"):
            return Challenge(line[1:])
        reply = wire.status(verb, line)
        if verb is Verb.GREETING:
            self.timestamp = wire.timestamp(line)
        if reply.ok and multiline:
            self._content = Unstuffer()
        else:
            self._in_flight.popleft()
        self._move(verb, reply)
        return reply

    def _next_content(self, content: Unstuffer) -> Content | None:
        data = self._buffer.content(content)
        self._octets += len(data)
        if content.finished:
            self._content = None
            self._events += 1
            verb, _ = self._in_flight.popleft()
            return Content(verb, data, last=True)
        return Content(self._in_flight[0][0], data, last=False) if data else None

    def _move(self, verb: Verb, reply: Reply) -> None:
        after = TRANSITIONS.get((self.state, verb))
        if after is None and reply.ok:
            raise ProtocolError(f"the server accepted {verb.value} while {self.state.value}")
        if after is not None:
            self.state = after[0 if reply.ok else 1]
        if not reply.ok:
            self._ahead = _lead(self.state, (verb for verb, _ in self._in_flight))

    def starting_tls(self) -> None:
        """Forget what was learned in clear (RFC 2595 §4); to be called just before TLS starts.

        Raises `ProtocolError` when octets after STLS's reply have already arrived.
        """
        if len(self._buffer) or self._in_flight:
            raise ProtocolError("the server sent data between its reply and the TLS handshake")
        self.capabilities = Capabilities({})


def _lead(state: State, verbs: Iterable[Verb]) -> State:
    """Return the state that ``verbs`` lead to from ``state`` when all that may succeed do."""
    for verb in verbs:
        state = TRANSITIONS.get((state, verb), (state, state))[0]
    return state
