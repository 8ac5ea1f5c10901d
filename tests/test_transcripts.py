"""Every transcript under every driver, with the server's octets cut at every size that matters."""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
import trustme

from hongyan import smtp
from hongyan.errors import (
    AuthenticationRefused,
    ProtocolError,
    Refused,
    Unsafe,
)
from hongyan.net.aio import AsyncDriver
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.net.replay import ReplayDriver
from hongyan.sasl import Credentials, Terms
from hongyan.smtp import Envelope, Outcome
from tests.pop3 import cases as pop3_cases
from tests.support.dialogue import INJECTED, Case
from tests.support.scripted import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.flow import Flow

TRANSCRIPTS = Path(__file__).parent / "transcripts"
T = TypeVar("T")
ANNA = Credentials("anna", "secret")
TIM = Credentials("tim", "tanstaaftanstaaf")


def smtp_login(
    credentials: Credentials, *, use_starttls: bool = False, disclose: bool = True
) -> Flow[str]:
    conn = smtp.Connection()
    yield from smtp.open_session(
        conn, credentials, use_starttls=use_starttls, terms=Terms(disclose=disclose)
    )
    yield from smtp.quit_(conn)
    return conn.state.name


def smtp_send(
    envelope: Envelope, *content: bytes, credentials: Credentials | None = None, noop: bool = False
) -> Flow[list[object]]:
    conn = smtp.Connection()
    yield from smtp.open_session(conn, credentials, use_starttls=False, terms=Terms(disclose=True))
    receipt = yield from smtp.submit(conn, envelope, content)
    if noop:
        yield from smtp.noop(conn)
    if not receipt.uncertain:
        yield from smtp.quit_(conn)
    return [
        (each.recipient, each.outcome.name, each.reply and each.reply.code)
        for each in receipt.deliveries
    ]


AB = Envelope("a@example.org", ("b@example.org",))
ABC = Envelope("a@example.org", ("b@example.org", "c@example.org"))


CASES: dict[str, Case] = {
    **pop3_cases.CASES,
    "smtp/session": Case(
        partial(
            smtp_send,
            Envelope(
                "Smith@bar.com", ("Jones@foo.com", "Green@foo.com", "Brown@foo.com"), size=100
            ),
            b"Blah blah blah...\n.etc.\r",
            b"\n.\rthe last line ",
            b"has no end",
            credentials=ANNA,
        ),
        [
            ("Jones@foo.com", "SENT", 250),
            ("Green@foo.com", "REFUSED", 550),
            ("Brown@foo.com", "SENT", 250),
        ],
    ),
    "smtp/pipelined": Case(
        partial(smtp_send, ABC, b"hello\r\n"),
        [("b@example.org", "SENT", 250), ("c@example.org", "DEFERRED", 451)],
    ),
    "smtp/starttls_login": Case(partial(smtp_login, ANNA, use_starttls=True), "CLOSED"),
    "smtp/cram_md5": Case(partial(smtp_login, TIM, disclose=False), "CLOSED"),
    "smtp/helo_fallback": Case(
        partial(smtp_send, Envelope("", ("b@example.org",)), noop=True),
        [("b@example.org", "SENT", 250)],
    ),
    "smtp/all_refused": Case(partial(smtp_send, AB, b"hello"), [("b@example.org", "REFUSED", 550)]),
    "smtp/sender_refused": Case(
        partial(smtp_send, AB, b"hello"), error=Refused, says="550 5.7.1 not you"
    ),
    "smtp/data_refused": Case(
        partial(smtp_send, AB, b"hello"), [("b@example.org", "DEFERRED", 452)]
    ),
    "smtp/closed_after_dot": Case(
        partial(smtp_send, ABC, b"hello\r\n"),
        [("b@example.org", Outcome.UNCERTAIN.name, None), ("c@example.org", "REFUSED", 550)],
    ),
    "smtp/going_away": Case(partial(smtp_send, AB, b"hello"), error=Refused, says="421 4.3.2"),
    "smtp/injection": Case(
        partial(smtp_login, ANNA, use_starttls=True),
        error=INJECTED,
        says="between its reply|TLS",
    ),
    "smtp/no_starttls": Case(
        partial(smtp_login, ANNA, use_starttls=True), error=Unsafe, says="does not offer TLS"
    ),
    "smtp/bad_greeting": Case(
        partial(smtp_login, ANNA), error=ProtocolError, says=r"no SMTP reply: '\+OK this is POP3'"
    ),
    "smtp/wrong_password": Case(
        partial(smtp_login, ANNA), error=AuthenticationRefused, says="535 5.7.8 Authentication"
    ),
    "smtp/wrong_class": Case(
        partial(smtp_send, AB, b"hello"), error=ProtocolError, says="answered DATA with 250"
    ),
    "smtp/out_of_order": Case(
        partial(smtp_send, AB, b"hello"), error=ProtocolError, says="answered RCPT with 250"
    ),
}


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
