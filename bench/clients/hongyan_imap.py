"""Hongyan fetches every message of a mailbox into a sink that discards, or into one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.clients.report import parameters, timed
from hongyan import IMAP, imap, sasl
from hongyan.imap import NumberSet, Peek

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.imap import Body, Fetched


def fetch(
    host: str, port: int, *, username: str, password: str, write: Callable[[bytes], object]
) -> tuple[int, int]:
    messages = octets = 0

    def sink(_: Fetched, __: Body, chunk: bytes, last: bool) -> None:  # noqa: FBT001  # a Sink
        nonlocal messages, octets
        messages += last
        octets += len(chunk)
        write(chunk)

    # the peers, too, log in by one message; left to itself, Hongyan would take SCRAM-SHA-256
    plain = sasl.mechanism("PLAIN", sasl.Credentials(username, password))
    with IMAP(f"imap://{host}:{port}?tls=none", mechanism=plain) as mail:
        mail.run(
            lambda conn: imap.ask_each(
                conn,
                [
                    imap.select_request(conn, "INBOX", read_only=True),
                    imap.fetch_request(NumberSet.since(1), [Peek()], sink=sink),
                ],
                leave=True,
            )
        )
    return messages, octets


def main() -> None:
    given = parameters()
    with Path(given.pop("into")).open("wb") as file:
        timed(lambda: fetch(**given, write=file.write))


main()
