"""Opening a session: what an endpoint and its connected channel mean for TLS and login.

Flows, so that the blocking library, the asyncio one and the program's own workers share them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan import pop3, sasl, smtp
from hongyan.net.endpoint import Security

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.net.channel import Channel

Login: TypeAlias = "sasl.Credentials | sasl.Mechanism | None"
"""Who logs in: credentials, for the strongest mechanism offered; a mechanism; or nobody."""

_SERVICES: Final = {"pop3": "pop", "smtp": "smtp", "lmtp": "lmtp", "imap": "imap"}  # GSSAPI's names


def terms(channel: Channel) -> sasl.Terms:
    """Return the terms of a login: a secret may be shown when the line is protected.

    Where it is not, the address asks for cleartext by ``?tls=none``, and gets it.
    """
    endpoint = channel.endpoint
    service = sasl.Service(_SERVICES[endpoint.protocol], endpoint.host, endpoint.port)
    return sasl.Terms(disclose=True, service=service, certificate=channel.certificate)


def open_pop3(
    channel: Channel, login: Login, *, riders: tuple[pop3.Verb, ...] = ()
) -> Flow[pop3.Connection]:
    """Open a POP3 session on a connected channel, as its endpoint demands.

    ``riders`` are asked together with the login by credentials; see `pop3.open_session`.
    """
    conn = pop3.Connection()
    yield from pop3.open_session(
        conn,
        login if isinstance(login, sasl.Credentials) else None,
        starttls=channel.endpoint.security is Security.STARTTLS,
        terms=terms(channel),
        riders=riders if isinstance(login, sasl.Credentials) else (),
    )
    if login is not None and not isinstance(login, sasl.Credentials):
        yield from pop3.authenticate(conn, login)
    return conn


def open_smtp(channel: Channel, login: Login) -> Flow[smtp.Connection]:
    """Open an SMTP session on a connected channel, as its endpoint demands.

    A server that offers no AUTH is taken at its word only where the address asks for cleartext, for
    a relay at home; elsewhere a missing offer is refused.
    """
    endpoint = channel.endpoint
    protocol = smtp.Protocol.LMTP if endpoint.protocol == "lmtp" else smtp.Protocol.SMTP
    conn = smtp.Connection(protocol=protocol, secure=endpoint.security is Security.IMPLICIT)
    starttls = endpoint.security is Security.STARTTLS
    yield from smtp.open_session(conn, None, use_starttls=starttls, terms=terms(channel))
    if isinstance(login, sasl.Credentials):
        if conn.extensions.mechanisms or endpoint.secure:
            yield from smtp.login(conn, login, terms(channel))
    elif login is not None:
        yield from smtp.authenticate(conn, login)
    return conn
