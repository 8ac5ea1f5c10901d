"""The alphabet of IMAP flows: requests, one or many in flight, and the events that answer them.

A `Request` is a command with what its answer means; `ask` performs one, `ask_each` as many at once
as RFC 9051 §5.5 allows. Its invariant: when a flow ends in `Refused`, nothing of it is in flight
any more, so the session can go on. A server that says BYE where nobody left is a lost connection,
with its words.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from hongyan.errors import (
    ConnectionLost,
    InvalidArgument,
    NetworkError,
    ProtocolError,
    Refused,
    Unsafe,
)
from hongyan.flow import Flow, read, write
from hongyan.imap.data import BodyChunk, Found
from hongyan.imap.refusal import refusal
from hongyan.imap.states import OPENS
from hongyan.imap.types import Condition, Continuation, State, Tagged, Verb
from hongyan.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.encoder import Argument

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_SECONDS: Final = 300.0

Claim: TypeAlias = "Callable[[Event], bool]"
"""Takes an event and says whether it was the request's own; others go to the listener."""


def none_of_it(_: Event) -> bool:
    """Claim nothing."""
    return False


def only_ok(reply: Tagged) -> bool:
    """Accept what was carried out."""
    return reply.ok


def nothing(_: Tagged) -> None:
    """Have no result."""


@dataclass(frozen=True, slots=True, eq=False)
class Request(Generic[T_co]):
    """A command, what of the events before its reply belongs to it, and what its OK means.

    ``accepts`` is for commands of which a NO is a result too. ``contents`` are those of its
    `Content` arguments, in order; ``secrets`` go into no record. Each is asked once only, since its
    claim may gather.
    """

    verb: Verb
    arguments: Sequence[Argument]
    result: Callable[[Tagged], T_co]
    claim: Claim = none_of_it
    accepts: Callable[[Tagged], bool] = only_ok
    contents: Iterable[Iterable[bytes]] = ()
    secrets: tuple[bytes, ...] = ()


def logout_request() -> Request[None]:
    """Return the request to end the session, and to take what the server says to it as its own."""
    return Request(Verb.LOGOUT, (), nothing, lambda event: isinstance(event, Condition))


def require(conn: Connection, *names: str) -> None:
    """Raise `Unsafe` unless the server offers one of ``names``."""
    if not conn.offers(*names):
        raise Unsafe(f"the server does not offer {names[0]}")


def next_event(conn: Connection, *, within: float = _SECONDS) -> Flow[Event]:
    """Return the next event, reading as needed. Raises `ConnectionLost` after a BYE."""
    while (event := conn.next_event()) is None:
        conn.receive((yield from read(within=within, progress=conn.progress)))
    return alive(conn, event)


def alive(conn: Connection, event: Event) -> Event:
    """Return ``event`` unless it says that the server goes. Raises `ConnectionLost`."""
    if isinstance(event, Condition) and conn.state is State.LOGOUT:
        raise ConnectionLost(Reason.ENDED.of(said=event.text))
    return event


def tell(conn: Connection, event: Event) -> None:
    """Give an event that no command asked for to the listener; stray bodies are dropped."""
    if conn.listener is not None and not isinstance(event, BodyChunk | Tagged | Continuation):
        conn.listener(event)


class Flight:
    """Requests on their way, in the order in which they were sent; `settle` hears each reply.

    Data that name their command go to it. Others are offered to each in turn, but to nobody behind
    a command that opens a mailbox: what comes before its reply can be no answer to what follows.
    """

    __slots__ = ("_conn", "_requests", "_settle")

    def __init__(self, conn: Connection, settle: Callable[[Request[Any], Tagged], None]) -> None:
        self._conn = conn
        self._settle = settle
        self._requests: dict[str, Request[Any]] = {}

    def __len__(self) -> int:
        return len(self._requests)

    def send(self, request: Request[Any]) -> Flow[None]:
        """Send a command whole, waiting for leave where its literals need it.

        When the server refuses a literal, its octets are not sent.
        """
        conn = self._conn
        octets = conn.send(request.verb, *request.arguments)
        tag = conn.last_tag
        self._requests[tag] = request
        contents = iter(request.contents)
        yield from write(octets, secrets=request.secrets)
        while not conn.sent:
            if conn.needs_leave and not (yield from self._leave(tag)):
                return
            if conn.owes_content:
                yield from _content(conn, next(contents, ()))
            yield from write(conn.resume(), secrets=request.secrets)

    def _leave(self, tag: str) -> Flow[bool]:
        """Wait for the invitation; False when the command is refused instead."""
        while tag in self._requests:
            event = yield from next_event(self._conn)
            if isinstance(event, Continuation):
                return True
            self._heard(event)
        return False

    def await_reply(self) -> Flow[None]:
        """Take events until a reply has come."""
        conn, left = self._conn, len(self._requests)
        while len(self._requests) == left:
            while (event := conn.next_event()) is None:
                conn.receive((yield from read(within=_SECONDS, progress=conn.progress)))
            self._heard(alive(conn, event))

    def _heard(self, event: Event) -> None:
        if isinstance(event, Tagged):
            self._replied(event)
        elif isinstance(event, Continuation):
            raise ProtocolError("the server asks to go on where nothing is to come")
        elif not self._claimed(event):
            tell(self._conn, event)

    def _claimed(self, event: Event) -> bool:
        """Whether a request has taken an event as its own."""
        if isinstance(event, Found) and event.tag is not None:
            named = self._requests.get(event.tag)
            return named is not None and named.claim(event)
        for request in self._requests.values():
            if request.claim(event):
                return True
            if request.verb in OPENS:
                return False
        return False

    def _replied(self, reply: Tagged) -> None:
        request = self._requests.pop(reply.tag, None)
        if request is None:
            raise ProtocolError("the server answered another command first")
        self._settle(request, reply)


