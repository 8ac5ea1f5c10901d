"""Hongyan submits every file of a folder over one connection, keeping the line full."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.clients.report import parameters, timed
from hongyan import sasl, smtp
from hongyan.client.message import content_of
from hongyan.client.session import open_smtp
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator


def submissions(folder: str, sender: str, recipient: str) -> Iterator[smtp.Submission]:
    for path in sorted(Path(folder).iterdir()):
        content = content_of(path)
        yield smtp.Submission(content.envelope(sender, recipient), content.chunks())


def submit(
    host: str, port: int, *, username: str, password: str, recipient: str, folder: str
) -> tuple[int, int]:
    messages = octets = 0

    def settled(submission: smtp.Submission, receipt: smtp.Receipt) -> None:
        nonlocal messages, octets
        messages += receipt.sent
        octets += submission.envelope.size or 0

    plain = sasl.mechanism("PLAIN", sasl.Credentials(username, password)) if password else None
    endpoint = Endpoint.parse(f"smtp://{host}:{port}?tls=none")
    with BlockingDriver(endpoint).connect() as driver:
        conn = driver.run(open_smtp(driver.channel, plain))
        driver.run(smtp.submit_many(conn, submissions(folder, username, recipient), settled))
        driver.run(smtp.quit_(conn))
    return messages, octets


timed(lambda: submit(**parameters()))
