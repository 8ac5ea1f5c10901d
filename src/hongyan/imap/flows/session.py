"""Opening, protecting and leaving an IMAP session (RFC 9051 §6.1, §6.2.1; RFC 2971; RFC 5161)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hongyan.errors import NetworkError, ProtocolError, Refused, Unsafe
from hongyan.flow import Flow, start_tls
from hongyan.imap.data import Identity
from hongyan.imap.encoder import Raw
from hongyan.imap.flows.exchange import (
    Request,
    ask,
    ask_each,
    collector,
    command,
    logout_request,
    next_event,
    nothing,
    reply_to,
)
from hongyan.imap.flows.login import enter
from hongyan.imap.quirks import Server, manners
from hongyan.imap.refusal import refusal
from hongyan.imap.types import Capabilities, Condition, State, Status, Verb
from hongyan.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hongyan import sasl
    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection
    from hongyan.imap.encoder import Argument

_WORTH_ENABLING: Final = ("CONDSTORE", "QRESYNC")


def greet(conn: Connection) -> Flow[Condition]:
    """Read the greeting. Raises `Refused` when the server will not serve."""
    try:
        event = yield from next_event(conn)
    except NetworkError:
        if conn.farewell is None:
            raise
        raise refusal(conn.farewell) from None
    if not isinstance(event, Condition):
        raise ProtocolError("the server's greeting is none of IMAP's")
    return event


def capability(conn: Connection) -> Flow[Capabilities]:
    """Ask for the capabilities, which the connection keeps; a refusal means that it has none."""
    request = Request(Verb.CAPABILITY, (), nothing, lambda event: isinstance(event, Capabilities))
    if not (yield from reply_to(conn, request)).ok:
        conn.capabilities = Capabilities()
    return conn.capabilities


def starttls(conn: Connection) -> Flow[bytes]:
    """Turn the session into TLS; return the server's certificate.

    Raises `Unsafe` when the server will not.
    """
    try:
        yield from command(conn, Verb.STARTTLS)
    except Refused as error:
        raise Unsafe(Reason.NO_TLS.of(said=error)) from None
    conn.starting_tls()
    return (yield from start_tls())


def identify(conn: Connection, fields: Mapping[str, str] | None = None) -> Flow[Identity]:
    """Say who we are, and return what the server says that it is (RFC 2971)."""
    return (yield from ask(conn, identify_request(conn, fields)))


def identify_request(
    conn: Connection, fields: Mapping[str, str] | None = None
) -> Request[Identity]:
    """Return the request that `identify` is, to be asked with others."""
    pairs: list[Argument] = [text.encode() for each in (fields or {}).items() for text in each]
    found: list[Identity] = []
    return Request(
        Verb.ID,
        [pairs or Raw(b"NIL")],
        lambda _: found[-1] if found else Identity({}),
        collector(conn, Identity, found),
    )


def enable(conn: Connection, *names: str) -> Flow[frozenset[str]]:
    """Turn extensions on (RFC 5161); return all that are."""
    yield from ask(conn, Request(Verb.ENABLE, names, nothing))
    return conn.enabled


def open_session(
    conn: Connection,
    login: sasl.Credentials | sasl.Mechanism | None,
    *,
    use_starttls: bool,
    terms: sasl.Terms,
    identity: Mapping[str, str] | None = None,
    initial_response: bool = True,
) -> Flow[None]:
    """Greet, protect, log in, say who we are, and turn on what makes synchronising cheap.

    ``identity`` is sent by ID where the server offers that, before anything else, since some
    servers refuse mail without it; None sends none. The server's known defects are met, as its
    greeting and its name betray them; ``initial_response`` False never has one ride with
    AUTHENTICATE. A session that is logged in from the start (PREAUTH) is refused where TLS is
    demanded, for nobody protected it.
    """
    greeting = yield from greet(conn)
    host = terms.service.host if terms.service else ""
    conn.manners = manners(Server(host, greeting.text, conn.capabilities))
    if use_starttls:
        if greeting.status is Status.PREAUTH:
            raise Unsafe("the server is logged in before TLS could begin")
        terms = replace(terms, certificate=(yield from starttls(conn)))
    yield from _known(conn)
    conn.mechanisms = conn.capabilities.mechanisms
    if login is not None and greeting.status is not Status.PREAUTH:
        riding = initial_response and conn.manners.initial_response
        yield from enter(conn, login, terms, initial_response=riding)
        yield from _known(conn)
    yield from ask_each(conn, _introduction(conn, identity))


def _introduction(
    conn: Connection, identity: Mapping[str, str] | None
) -> Iterator[Request[object]]:
    """Yield ID and ENABLE, in one flight; a server may refuse either and is none the worse."""
    if identity is not None and (conn.manners.identify or "ID" in conn.capabilities):
        yield identify_request(conn, identity)
    names = [each for each in _WORTH_ENABLING if each in conn.capabilities]
    if names and conn.state is State.AUTHENTICATED and "ENABLE" in conn.capabilities:
        yield Request(Verb.ENABLE, names, nothing)


def _known(conn: Connection) -> Flow[None]:
    """Ask for the capabilities unless they were told already."""
    if not conn.capabilities.names:
        yield from capability(conn)


def noop(conn: Connection) -> Flow[None]:
    """Show the server that we are there; news come to the listener."""
    yield from command(conn, Verb.NOOP)


def logout(conn: Connection) -> Flow[None]:
    """End the session; whatever the server says to it changes nothing."""
    if conn.state in (State.GREETING, State.LOGOUT) or conn.in_flight:
        return  # no command has its place here; closing the line is the end
    with suppress(NetworkError, ProtocolError):
        yield from reply_to(conn, logout_request())
