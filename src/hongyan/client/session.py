"""Opening a session: what an endpoint and its connected channel mean for TLS and login.

Flows, so that the blocking library, the asyncio one and the program's own workers share them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan import imap, managesieve, pop3, sasl, smtp
from hongyan.net.endpoint import Security

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hongyan.flow import Flow
    from hongyan.net.channel import Channel

Login: TypeAlias = "sasl.Credentials | sasl.Mechanism | None"
"""Who logs in: credentials, for the strongest mechanism offered; a mechanism; or nobody."""

Offered: TypeAlias = "Mapping[str, Sequence[str]]"
"""What a server offers: the capability names in capitals, each with its arguments."""

IDENTITY: Final = {"name": "Hongyan"}
"""What an IMAP server is told by ID: nothing about the person or the machine (RFC 2971 §5)."""
_SERVICES: Final = {
    "pop3": "pop",
    "smtp": "smtp",
    "lmtp": "lmtp",
    "imap": "imap",
    "sieve": "sieve",
}  # GSSAPI's names


def terms(channel: Channel, *, remembered: Iterable[str] = ()) -> sasl.Terms:
    """Return the terms of a login: a secret may be shown when the line is protected.

    Where it is not, the address asks for cleartext by ``?tls=none``, and gets it. ``remembered``
    are the mechanisms that the server offered before.
    """
    endpoint = channel.endpoint
    service = sasl.Service(_SERVICES[endpoint.protocol], endpoint.host, endpoint.port)
    return sasl.Terms(
        disclose=True,
        service=service,
        certificate=channel.certificate,
        remembered=tuple(remembered),
    )


def open_pop3(
    channel: Channel,
    login: Login,
    *,
    offered: Offered | None = None,
    remembered: Iterable[str] = (),
    riders: tuple[pop3.Verb, ...] = (),
    limits: pop3.Limits | None = None,
) -> Flow[pop3.Connection]:
    """Open a POP3 session on a connected channel, as its endpoint demands.

    ``offered`` are the server's capabilities where they are known, ``remembered`` the mechanisms
    that it ever offered; ``riders`` are asked together with the login: see `pop3.open_session`.
    ``limits`` is how much the server may send.
    """
    conn = pop3.Connection(limits=limits)
    known = {} if offered is None else {name: tuple(words) for name, words in offered.items()}
    yield from pop3.open_session(
        conn,
        login,
        starttls=channel.endpoint.security is Security.STARTTLS,
        terms=terms(channel, remembered=remembered),
        remembered=None if offered is None else pop3.Capabilities(known),
        riders=riders if login is not None else (),
    )
    return conn


def open_imap(
    channel: Channel,
    login: Login,
    *,
    remembered: Iterable[str] = (),
    listener: Callable[[imap.News], None] | None = None,
) -> Flow[imap.Connection]:
    """Open an IMAP session on a connected channel, as its endpoint demands.

    ``remembered`` are the mechanisms that the server ever offered; ``listener`` is told what the
    server says unasked.
    """
    conn = imap.Connection(listener=listener)
    yield from imap.open_session(
        conn,
        login,
        use_starttls=channel.endpoint.security is Security.STARTTLS,
        terms=terms(channel, remembered=remembered),
        identity=IDENTITY,
    )
    return conn


def open_smtp(
    channel: Channel, login: Login, *, remembered: Iterable[str] = ()
) -> Flow[smtp.Connection]:
    """Open an SMTP session on a connected channel, as its endpoint demands.

    A server that offers no AUTH, and never offered any, is taken at its word only where the address
    asks for cleartext, for a relay at home; elsewhere a missing offer is refused. ``remembered``
    are the mechanisms that it ever offered.
    """
    known = terms(channel, remembered=remembered)
    endpoint = channel.endpoint
    protocol = smtp.Protocol.LMTP if endpoint.protocol == "lmtp" else smtp.Protocol.SMTP
    conn = smtp.Connection(protocol=protocol, secure=endpoint.security is Security.IMPLICIT)
    starttls = endpoint.security is Security.STARTTLS
    yield from smtp.open_session(conn, None, use_starttls=starttls, terms=known)
    if isinstance(login, sasl.Credentials):
        if conn.extensions.mechanisms or known.remembered or endpoint.secure:
            within = replace(known, certificate=channel.certificate)
            yield from smtp.login(conn, login, within)
    elif login is not None:
        yield from smtp.authenticate(conn, login)
    return conn


def open_sieve(channel: Channel, credentials: sasl.Credentials) -> Flow[managesieve.Connection]:
    """Open a ManageSieve session on a connected channel, as its endpoint demands."""
    conn = managesieve.Connection()
    yield from managesieve.open_session(
        conn,
        credentials,
        starttls=channel.endpoint.security is Security.STARTTLS,
        terms=terms(channel),
    )
    return conn