def _content(conn: Connection, content: Iterable[bytes]) -> Flow[None]:
    """Send a literal's octets; when they are not as many as announced, the session is over."""
    try:
        for chunk in content:
            yield from write(conn.content(chunk))
        if conn.owes_content:
            raise InvalidArgument("content", "is shorter than was announced")
    except BaseException:
        conn.abandon()
        raise


def reply_to(conn: Connection, request: Request[Any]) -> Flow[Tagged]:
    """Perform one request and return its reply, be it OK or not."""
    replies: list[Tagged] = []
    flight = Flight(conn, lambda _, reply: replies.append(reply))
    yield from flight.send(request)
    while flight:
        yield from flight.await_reply()
    return replies[0]


def ask(conn: Connection, request: Request[T]) -> Flow[T]:
    """Perform one request. Raises `Refused` unless the server says OK."""
    reply = yield from reply_to(conn, request)
    if not request.accepts(reply):
        raise refusal(reply)
    return request.result(reply)


def ask_each(
    conn: Connection,
    requests: Iterable[Request[T]],
    *,
    at_once: int | None = None,
    leave: bool = False,
) -> Flow[tuple[T | Refused, ...]]:
    """Perform requests with up to ``at_once`` in flight; return what became of each, in order.

    A request that must not follow what is in flight waits until it may (RFC 9051 §5.5). With
    ``leave`` LOGOUT goes behind the last; whatever the server says to it changes nothing.
    """
    outcomes: dict[Request[T], T | Refused] = {}

    def settle(request: Request[T], reply: Tagged) -> None:
        if request.verb is not Verb.LOGOUT:
            accepted = request.accepts(reply)
            outcomes[request] = request.result(reply) if accepted else refusal(reply)

    at_once = at_once or conn.manners.at_once
    asked: list[Request[T]] = []
    flight = Flight(conn, settle)
    for request in requests:
        while len(flight) >= at_once or not _may_go(conn, flight, request):
            yield from flight.await_reply()
        asked.append(request)
        yield from flight.send(request)
    if leave and _may_go(conn, flight, goodbye := logout_request()):
        yield from flight.send(goodbye)
    while len(outcomes) < len(asked):
        yield from flight.await_reply()
    with suppress(NetworkError, ProtocolError):
        while flight:
            yield from flight.await_reply()
    return tuple(outcomes[each] for each in asked)


def _may_go(conn: Connection, flight: Flight, request: Request[Any]) -> bool:
    """Whether a request may be sent now; what needs the server's leave goes alone (§5.5)."""
    return not flight or (conn.may_send(request.verb) and not conn.must_ask(request.arguments))


def command(
    conn: Connection, verb: Verb, *arguments: Argument, claim: Claim = none_of_it
) -> Flow[Tagged]:
    """Send one command and return its OK. Raises `Refused`."""
    return (yield from ask(conn, Request(verb, arguments, lambda reply: reply, claim)))


def collector(conn: Connection, kind: type[T], found: list[T]) -> Claim:
    """Return a claim that gathers the events of one ``kind``, no more than the limits allow."""

    def claim(event: Event) -> bool:
        if not isinstance(event, kind):
            return False
        if len(found) >= conn.limits.items:
            raise ProtocolError(f"the server sent more than {conn.limits.items} items")
        found.append(event)
        return True

    return claim
