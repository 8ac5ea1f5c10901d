"""POP3 operations, each written once as a `Flow` (RFC 1939, 2449, 2595, 5034).

`retrieve` is what makes Hongyan quick: it keeps a window of RETR in flight, bounded in commands and
octets, so that the line is never idle, and streams each message to a sink. A server that does not
offer PIPELINING is asked one thing at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from hongyan import sasl
from hongyan.errors import ConnectionLost, ProtocolError, Refused, Unsafe
from hongyan.flow import Flow, read, start_tls, write
from hongyan.pop3 import wire
from hongyan.pop3.types import (
    Capabilities,
    Challenge,
    Content,
    Entry,
    Event,
    Limits,
    Reply,
    Stat,
    Verb,
    Window,
)

if TYPE_CHECKING:
    from hongyan.pop3.connection import Connection

Sink: TypeAlias = Callable[[Entry, bytes, bool], None]
"""Takes an entry, a chunk of its message and whether that is the last."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that the server would not give, or not delete, and its words."""

    entry: Entry
    error: Refused


# -- the alphabet


def next_event(conn: Connection) -> Flow[Event]:
    """Return the next event, reading as needed."""
    while (event := conn.next_event()) is None:
        conn.receive((yield from read(progress=conn.progress)))
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
        raise wire.refusal(reply)
    return reply


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


# -- opening a session


def greet(conn: Connection) -> Flow[Reply]:
    """Read the greeting. Raises `Refused` when the server will not serve."""
    return (yield from accepted(conn))


def capa(conn: Connection, *, limits: Limits | None = None) -> Flow[Capabilities]:
    """Ask for the capabilities and keep them (RFC 2449 §5); none when CAPA is unknown."""
    yield from write(conn.send(Verb.CAPA))
    reply = yield from next_reply(conn)
    if reply.ok:
        body = yield from content(conn, limit=(limits or Limits()).listing)
        conn.capabilities = wire.capabilities(body)
    else:
        conn.capabilities = Capabilities({})
    return conn.capabilities


def stls(conn: Connection) -> Flow[bytes]:
    """Turn the session into TLS (RFC 2595 §4); return the server's certificate.

    Raises `Unsafe` when the server will not.
    """
    try:
        yield from command(conn, Verb.STLS)
    except Refused as error:
        raise Unsafe(f"the server does not offer TLS here: {error}") from None
    conn.starting_tls()
    return (yield from start_tls())


def login(conn: Connection, credentials: sasl.Credentials, terms: sasl.Terms) -> Flow[None]:
    """Log in by the strongest way offered.

    Raises `Unsafe` when the terms allow none of the ways offered, `AuthenticationRefused`.
    """
    offered = conn.capabilities.mechanisms
    if offered:
        mechanism = sasl.choose_under(terms, offered, credentials)
        yield from authenticate(conn, mechanism)
    elif not terms.disclose:
        raise Unsafe("the server offers no login that keeps the password from the line")
    else:
        yield from user_pass(conn, credentials)


def user_pass(conn: Connection, credentials: sasl.Credentials) -> Flow[None]:
    """Log in with USER and PASS (RFC 1939 §7)."""
    if credentials.password is None:
        raise Unsafe("the server wants a password, and there is none")
    user = conn.send(Verb.USER, credentials.username)
    secrets = (credentials.password.encode(),)
    if conn.capabilities.pipelining:
        yield from write(user + conn.send(Verb.PASS, credentials.password), secrets=secrets)
        answers = [(yield from next_reply(conn)), (yield from next_reply(conn))]
        for answer in answers:
            if not answer.ok:
                raise wire.refusal(answer)
    else:
        yield from write(user)
        yield from accepted(conn)
        yield from write(conn.send(Verb.PASS, credentials.password), secrets=secrets)
        yield from accepted(conn)


def authenticate(conn: Connection, mechanism: sasl.Mechanism) -> Flow[None]:
    """Log in by a SASL mechanism (RFC 5034 §4)."""
    first = mechanism.start()
    initial = [] if first is None else [wire.encode_response(first)[:-2].decode() or "="]
    octets = conn.send(Verb.AUTH, mechanism.name, *initial)
    yield from write(octets, secrets=(*mechanism.secrets, *(each.encode() for each in initial)))
    while True:
        event = yield from next_event(conn)
        if isinstance(event, Reply):
            break
        if isinstance(event, Challenge):
            response = wire.encode_response(mechanism.respond(event.data))
            yield from write(response, secrets=(*mechanism.secrets, response[:-2]))
    if not event.ok:
        raise wire.refusal(event)
    mechanism.finish()


