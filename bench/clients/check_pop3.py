"""A check over TLS (connect, log in, STAT, QUIT), by Hongyan or by poplib, as ``client`` says.

Hongyan logs in as it does by itself, by the strongest mechanism that the server offers. With
``teacher``, the server's own port, it has been there before and remembers what the server can.
"""

from __future__ import annotations

import poplib
import ssl

from bench.clients.report import parameters, timed
from hongyan import pop3, sasl
from hongyan.client.session import terms
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint


def capabilities(host: str, port: int) -> pop3.Capabilities:
    """Return what the server offers inside TLS."""
    with BlockingDriver(Endpoint.parse(f"pop3s://{host}:{port}")).connect() as driver:
        return driver.run(pop3.capa(pop3.Connection()))


def hongyan(
    host: str, port: int, username: str, password: str, remembered: pop3.Capabilities | None
) -> tuple[int, int]:
    credentials = sasl.Credentials(username, password)
    with BlockingDriver(Endpoint.parse(f"pop3s://{host}:{port}")).connect() as driver:
        given = terms(driver.channel)
        conn = pop3.Connection()
        found = driver.run(
            pop3.check(conn, credentials, starttls=False, terms=given, remembered=remembered)
        )
    return found.messages, found.octets


def by_poplib(host: str, port: int, username: str, password: str) -> tuple[int, int]:
    pop = poplib.POP3_SSL(host, port, context=ssl.create_default_context())
    pop.user(username)
    pop.pass_(password)
    found = pop.stat()
    pop.quit()
    return found


def main() -> None:
    given = parameters()
    client, teacher = given.pop("client"), given.pop("teacher")
    if client == "poplib":
        timed(lambda: by_poplib(**given))
    else:
        remembered = capabilities(given["host"], teacher) if teacher else None
        timed(lambda: hongyan(**given, remembered=remembered))


main()
