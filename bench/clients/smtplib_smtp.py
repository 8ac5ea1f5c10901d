"""The standard library submits every file of a folder over one connection."""

from __future__ import annotations

import smtplib
from pathlib import Path

from bench.clients.report import parameters, timed


def submit(
    host: str, port: int, *, username: str, password: str, recipient: str, folder: str
) -> tuple[int, int]:
    messages = octets = 0
    with smtplib.SMTP(host, port) as smtp:
        smtp.ehlo()
        smtp.esmtp_features["auth"] = "PLAIN"
        if password:
            smtp.login(username, password)
        for path in sorted(Path(folder).iterdir()):
            content = path.read_bytes()
            messages += not smtp.sendmail(username, [recipient], content)
            octets += len(content)
    return messages, octets


timed(lambda: submit(**parameters()))
