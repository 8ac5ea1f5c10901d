"""Logging in by POP3: SASL (RFC 5034), USER and PASS, APOP (RFC 1939 §7).

Commands that may follow the login ride with its last line where the server offers PIPELINING: the
``riders``, whose replies are then in flight when the flow ends. A refused login leaves none. The
greeting is read on the way when it has not been.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hongyan import sasl
from hongyan.errors import InvalidArgument, NetworkError, ProtocolError, Unsafe
from hongyan.flow import Flow, write
from hongyan.pop3 import wire
from hongyan.pop3.flows.exchange import accepted, drain, next_event
from hongyan.pop3.types import Challenge, Reply, State, Verb
from hongyan.reasons import Reason

if TYPE_CHECKING:
    from hongyan.pop3.connection import Connection

_ONE_STEP: Final = frozenset({"PLAIN", "EXTERNAL"})  # over with the initial response


def greeted(conn: Connection) -> Flow[None]:
    """Read the greeting, unless that was done. Raises `Refused` when the server will not serve."""
    if conn.state is State.GREETING:
        yield from accepted(conn)


def login(
    conn: Connection,
    credentials: sasl.Credentials,
    terms: sasl.Terms,
    *,
    riders: tuple[Verb, ...] = (),
) -> Flow[None]:
    """Log in by the strongest way offered.

    Raises `Unsafe` when the terms allow none of the ways offered, `AuthenticationRefused`.
    """
    offered = conn.capabilities.mechanisms
    if offered:
        mechanism = sasl.choose_under(terms, offered, credentials)
        yield from authenticate(conn, mechanism, riders=riders)
    elif not terms.disclose:
        raise Unsafe(Reason.NO_SAFE_LOGIN.of())
    else:
        sasl.refuse_less(terms, credentials)
        yield from user_pass(conn, credentials, riders=riders)


def user_pass(
    conn: Connection, credentials: sasl.Credentials, *, riders: tuple[Verb, ...] = ()
) -> Flow[None]:
    """Log in with USER and PASS (RFC 1939 §7)."""
    password = _password(conn, credentials)
    secrets = (password.encode(),)
    user = conn.send(Verb.USER, credentials.username)
    if conn.capabilities.pipelining:
        octets = user + conn.send(Verb.PASS, password) + riding(conn, riders)
        yield from write(octets, secrets=secrets)
        yield from greeted(conn)
        yield from accepted(conn)
    else:
        yield from write(user)
        yield from greeted(conn)
        yield from accepted(conn)
        yield from write(conn.send(Verb.PASS, password), secrets=secrets)
    yield from accepted(conn)


def apop(conn: Connection, credentials: sasl.Credentials, terms: sasl.Terms) -> Flow[None]:
    """Log in with APOP (RFC 1939 §7), which nothing here does unasked.

    Its MD5 digest keeps a password from the line no longer than it resists guessing, so terms that
    forbid to show the password forbid APOP too. Raises `Unsafe`, also when the greeting holds no
    proper timestamp.
    """
    yield from greeted(conn)
    if not terms.disclose:
        raise Unsafe("APOP protects a password too weakly for an open line")
    if not conn.timestamp:
        raise Unsafe("the server's greeting has no timestamp that APOP could use")
    password = _password(conn, credentials)
    digest = wire.digest(conn.timestamp, password)
    octets = conn.send(Verb.APOP, credentials.username, digest)
    yield from write(octets, secrets=(password.encode(), digest.encode()))
    yield from accepted(conn)


def _password(conn: Connection, credentials: sasl.Credentials) -> str:
    if credentials.password is None:
        raise Unsafe(Reason.NO_PASSWORD.of())
    if not conn.capabilities.utf8_login:
        for field, value in (
            ("username", credentials.username),
            ("password", credentials.password),
        ):
            if not value.isascii():  # RFC 6856 §2.2
                raise InvalidArgument(field, "is not ASCII, and this server takes no other")
    return credentials.password


def authenticate(
    conn: Connection, mechanism: sasl.Mechanism, *, riders: tuple[Verb, ...] = ()
) -> Flow[None]:
    """Log in by a SASL mechanism (RFC 5034 §4).

    The initial response rides with AUTH where the line is not too long for it. A server that
    refuses that form, rather than the credentials, is asked once more in two steps.
    """
    first = mechanism.start()
    short = first is not None and _length(mechanism, first) <= wire.LONGEST_COMMAND
    reply = yield from _exchange(conn, mechanism, first, initial=short, riders=riders)
    if not reply.ok:
        yield from drain(conn)
        if short and conn.state is not State.CLOSED and wire.about_form(reply, conn.capabilities):
            reply = yield from _exchange(conn, mechanism, first, initial=False)
    if not reply.ok:
        told = str(getattr(mechanism, "refusal", ""))
        raise wire.refusal(reply, delay=conn.capabilities.login_delay, because=told)
    mechanism.finish()


def _length(mechanism: sasl.Mechanism, first: bytes) -> int:
    return len(f"AUTH {mechanism.name} ") + len(wire.encode_response(first))


def _exchange(
    conn: Connection,
    mechanism: sasl.Mechanism,
    first: bytes | None,
    *,
    initial: bool,
    riders: tuple[Verb, ...] = (),
) -> Flow[Reply]:
    """Talk until the server says yes or no; ``first`` goes with AUTH when ``initial``."""
    arguments = (
        [wire.encode_response(first)[:-2].decode() or "="] if initial and first is not None else []
    )
    octets = conn.send(Verb.AUTH, mechanism.name, *arguments)
    if initial and mechanism.name in _ONE_STEP:
        octets += riding(conn, riders)
    secrets = (*mechanism.secrets, *(each.encode() for each in arguments))
    yield from write(octets, secrets=secrets)
    yield from greeted(conn)
    unsaid = None if initial else first
    while isinstance(event := (yield from next_event(conn)), Challenge):
        tail = b""
        if unsaid is not None:
            said, unsaid = unsaid, None
        else:
            said = yield from _respond(conn, mechanism, event)
            if conn.in_flight > 1:
                continue  # the answer went ahead of the challenge
            tail = _scram_tail(conn, mechanism, said, riders)
        response = wire.encode_response(said)
        yield from write(response + tail, secrets=(*mechanism.secrets, response[:-2]))
    if not isinstance(event, Reply):
        raise ProtocolError("the server sent content where a status line belongs")
    return event


def _respond(conn: Connection, mechanism: sasl.Mechanism, challenge: Challenge) -> Flow[bytes]:
    """Return the answer to a challenge; one that makes no sense ends the exchange."""
    if conn.in_flight > 1 and mechanism.name in _ONE_STEP:
        raise ProtocolError(f"the server wants more than {mechanism.name} has to say")
    try:
        return mechanism.respond(wire.challenge(challenge.data))
    except ProtocolError:
        with suppress(NetworkError):
            yield from write(b"*\r\n")  # RFC 5034 §4: cancelled
        raise


def _scram_tail(
    conn: Connection, mechanism: sasl.Mechanism, said: bytes, riders: tuple[Verb, ...]
) -> bytes:
    """Return what may go along with a SCRAM message (RFC 5802 §5).

    After its last word, which is empty and answers the server's proof, the riders. Where a QUIT is
    among them, that word and they go with our proof already: the session is over either way, so
    that a server that refuses the proof, and takes the word for a command, does no harm.
    """
    if not mechanism.name.startswith("SCRAM-"):
        return b""
    if not said:
        return riding(conn, riders)
    if Verb.QUIT in riders and conn.capabilities.pipelining:
        return b"\r\n" + riding(conn, riders)
    return b""


def riding(conn: Connection, riders: tuple[Verb, ...]) -> bytes:
    """Return the commands that may go with the login: all, or none without PIPELINING."""
    if not conn.capabilities.pipelining:
        return b""
    return b"".join(conn.send(verb) for verb in riders)
