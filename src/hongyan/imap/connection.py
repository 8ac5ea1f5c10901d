"""The IMAP engine: octets in, events out, no socket (RFC 9051 and 3501).

Its rules are the table and the sets in `states`; whatever they do not allow is refused, ours before
it is sent, the server's as a `ProtocolError`. Tags cannot be guessed, so nobody answers a command
that was not sent. What was learned before TLS or before the login is forgotten with it.
Nothing grows with what the server sends beyond the `Limits`.
"""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.guard import shown
from hongyan.imap.data import BodyChunk, Enabled, Untagged
from hongyan.imap.encoder import Dialect, encode
from hongyan.imap.framing import Chunk, Framer, Limits, Opening
from hongyan.imap.parser import opening, parse
from hongyan.imap.quirks import Manners
from hongyan.imap.states import ALONE, ENDS, FOLLOWS_OPENING, ONE_AT_A_TIME, OPENS, TRANSITIONS
from hongyan.imap.types import (
    Capabilities,
    Condition,
    Continuation,
    State,
    Status,
    Tagged,
    Verb,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.imap.encoder import Argument, Segment

Event: TypeAlias = Untagged | BodyChunk | Condition | Tagged | Continuation
News: TypeAlias = Untagged | Condition
"""What a server tells although no command asked for it."""

_TALKS: Final = frozenset({Verb.AUTHENTICATE, Verb.IDLE})
_GREETINGS: Final = {
    Status.OK: State.NOT_AUTHENTICATED,
    Status.PREAUTH: State.AUTHENTICATED,
    Status.BYE: State.LOGOUT,
}
_UTF8: Final = frozenset({"UTF8=ACCEPT", "IMAP4REV2"})
_PROGRESS_BLOCK: Final = 16_384


def unpredictable_tag() -> str:
    """Return a tag that nobody could have guessed."""
    return f"H{secrets.token_hex(8)}"


class Connection:
    """One IMAP session as the client sees it.

    ``listener`` is told what the server says unasked: new mail, expunged messages, warnings.
    ``manners`` are how this server must be spoken to, once it is known which it is; ``mechanisms``
    what it offered for the login, since afterwards servers do not say.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        listener: Callable[[News], None] | None = None,
        tags: Callable[[], str] = unpredictable_tag,
    ) -> None:
        self.state = State.GREETING
        self.capabilities = Capabilities()
        self.enabled: frozenset[str] = frozenset()
        self.farewell: Condition | None = None
        self.manners = Manners()
        self.mechanisms: tuple[str, ...] = ()
        self.listener = listener
        self._tags = tags
        self._framer = Framer(limits)
        self._in_flight: dict[str, Verb] = {}
        self._unsent: deque[Segment] = deque()
        self._body: BodyChunk | None = None
        self._capabilities_told = False
        self._last = ""
        self._leave = False
        self._content = 0
        self._events = 0
        self._octets = 0

    # -- what flows ask

    @property
    def limits(self) -> Limits:
        """How much the server may send."""
        return self._framer.limits

    @property
    def progress(self) -> int:
        """A number that changes with each event and each whole block of a body."""
        return self._events + self._octets // _PROGRESS_BLOCK

    @property
    def in_flight(self) -> int:
        """How many tagged replies are still to come."""
        return len(self._in_flight)

    @property
    def last_tag(self) -> str:
        """The tag of the command sent last."""
        return self._last

    @property
    def needs_leave(self) -> bool:
        """Whether the rest of the command waits for a continuation request."""
        return self._leave

    @property
    def owes_content(self) -> int:
        """How many octets of content must go out before the rest of the command."""
        return self._content

    @property
    def sent(self) -> bool:
        """Whether the last command has gone out whole."""
        return not self._unsent and not self._content

    @property
    def utf8(self) -> bool:
        """Whether mailbox names go as UTF-8 (RFC 6855 §3, RFC 9051 §5.1)."""
        return not self.enabled.isdisjoint(_UTF8)

    def offers(self, *names: str) -> bool:
        """Whether the server offers one of ``names``."""
        return self.capabilities.any(*names)

    # -- sending

    def send(self, verb: Verb, *arguments: Argument) -> bytes:
        """Return the first octets of a command, whose reply is now awaited; see `sent`.

        Raises `InvalidArgument` for an argument that could end a line, for a command that has no
        place in this state, and for one whose reply could not be told from another's.
        """
        self._check_place(verb)
        tag = self._tags()
        segments = encode(tag, verb.value, arguments, self._dialect())
        self._in_flight[tag] = verb
        self._last = tag
        if verb in (Verb.LOGIN, Verb.AUTHENTICATE):
            self._capabilities_told = False
        self._unsent = deque(segments)
        return self._next_segment()

    def resume(self) -> bytes:
        """Return the next octets of a command, once there is leave and the content is out."""
        if self._leave or self._content or not self._unsent:
            raise InvalidArgument("command", "cannot go on here")
        return self._next_segment()

    def content(self, chunk: bytes) -> bytes:
        """Count a chunk of content and return it. Raises `InvalidArgument` past its size."""
        if self._leave or len(chunk) > self._content:
            raise InvalidArgument("content", "is longer than was announced, or out of place")
        self._content -= len(chunk)
        return chunk

    def abandon(self) -> None:
        """Give the session up, since an announced literal cannot be completed."""
        self.state = State.LOGOUT

    def _check_place(self, verb: Verb) -> None:
        if (self._expected, verb) not in TRANSITIONS:
            raise InvalidArgument("command", f"{verb.value} has no place while {self.state.value}")
        if not self.may_send(verb):
            raise InvalidArgument("command", f"{verb.value} must wait for another command's reply")

    @property
    def _expected(self) -> State:
        """The state in which the server will find the next command, if all before it go well."""
        opening = not OPENS.isdisjoint(self._in_flight.values())
        return State.SELECTED if opening else self.state

    def may_send(self, verb: Verb) -> bool:
        """Whether ``verb`` need not wait for the reply to another command (RFC 9051 §5.5)."""
        others = set(self._in_flight.values())
        if verb in FOLLOWS_OPENING:
            others -= OPENS
        alone = others & ALONE or (others and verb in ALONE - ENDS)
        return self.sent and not alone and not (verb in others and self._ambiguous(verb))

    def must_ask(self, arguments: Iterable[Argument]) -> bool:
        """Whether a command with these has a literal that the server must give leave for."""
        return any(segment.leave for segment in encode("", "", arguments, self._dialect()))

    def _ambiguous(self, verb: Verb) -> bool:
        """Whether two of the same could not be told apart; ESEARCH data name their command."""
        if verb is Verb.UID_SEARCH and self.offers("ESEARCH", "IMAP4REV2"):
            return False
        return verb in ONE_AT_A_TIME

    def _dialect(self) -> Dialect:
        return Dialect(
            literal_plus="LITERAL+" in self.capabilities,
            literal_minus=self.offers("LITERAL-", "IMAP4REV2"),
            utf8=self.utf8,
        )

    def _next_segment(self) -> bytes:
        segment = self._unsent.popleft()
        self._leave, self._content = segment.leave, segment.content
        return segment.octets

    # -- receiving

    def receive(self, data: bytes) -> None:
        """Take octets from the server."""
        self._framer.feed(data)

    def next_event(self) -> Event | None:
        """Return the next event, or None when more octets are needed. Raises `ProtocolError`."""
        while (frame := self._framer.next()) is not None:
            if isinstance(frame, Opening):
                self._body = opening(frame)
            elif isinstance(frame, Chunk):
                return self._chunk(frame)
            else:
                self._events += 1
                event = parse(frame, utf8=self.utf8)
                return self._greeted(event) if self.state is State.GREETING else self._noted(event)
        return None

    def _chunk(self, chunk: Chunk) -> BodyChunk:
        if self._body is None:
            raise ProtocolError("the server sent content where there is none")
        self._octets += len(chunk.data)
        return BodyChunk(self._body.message, self._body.body, chunk.data, chunk.last)

    def _greeted(self, event: Event) -> Condition:
        if not isinstance(event, Condition) or event.status not in _GREETINGS:
            raise ProtocolError("the server's greeting is none of IMAP's")
        self.state = _GREETINGS[event.status]
        self._learn(event)
        return event

    def _noted(self, event: Event) -> Event:
        match event:
            case Tagged():
                return self._replied(event)
            case Continuation():
                self._invited()
            case Condition(status=Status.PREAUTH):
                raise ProtocolError("the server says PREAUTH where it greets nobody")
            case Condition():
                self._learn(event)
            case Capabilities():
                self._offered(event)
            case Enabled():
                self.enabled |= set(event.names)
        return event

    def _learn(self, event: Condition) -> None:
        if event.status is Status.BYE:
            self.farewell = event
            if Verb.LOGOUT not in self._in_flight.values():
                self.state = State.LOGOUT
        if event.code and isinstance(event.code.value, Capabilities):
            self._offered(event.code.value)

    def _offered(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self._capabilities_told = True

    def _invited(self) -> None:
        if self._leave:
            self._leave = False
        elif not _TALKS & set(self._in_flight.values()):
            raise ProtocolError("the server asks to go on where nothing is to come")

    def _replied(self, reply: Tagged) -> Tagged:
        verb = self._in_flight.pop(reply.tag, None)
        if verb is None:
            raise ProtocolError(f"the server answers a command never sent: {shown(reply.tag)}")
        if reply.tag == self._last and not self.sent:
            if reply.ok or not self._leave:
                raise ProtocolError(f"the server answered {verb.value} before it was wholly sent")
            self._unsent.clear()
            self._leave, self._content = False, 0
        self.state = TRANSITIONS.get((self.state, verb), (self.state,) * 2)[0 if reply.ok else 1]
        self._entered(verb, reply)
        return replace(reply, verb=verb)

    def _entered(self, verb: Verb, reply: Tagged) -> None:
        """Take what a login's reply offers, and forget what was offered before it."""
        code = reply.code.value if reply.code else None
        if isinstance(code, Capabilities):
            self._offered(code)
        elif reply.ok and verb in (Verb.LOGIN, Verb.AUTHENTICATE) and not self._capabilities_told:
            self.capabilities = Capabilities()

    def unread(self) -> bytes:
        """Give back the octets that came after the reply to COMPRESS, for they are compressed."""
        return self._framer.unread()

    def starting_tls(self) -> None:
        """Forget what was learned in clear (RFC 9051 §6.2.1); to be called just before TLS starts.

        Raises `ProtocolError` when octets after STARTTLS's reply have already arrived.
        """
        if len(self._framer) or self._in_flight:
            raise ProtocolError("the server sent data between its reply and the TLS handshake")
        self.capabilities = Capabilities()
        self.enabled = frozenset()