def open_session(
    conn: Connection,
    credentials: sasl.Credentials | None,
    *,
    starttls: bool,
    terms: sasl.Terms,
) -> Flow[None]:
    """Greet, protect and log in; afterwards the session is in TRANSACTION."""
    yield from greet(conn)
    if starttls:
        terms = replace(terms, certificate=(yield from stls(conn)))
    yield from capa(conn)
    if credentials is not None:
        yield from login(conn, credentials, terms)


# -- the mailbox


def stat(conn: Connection) -> Flow[Stat]:
    """Return how many messages and octets there are."""
    reply = yield from command(conn, Verb.STAT)
    return wire.stat(reply.text)


def list_entries(conn: Connection, *, limits: Limits | None = None) -> Flow[tuple[Entry, ...]]:
    """Return all messages with sizes and unique ids, which are None where the server has none."""
    most = (limits or Limits()).listing
    listing = conn.send(Verb.LIST)
    if conn.capabilities.pipelining:
        yield from write(listing + conn.send(Verb.UIDL))
        yield from accepted(conn)
        sizes = yield from content(conn, limit=most)
    else:
        yield from write(listing)
        yield from accepted(conn)
        sizes = yield from content(conn, limit=most)
        yield from write(conn.send(Verb.UIDL))
    reply = yield from next_reply(conn)
    ids = (yield from content(conn, limit=most)) if reply.ok else b""
    return wire.entries(wire.sizes(sizes), wire.uidls(ids))


def retrieve(
    conn: Connection,
    entries: Sequence[Entry],
    sink: Sink,
    *,
    window: Window | None = None,
    limits: Limits | None = None,
) -> Flow[tuple[Failure, ...]]:
    """Stream the messages to ``sink``, in order; return those that the server would not give.

    An error that ends the flow may leave one message begun and not ended: it must not be kept.
    """
    window = window if window and conn.capabilities.pipelining else _usual_window(conn)
    most = (limits or Limits()).message
    waiting = deque(entries)
    asked: deque[Entry] = deque()
    failures: list[Failure] = []
    octets = 0
    while waiting or asked:
        if len(asked) <= window.commands // 2:
            commands: list[bytes] = []
            while waiting and _fits(window, len(asked), octets + waiting[0].size):
                asked.append(waiting.popleft())
                octets += asked[-1].size
                commands.append(conn.send(Verb.RETR, str(asked[-1].number)))
            if commands:
                yield from write(b"".join(commands))
        reply = yield from next_reply(conn)
        if reply.ok:
            yield from _stream(conn, asked[0], sink, most)
        else:
            failures.append(Failure(asked[0], wire.refusal(reply)))
        octets -= asked.popleft().size
    return tuple(failures)


def _usual_window(conn: Connection) -> Window:
    return Window() if conn.capabilities.pipelining else Window(commands=1)


def _fits(window: Window, commands: int, octets: int) -> bool:
    return commands == 0 or (commands < window.commands and octets <= window.octets)


def _stream(conn: Connection, entry: Entry, sink: Sink, most: int) -> Flow[None]:
    size = 0
    last = False
    while not last:
        event = yield from next_event(conn)
        if not isinstance(event, Content):
            raise ProtocolError("the server broke off a message")
        last = event.last
        size += len(event.data)
        if size > most:
            raise ProtocolError(f"message {entry.number} is longer than {most} octets")
        sink(entry, event.data, last)


def top(conn: Connection, entry: Entry, lines: int = 0) -> Flow[bytes]:
    """Return the header and the first ``lines`` lines of a message (RFC 1939 §7)."""
    yield from command(conn, Verb.TOP, str(entry.number), str(lines))
    return (yield from content(conn, limit=Limits().listing))


def delete(conn: Connection, entries: Sequence[Entry]) -> Flow[tuple[Failure, ...]]:
    """Mark messages deleted; they go when `quit_` is accepted. Return those refused."""
    failures: list[Failure] = []
    step = _usual_window(conn).commands
    for at in range(0, len(entries), step):
        batch = entries[at : at + step]
        commands = [conn.send(Verb.DELE, str(entry.number)) for entry in batch]
        yield from write(b"".join(commands))
        for entry in batch:
            reply = yield from next_reply(conn)
            if not reply.ok:
                failures.append(Failure(entry, wire.refusal(reply)))
    return tuple(failures)


def reset(conn: Connection) -> Flow[None]:
    """Take all deletion marks back."""
    yield from command(conn, Verb.RSET)


def noop(conn: Connection) -> Flow[None]:
    """Show the server that we are there."""
    yield from command(conn, Verb.NOOP)


def quit_(conn: Connection) -> Flow[Reply | None]:
    """End the session; return the server's answer, or None when it just closed.

    Only a ``+OK`` proves that marked messages were removed (RFC 1939 §6).
    """
    try:
        yield from write(conn.send(Verb.QUIT))
        return (yield from next_reply(conn))
    except ConnectionLost:
        return None
