"""SMTP and LMTP sessions, each operation written once as a `Flow` (RFC 5321, 3207, 4954, 2033).

Opening, protecting, logging in and leaving; sending is in `hongyan.smtp.submission`. Timeouts are
those of RFC 5321 §4.5.3.2. The client speaks only when it has the greeting (§3.1), and waits for
the replies to EHLO, STARTTLS and AUTH, which decide what may follow: from the greeting on two round
trips with TLS from the start and an initial response, five with STARTTLS.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hongyan import sasl
from hongyan.errors import (
    HongyanError,
    InvalidArgument,
    NetworkError,
    ProtocolError,
    Refused,
    Unsafe,
)
from hongyan.flow import Flow, read, start_tls, write
from hongyan.reasons import Reason
from hongyan.smtp import wire
from hongyan.smtp.types import Protocol, Reply, State, Verb

if TYPE_CHECKING:
    from hongyan.smtp.connection import Connection

CLIENT_NAME: Final = "[127.0.0.1]"  # an address literal that tells nothing about the machine
_MINUTE: Final = 60.0
_USUAL_WAIT: Final = 5 * _MINUTE
_WAITS: Final = {
    Verb.DATA: 2 * _MINUTE,
    Verb.CONTENT: 10 * _MINUTE,
    Verb.BDAT: 10 * _MINUTE,
    Verb.LAST: 10 * _MINUTE,
}
_AUTH_LINE: Final = 12_288  # RFC 4954 §4, CRLF included


# -- the alphabet


def next_reply(conn: Connection, *, within: float | None = None) -> Flow[Reply]:
    """Return the next reply, reading as needed, in the time that its command may take."""
    seconds = within or _WAITS.get(conn.awaited, _USUAL_WAIT)
    while (reply := conn.next_event()) is None:
        conn.receive((yield from read(within=seconds, progress=conn.progress)))
    return reply


def accepted(conn: Connection) -> Flow[Reply]:
    """Return the next reply when it is positive. Raises `Refused` otherwise."""
    reply = yield from next_reply(conn)
    if not reply.positive:
        raise wire.refusal(reply)
    return reply


def command(conn: Connection, verb: Verb, *arguments: str) -> Flow[Reply]:
    """Send one command and return its positive reply. Raises `Refused`."""
    yield from write(conn.send(verb, *arguments))
    return (yield from accepted(conn))


# -- opening a session


def greet(conn: Connection) -> Flow[Reply]:
    """Read the greeting. Raises `Refused` when the server will not serve."""
    return (yield from accepted(conn))


def hello(conn: Connection, name: str = CLIENT_NAME) -> Flow[None]:
    """Say EHLO, or HELO to a server that does not know it (RFC 5321 §3.2); LHLO in LMTP."""
    lmtp = conn.protocol is Protocol.LMTP
    yield from write(conn.send(Verb.LHLO if lmtp else Verb.EHLO, name))
    reply = yield from next_reply(conn)
    if reply.positive:
        return
    if reply.temporary or lmtp or conn.state is State.CLOSED:
        raise wire.refusal(reply)
    yield from command(conn, Verb.HELO, name)


def starttls(conn: Connection) -> Flow[bytes]:
    """Turn the session into TLS (RFC 3207); return the server's certificate.

    Raises `Unsafe` when the server will not.
    """
    if "STARTTLS" not in conn.extensions:
        raise Unsafe(Reason.TLS_DEMANDED.of())
    try:
        yield from command(conn, Verb.STARTTLS)
    except Refused as error:
        raise Unsafe(Reason.NO_TLS.of(said=error)) from None
    conn.starting_tls()
    return (yield from start_tls())


def login(conn: Connection, credentials: sasl.Credentials, terms: sasl.Terms) -> Flow[None]:
    """Log in by the strongest mechanism offered.

    Raises `Unsafe` when the terms allow none of those offered, `AuthenticationRefused`.
    """
    mechanism = sasl.choose_under(terms, conn.extensions.mechanisms, credentials)
    yield from authenticate(conn, mechanism)


def authenticate(conn: Connection, mechanism: sasl.Mechanism) -> Flow[None]:
    """Log in by a SASL mechanism (RFC 4954 §4).

    The initial response goes with the command where it fits into a line; when the server does not
    understand that (500, 501), once more without. Raises `AuthenticationRefused`, `Refused` for
    what does not speak against the credentials, `ProtocolError`.
    """
    first = mechanism.start()
    initial = b"" if first is None else wire.encode_response(first)[:-2] or b"="
    if len(f"AUTH {mechanism.name} \r\n") + len(initial) > _AUTH_LINE:
        initial = b""
    reply = yield from _start_authentication(conn, mechanism, initial)
    if initial and reply.code in (500, 501) and conn.state is State.READY:
        initial = b""
        reply = yield from _start_authentication(conn, mechanism, initial)
    waiting = None if initial else first
    while reply.code == 334:
        response = yield from _response(conn, mechanism, reply, waiting)
        waiting = None
        yield from write(response, secrets=(*mechanism.secrets, response[:-2]))
        reply = yield from next_reply(conn)
    if not reply.positive:
        raise wire.refusal(reply, reason=getattr(mechanism, "refusal", ""))
    mechanism.finish()


def _start_authentication(
    conn: Connection, mechanism: sasl.Mechanism, initial: bytes
) -> Flow[Reply]:
    octets = conn.send(Verb.AUTH, mechanism.name, *filter(None, [initial.decode()]))
    yield from write(octets, secrets=(*mechanism.secrets, initial))
    return (yield from next_reply(conn))


def _response(
    conn: Connection, mechanism: sasl.Mechanism, reply: Reply, waiting: bytes | None
) -> Flow[bytes]:
    """Return the answer to a challenge; the exchange is called off when there is none to give."""
    try:
        challenge = wire.challenge(reply) if waiting is None else b""
        return conn.respond(mechanism.respond(challenge) if waiting is None else waiting)
    except HongyanError:
        with suppress(NetworkError, ProtocolError):
            yield from write(conn.cancel_authentication())
            yield from next_reply(conn)
        raise


def open_session(
    conn: Connection,
    credentials: sasl.Credentials | None,
    *,
    use_starttls: bool,
    terms: sasl.Terms,
    name: str = CLIENT_NAME,
) -> Flow[None]:
    """Greet, protect and log in; afterwards the session is ready for a transaction.

    ``terms`` with a certificate say that TLS is there from the start.
    """
    conn.secure = conn.secure or bool(terms.certificate)
    yield from greet(conn)
    yield from hello(conn, name)
    if use_starttls:
        terms = replace(terms, certificate=(yield from starttls(conn)))
        yield from hello(conn, name)
    if credentials is not None:
        yield from login(conn, credentials, terms)


# -- between transactions


def reset(conn: Connection) -> Flow[None]:
    """Give up the open transaction."""
    yield from command(conn, Verb.RSET)


def noop(conn: Connection) -> Flow[None]:
    """Show the server that we are there."""
    yield from command(conn, Verb.NOOP)


def quit_(conn: Connection) -> Flow[None]:
    """End the session; whatever the server says to it changes nothing.

    Where no command has its place, as amid the content, closing the line is the end.
    """
    with suppress(NetworkError, ProtocolError, Refused, InvalidArgument):
        yield from write(conn.send(Verb.QUIT))
        while (yield from next_reply(conn, within=_MINUTE)).verb is not Verb.QUIT:
            pass
