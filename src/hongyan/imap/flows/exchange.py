"""The alphabet of IMAP flows: one event, one command, one reply, what came before it.

Its invariant: when a flow ends in `Refused`, nothing of it is in flight any more, so the session
can go on. A server that says BYE where nobody left is a lost connection, with its words.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from hongyan.errors import ConnectionLost, InvalidArgument, NetworkError, ProtocolError
from hongyan.flow import Flow, read, write
from hongyan.imap.data import BodyChunk
from hongyan.imap.refusal import refusal
from hongyan.imap.types import Condition, Continuation, State, Tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.encoder import Argument
    from hongyan.imap.types import Verb

T = TypeVar("T")
_SECONDS: Final = 300.0
_SECONDS_AFTER_REFUSAL: Final = 10.0

Claim: TypeAlias = "Callable[[Event], bool]"
"""Takes an event and says whether it was the flow's own; others go to the listener."""


def next_event(conn: Connection, *, within: float = _SECONDS) -> Flow[Event]:
    """Return the next event, reading as needed. Raises `ConnectionLost` after a BYE."""
    while (event := conn.next_event()) is None:
        conn.receive((yield from read(within=within, progress=conn.progress)))
    return alive(conn, event)


def alive(conn: Connection, event: Event) -> Event:
    """Return ``event`` unless it says that the server goes. Raises `ConnectionLost`."""
    if isinstance(event, Condition) and conn.state is State.LOGOUT:
        raise ConnectionLost(f"the server ended the session: {event.text}")
    return event


def send(
    conn: Connection,
    verb: Verb,
    *arguments: Argument,
    content: Iterable[bytes] = (),
    secrets: tuple[bytes, ...] = (),
) -> Flow[str]:
    """Send a command whole, waiting for leave where its literals need it; return its tag.

    Raises `Refused` when the server refuses a literal: its octets are then not sent.
    """
    octets = conn.send(verb, *arguments)
    tag = conn.last_tag
    yield from write(octets, secrets=secrets)
    while not conn.sent:
        if conn.needs_leave:
            yield from _leave(conn)
        if conn.owes_content:
            yield from _content(conn, content)
        yield from write(conn.resume(), secrets=secrets)
    return tag


def _leave(conn: Connection) -> Flow[None]:
    while True:
        event = yield from next_event(conn)
        if isinstance(event, Continuation):
            return
        if isinstance(event, Tagged):
            yield from drain(conn)
            raise refusal(event)
        tell(conn, event)


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


def tell(conn: Connection, event: Event) -> None:
    """Give an event that no command asked for to the listener; stray bodies are dropped."""
    if conn.listener is not None and not isinstance(event, BodyChunk | Tagged | Continuation):
        conn.listener(event)


def reply(conn: Connection, tag: str, claim: Claim | None = None) -> Flow[Tagged]:
    """Return the tagged reply to ``tag``; ``claim`` is offered each event before it."""
    while True:
        event = yield from next_event(conn)
        if isinstance(event, Tagged):
            if event.tag != tag:
                raise ProtocolError("the server answered another command first")
            return event
        if isinstance(event, Continuation):
            raise ProtocolError("the server asks to go on where nothing is to come")
        if claim is None or not claim(event):
            tell(conn, event)


def accepted(conn: Connection, tag: str, claim: Claim | None = None) -> Flow[Tagged]:
    """Return the tagged reply when it is OK. Raises `Refused` otherwise."""
    verdict = yield from reply(conn, tag, claim)
    if not verdict.ok:
        yield from drain(conn)
        raise refusal(verdict)
    return verdict


def drain(conn: Connection) -> Flow[None]:
    """Read and drop what is still to come, after a refusal; a server that goes away may."""
    with suppress(NetworkError):
        while conn.in_flight and conn.state is not State.LOGOUT:
            tell(conn, (yield from next_event(conn, within=_SECONDS_AFTER_REFUSAL)))


def command(
    conn: Connection, verb: Verb, *arguments: Argument, claim: Claim | None = None
) -> Flow[Tagged]:
    """Send one command and return its OK. Raises `Refused`."""
    tag = yield from send(conn, verb, *arguments)
    return (yield from accepted(conn, tag, claim))


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
