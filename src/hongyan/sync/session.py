"""Sessions for accounts: what an endpoint and its connected driver mean for a login."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan import pop3, sasl, smtp
from hongyan.net.endpoint import Security

if TYPE_CHECKING:
    from hongyan.net.blocking import BlockingDriver
    from hongyan.net.channel import Channel

_SERVICES: Final = {"pop3": "pop", "smtp": "smtp", "imap": "imap"}  # the GSSAPI names


def terms(channel: Channel) -> sasl.Terms:
    """Return the terms of a login: a secret may be shown when the line is protected.

    Where it is not, the account's address asks for cleartext by ``?tls=none``, and gets it.
    """
    endpoint = channel.endpoint
    service = sasl.Service(_SERVICES[endpoint.protocol], endpoint.host, endpoint.port)
    return sasl.Terms(disclose=True, service=service, certificate=channel.certificate)


def open_pop3(driver: BlockingDriver, credentials: sasl.Credentials) -> pop3.Connection:
    """Open a POP3 session on a connected driver, as its endpoint demands."""
    starttls = driver.channel.endpoint.security is Security.STARTTLS
    conn = pop3.Connection()
    driver.run(pop3.open_session(conn, credentials, starttls=starttls, terms=terms(driver.channel)))
    return conn


def open_smtp(driver: BlockingDriver, credentials: sasl.Credentials) -> smtp.Connection:
    """Open an SMTP session on a connected driver, as its endpoint demands.

    A server that offers no AUTH is taken at its word only where the person chose cleartext, for a
    relay at home; elsewhere a missing offer is refused.
    """
    endpoint = driver.channel.endpoint
    starttls = endpoint.security is Security.STARTTLS
    conn = smtp.Connection()
    driver.run(smtp.open_session(conn, None, use_starttls=starttls, terms=terms(driver.channel)))
    if conn.extensions.mechanisms or endpoint.secure:
        driver.run(smtp.login(conn, credentials, terms(driver.channel)))
    return conn
