"""Hongyan fetches every message of a maildrop into a sink that discards, or into one file.

With ``remembered``, what the server offers, it has been there before; the listing rides with the
login in either case.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.clients.report import parameters, timed
from hongyan import POP3, sasl

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.client.session import Offered
    from hongyan.pop3 import Entry


def fetch(  # what the bench has to say
    host: str,
    port: int,
    *,
    username: str,
    password: str,
    remembered: Offered | None,
    write: Callable[[bytes], object],
) -> tuple[int, int]:
    messages = octets = 0

    def sink(_: Entry, chunk: bytes, last: bool) -> None:  # noqa: FBT001  # a Sink
        nonlocal messages, octets
        messages += last
        octets += len(chunk)
        write(chunk)

    # the peers, too, log in by one message; left to itself, Hongyan would take SCRAM-SHA-256
    plain = sasl.mechanism("PLAIN", sasl.Credentials(username, password))
    url = f"pop3://{host}:{port}?tls=none"
    with POP3(url, mechanism=plain, remembered=remembered, listing=True) as pop:
        pop.fetch(pop.list(), sink, leave=True)
    return messages, octets


def main() -> None:
    given = parameters()
    with Path(given.pop("into")).open("wb") as file:
        timed(lambda: fetch(**given, write=file.write))


main()
