"""Hongyan submits every file of a folder over one connection, keeping the line full."""

from __future__ import annotations

from pathlib import Path

from bench.clients.report import parameters, timed
from hongyan import SMTP, sasl


def submit(
    host: str, port: int, *, username: str, password: str, recipient: str, folder: str
) -> tuple[int, int]:
    messages = octets = 0
    plain = sasl.mechanism("PLAIN", sasl.Credentials(username, password)) if password else None
    triples = [(path, username, recipient) for path in sorted(Path(folder).iterdir())]
    with SMTP(f"smtp://{host}:{port}?tls=none", mechanism=plain) as smtp:
        for receipt in smtp.send_many(triples):
            messages += receipt.sent
            octets += receipt.envelope.size or 0
    return messages, octets


timed(lambda: submit(**parameters()))
