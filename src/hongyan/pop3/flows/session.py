"""Opening and keeping a POP3 session (RFC 1939 §3, RFC 2449 §5, RFC 2595 §4, RFC 6856).

As few flights as the protocol allows: inside TLS the first command does not wait for the greeting,
a server whose capabilities are remembered is not asked for them, and what follows the login rides
with it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hongyan.errors import AuthenticationRefused, Refused, Unsafe
from hongyan.flow import Flow, Wake, start_tls, wait, write
from hongyan.pop3 import wire
from hongyan.pop3.flows.exchange import accepted, ask, command, content
from hongyan.pop3.flows.login import authenticate, greeted, login, riding
from hongyan.pop3.flows.mailbox import stat
from hongyan.pop3.flows.removal import quit_
from hongyan.pop3.types import Capabilities, Language, Reply, Stat, State, Verb
from hongyan.reasons import Reason
from hongyan.sasl import Credentials

if TYPE_CHECKING:
    from hongyan import sasl
    from hongyan.pop3.connection import Connection


def greet(conn: Connection) -> Flow[Reply]:
    """Read the greeting. Raises `Refused` when the server will not serve."""
    return (yield from accepted(conn))


def capa(conn: Connection) -> Flow[Capabilities]:
    """Ask for the capabilities and keep them (RFC 2449 §5).

    Where CAPA is refused there are none, or after the login those of before.
    """
    if conn.awaiting is not Verb.CAPA:
        yield from write(conn.send(Verb.CAPA))
    yield from greeted(conn)
    reply = yield from ask(conn, Verb.CAPA)
    if reply.ok:
        body = yield from content(conn, limit=conn.limits.capabilities)
        conn.capabilities = wire.capabilities(body)
    elif conn.state is State.AUTHORIZATION:
        conn.capabilities = Capabilities({})
    return conn.capabilities


def stls(conn: Connection) -> Flow[bytes]:
    """Turn the session into TLS (RFC 2595 §4); return the server's certificate.

    Raises `Unsafe` when the server will not.
    """
    try:
        yield from command(conn, Verb.STLS)
    except Refused as error:
        raise Unsafe(Reason.NO_TLS.of(said=error)) from None
    conn.starting_tls()
    return (yield from start_tls())


def open_session(
    conn: Connection,
    who: sasl.Credentials | sasl.Mechanism | None,
    *,
    starttls: bool,
    terms: sasl.Terms,
    remembered: Capabilities | None = None,
    riders: tuple[Verb, ...] = (),
) -> Flow[None]:
    """Greet, protect and log in; afterwards the session is in TRANSACTION.

    ``who`` is credentials, for the strongest mechanism offered, a mechanism, or nobody.
    ``remembered`` is what this server offered before: CAPA is then asked for only when the login is
    refused, and credentials are tried once more only where the old way in is gone. ``riders`` are
    commands without arguments for whose replies the caller calls `stat`, `list_entries`, `quit_`
    next, in that order: with PIPELINING they cost no round trip.
    """
    if starttls:
        yield from greet(conn)
        terms = replace(terms, certificate=(yield from stls(conn)))
    elif not terms.certificate:
        yield from greet(conn)  # on an open line the server is heard first
    if remembered is None:
        yield from capa(conn)
    else:
        conn.capabilities = remembered
    if who is None:
        yield from greeted(conn)
    else:
        yield from _enter(conn, who, terms, remembered=remembered, riders=riders)


def _enter(
    conn: Connection,
    who: sasl.Credentials | sasl.Mechanism,
    terms: sasl.Terms,
    *,
    remembered: Capabilities | None,
    riders: tuple[Verb, ...],
) -> Flow[None]:
    """Log in, once more where the memory was wrong, and look what is offered to this user."""
    if conn.capabilities.personal:
        riders = (Verb.CAPA, *riders)
    try:
        yield from _prove(conn, who, terms, riders=riders)
    except (AuthenticationRefused, Unsafe) as error:
        if remembered is None or conn.state is State.CLOSED or not isinstance(who, Credentials):
            raise
        offered = (yield from capa(conn)).mechanisms
        if isinstance(error, Refused) and set(remembered.mechanisms) <= set(offered):
            raise  # it was the password: no second attempt
        terms = replace(terms, remembered=(*terms.remembered, *remembered.mechanisms))
        yield from login(conn, who, terms, riders=riders)
    if riders and not conn.in_flight and (octets := riding(conn, riders)):
        yield from write(octets)
    if Verb.CAPA in riders:
        before = conn.capabilities.names
        names = {**(yield from capa(conn)).names}
        names.update((each, before[each]) for each in ("SASL", "USER") if each in before)
        conn.capabilities = Capabilities(names)  # the ways in stay known: they may be remembered


def _prove(
    conn: Connection,
    who: sasl.Credentials | sasl.Mechanism,
    terms: sasl.Terms,
    *,
    riders: tuple[Verb, ...],
) -> Flow[None]:
    if isinstance(who, Credentials):
        yield from login(conn, who, terms, riders=riders)
    else:
        yield from authenticate(conn, who, riders=riders)


def check(
    conn: Connection,
    credentials: sasl.Credentials,
    *,
    starttls: bool,
    terms: sasl.Terms,
    remembered: Capabilities | None = None,
) -> Flow[Stat]:
    """Greet, log in, look how much there is and leave, in the fewest flights."""
    yield from open_session(
        conn,
        credentials,
        starttls=starttls,
        terms=terms,
        remembered=remembered,
        riders=(Verb.STAT, Verb.QUIT),
    )
    found = yield from stat(conn)
    yield from quit_(conn)
    return found


def utf8(conn: Connection) -> Flow[None]:
    """Have the maildrop as it is, not downgraded to ASCII (RFC 6856 §2); before the login."""
    yield from command(conn, Verb.UTF8)


def languages(conn: Connection) -> Flow[tuple[Language, ...]]:
    """Return the languages in which the server can speak (RFC 6856 §3)."""
    yield from command(conn, Verb.LANG)
    return wire.languages((yield from content(conn, limit=conn.limits.capabilities)))


def set_language(conn: Connection, tag: str) -> Flow[str]:
    """Have the server speak ``tag`` (RFC 5646), ``*`` for its own; return the tag it chose."""
    reply = yield from command(conn, Verb.LANG, tag)
    return reply.text.partition(" ")[0]


def noop(conn: Connection) -> Flow[None]:
    """Show the server that we are there."""
    yield from command(conn, Verb.NOOP)


def keep_alive(conn: Connection, *, every: float = 60.0) -> Flow[None]:
    """Say NOOP every so many seconds, until the driver's ``wake()`` is called.

    For a client that is busy elsewhere: a server may hang up after ten minutes (RFC 1939 §3).
    """
    while (yield from wait(every)) is not Wake.CALLED:
        yield from noop(conn)
