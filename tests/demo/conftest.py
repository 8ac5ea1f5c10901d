"""The demo host under test, and clients that are logged in and closed again."""

from __future__ import annotations

import poplib
import smtplib
from typing import TYPE_CHECKING

import pytest

from hongyan.demo import DemoHost
from tests.demo.clients import RawClient, port, trusting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def host() -> Iterator[DemoHost]:
    with DemoHost(seeded=False) as running:
        yield running


@pytest.fixture(autouse=True)
def _emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "host" in request.fixturenames:
        drop = request.getfixturevalue("host").maildrop
        drop.remove({letter.uid for letter in drop.letters()})


@pytest.fixture
def raw() -> Iterator[Callable[[str], RawClient]]:
    opened: list[RawClient] = []

    def connect(url: str) -> RawClient:
        opened.append(RawClient(url))
        return opened[-1]

    yield connect
    for client in opened:
        client.close()


@pytest.fixture
def smtp(host: DemoHost) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP_SSL("127.0.0.1", port(host.smtps_url), context=trusting()) as client:
        client.login(host.address, host.password)
        yield client


@pytest.fixture
def pop(host: DemoHost) -> Iterator[Callable[[], poplib.POP3]]:
    opened: list[poplib.POP3] = []

    def login() -> poplib.POP3:
        client = poplib.POP3_SSL("127.0.0.1", port(host.pop3s_url), context=trusting())
        opened.append(client)
        client.user(host.address)
        client.pass_(host.password)
        return client

    yield login
    for client in opened:
        client.close()
