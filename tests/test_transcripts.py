"""Every transcript under every driver, with the server's octets cut at every size that matters."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
import trustme

from hongyan.net.aio import AsyncDriver
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.net.replay import ReplayDriver
from tests.imap import cases as imap_cases
from tests.pop3 import cases as pop3_cases
from tests.smtp import cases as smtp_cases
from tests.support.scripted import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.flow import Flow
    from tests.support.dialogue import Case

TRANSCRIPTS = Path(__file__).parent / "transcripts"
T = TypeVar("T")
CASES: dict[str, Case] = {**pop3_cases.CASES, **smtp_cases.CASES, **imap_cases.CASES}


def transcript(name: str) -> str:
    return (TRANSCRIPTS / f"{name}.txt").read_text("utf-8")


def judge(case: Case, run: Callable[[], object]) -> None:
    if case.error is None:
        assert run() == case.result
    else:
        with pytest.raises(case.error, match=case.says):
            run()


def test_every_transcript_has_its_case() -> None:
    found = {
        str(path.relative_to(TRANSCRIPTS).with_suffix("")) for path in TRANSCRIPTS.rglob("*.txt")
    }
    assert found == set(CASES)


@pytest.mark.parametrize("chunk", [1, 2, 7, 0])
@pytest.mark.parametrize("name", CASES)
def test_replay(name: str, chunk: int) -> None:
    driver = ReplayDriver(transcript(name), chunk=chunk)
    judge(CASES[name], lambda: driver.run(CASES[name].flow()))
    if CASES[name].error is None:
        driver.finish()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def blocking(flow: Callable[[], Flow[T]], endpoint: Endpoint, context: ssl.SSLContext) -> T:
    with BlockingDriver(endpoint, context=context).connect(within=5) as driver:
        return driver.run(flow(), total=20)


def on_asyncio(flow: Callable[[], Flow[T]], endpoint: Endpoint, context: ssl.SSLContext) -> T:
    async def run() -> T:
        async with await AsyncDriver(endpoint, context=context).connect(within=5) as driver:
            return await driver.run(flow(), total=20)

    return asyncio.run(run())


@pytest.mark.parametrize("driver", [blocking, on_asyncio])
@pytest.mark.parametrize("chunk", [1, 2, 7, 0])
@pytest.mark.parametrize("name", CASES)
def test_sockets(
    name: str,
    chunk: int,
    driver: Callable[..., object],
    server_tls: ssl.SSLContext,
    client_tls: ssl.SSLContext,
) -> None:
    protocol = name.partition("/")[0]
    with ScriptedServer(transcript(name), chunk=chunk, tls=server_tls) as server:
        endpoint = Endpoint.parse(f"{protocol}://127.0.0.1:{server.port}")
        judge(CASES[name], lambda: driver(CASES[name].flow, endpoint, client_tls))
    if CASES[name].error is None:
        assert server.errors == []
