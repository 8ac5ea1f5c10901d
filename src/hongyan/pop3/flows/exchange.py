"""The alphabet of POP3 flows: one event, one reply, one command, one listing.

Its invariant: when a flow ends in `Refused`, nothing of it is in flight any more, so the session
can go on.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hongyan.errors import NetworkError, ProtocolError
from hongyan.flow import Flow, read, write
from hongyan.pop3 import wire
from hongyan.pop3.types import Content, Event, Reply, State

if TYPE_CHECKING:
    from hongyan.pop3.connection import Connection
    from hongyan.pop3.types import Verb

_SECONDS: Final = 300.0
_SECONDS_AFTER_REFUSAL: Final = 10.0


def next_event(conn: Connection, *, within: float = _SECONDS) -> Flow[Event]:
    """Return the next event, reading as needed."""
    while (event := conn.next_event()) is None:
        conn.receive((yield from read(within=within, progress=conn.progress)))
    return event


def next_reply(conn: Connection) -> Flow[Reply]:
    """Return the next status line."""
    event = yield from next_event(conn)
    if not isinstance(event, Reply):
        raise ProtocolError("the server sent content where a status line belongs")
    return event


def accepted(conn: Connection) -> Flow[Reply]:
    """Return the next status line when it is ``+OK``. Raises `Refused` otherwise."""
    reply = yield from next_reply(conn)
    if not reply.ok:
        yield from drain(conn)
        raise wire.refusal(reply, delay=conn.capabilities.login_delay)
    return reply


def drain(conn: Connection) -> Flow[None]:
    """Read and drop what is still to come, after a refusal; a server that goes away may."""
    left = conn.limits.listing
    with suppress(NetworkError):
        while conn.in_flight and conn.state is not State.CLOSED:
            event = yield from next_event(conn, within=_SECONDS_AFTER_REFUSAL)
            left -= len(event.data) if isinstance(event, Content) else 0
            if left < 0:
                raise ProtocolError("the server talks on and on after a refusal")


def ask(conn: Connection, verb: Verb) -> Flow[Reply]:
    """Return the reply to ``verb``, which is sent now unless it is in flight already."""
    if conn.awaiting is not verb:
        yield from write(conn.send(verb))
    return (yield from next_reply(conn))


def command(conn: Connection, verb: Verb, *arguments: str) -> Flow[Reply]:
    """Send one command and return its ``+OK``. Raises `Refused`."""
    yield from write(conn.send(verb, *arguments))
    return (yield from accepted(conn))


def content(conn: Connection, *, limit: int) -> Flow[bytes]:
    """Return the content that follows a ``+OK``. Raises `ProtocolError` past ``limit`` octets."""
    chunks: list[bytes] = []
    size = 0
    while True:
        event = yield from next_event(conn)
        if not isinstance(event, Content):
            raise ProtocolError("the server broke off a multi-line reply")
        chunks.append(event.data)
        size += len(event.data)
        if size > limit:
            raise ProtocolError(f"the server's {event.verb.value} is longer than {limit} octets")
        if event.last:
            return b"".join(chunks)
