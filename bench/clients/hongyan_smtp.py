"""Hongyan submits every file of a folder over one connection."""

from __future__ import annotations

from pathlib import Path

from bench.clients.report import parameters, timed
from hongyan import SMTP, sasl


def submit(
    host: str, port: int, *, username: str, password: str, recipient: str, folder: str
) -> tuple[int, int]:
    messages = octets = 0
    plain = sasl.mechanism("PLAIN", sasl.Credentials(username, password)) if password else None
    with SMTP(f"smtp://{host}:{port}?tls=none", mechanism=plain) as smtp:
        for path in sorted(Path(folder).iterdir()):
            messages += smtp.send(path, username, recipient).sent
            octets += path.stat().st_size
    return messages, octets


timed(lambda: submit(**parameters()))
