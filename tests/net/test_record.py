"""The wire record: no secret in it, ever, and what it keeps can be played again."""

from __future__ import annotations

import base64
import hashlib
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan import pop3, sasl, smtp
from hongyan.errors import AuthenticationRefused, HongyanError
from hongyan.flow import Flow
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.net.record import Line, Recorder, escape
from hongyan.net.replay import ReplayDriver, unescape
from tests.support.scripted import ScriptedServer

PASSWORD = "hunter2 with spaces"
USER = "anna"


def forms(password: str) -> list[bytes]:
    """The password as it is, and all that is commonly made of it."""
    raw = password.encode()
    plain = base64.b64encode(b"\0" + USER.encode() + b"\0" + raw)
    hashes = [hashlib.new(name, raw) for name in ("md5", "sha1", "sha256", "sha512")]
    return [
        raw,
        base64.b64encode(raw),
        plain,
        *(each.hexdigest().encode() for each in hashes),
        *(base64.b64encode(each.digest()) for each in hashes),
    ]


def pop3_login(mechanism: str | None) -> Flow[None]:
    credentials = sasl.Credentials(USER, PASSWORD)
    conn = pop3.Connection()
    terms = sasl.Terms(disclose=True)
    if mechanism is None:
        yield from pop3.open_session(conn, credentials, starttls=False, terms=terms)
    else:
        yield from pop3.open_session(conn, None, starttls=False, terms=terms)
        yield from pop3.authenticate(conn, sasl.mechanism(mechanism, credentials))


def smtp_login(mechanism: str) -> Flow[None]:
    conn = smtp.Connection()
    terms = sasl.Terms(disclose=True)
    yield from smtp.open_session(conn, None, use_starttls=False, terms=terms)
    credentials = sasl.Credentials(USER, PASSWORD)
    yield from smtp.authenticate(conn, sasl.mechanism(mechanism, credentials))


ECHO = f"-ERR [AUTH] no {PASSWORD} for you\\r\\n"
POP3_HEAD = "S: +OK\\r\\nC: CAPA\\r\\nS: +OK\\r\\nS: .\\r\\n"
SMTP_HEAD = "S: 220 x\\r\\nC: EHLO [127.0.0.1]\\r\\nS: 250 x\\r\\n"
CHALLENGE = base64.b64encode(b"<1@x>").decode()
SCRIPTS = {
    "pop3 user": (
        partial(pop3_login, None),
        POP3_HEAD + f"C: USER {USER}\\r\\nS: +OK\\r\\nC: PASS <secret>\\r\\nS: {ECHO}",
    ),
    "pop3 plain": (
        partial(pop3_login, "PLAIN"),
        POP3_HEAD + f"C: AUTH PLAIN <secret>\\r\\nS: {ECHO}",
    ),
    "pop3 cram": (
        partial(pop3_login, "CRAM-MD5"),
        POP3_HEAD + f"C: AUTH CRAM-MD5\\r\\nS: + {CHALLENGE}\\r\\nC: <secret>\\r\\nS: {ECHO}",
    ),
    "smtp login": (
        partial(smtp_login, "LOGIN"),
        SMTP_HEAD + "C: AUTH LOGIN\\r\\nS: 334 VXNlcm5hbWU6\\r\\nC: <secret>\\r\\n"
        f"S: 334 UGFzc3dvcmQ6\\r\\nC: <secret>\\r\\nS: 535 5.7.8 not {PASSWORD}\\r\\n",
    ),
    "smtp plain": (
        partial(smtp_login, "PLAIN"),
        SMTP_HEAD + f"C: AUTH PLAIN <secret>\\r\\nS: 535 5.7.8 {PASSWORD}? no\\r\\n",
    ),
}


def record(flow: Flow[None], protocol: str, transcript: str, chunk: int) -> tuple[str, str]:
    """Run a flow against a scripted server; return the exported record and the error's words."""
    lines: list[Line] = []
    with ScriptedServer(transcript, chunk=chunk) as server:
        endpoint = Endpoint.parse(f"{protocol}://127.0.0.1:{server.port}?tls=none")
        driver = BlockingDriver(endpoint, recorder=Recorder(lines.append)).connect()
        with driver, pytest.raises(AuthenticationRefused) as refused:
            driver.run(flow)
    return "\n".join(map(str, lines)), str(refused.value)


@pytest.mark.parametrize("chunk", [1, 7, 0])
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_failing_login_exports_without_a_secret_and_replays(name: str, chunk: int) -> None:
    flow, script = SCRIPTS[name]
    transcript = script.replace("\\r\\nC:", "\\r\\n\nC:").replace("\\r\\nS:", "\\r\\n\nS:")
    exported, words = record(flow(), name[:4], transcript, chunk)
    for form in forms(PASSWORD):
        assert form.decode() not in exported
    assert exported.count("<secret>") >= 2, "the client's secret, and the server's echo of it"
    with pytest.raises(HongyanError) as again:
        ReplayDriver(exported).run(flow())
    assert type(again.value) is AuthenticationRefused
    assert str(again.value) == words.replace(PASSWORD, "<secret>")


@given(st.binary(max_size=60))
def test_escaping_can_be_undone(data: bytes) -> None:
    assert unescape(escape(data)) == data
    assert escape(data).isprintable()


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30))
def test_a_secret_cut_in_pieces_is_still_found(sizes: list[int]) -> None:
    lines: list[Line] = []
    recorder = Recorder(lines.append)
    recorder.sent(b"PASS s3cr3t!\r\n", (b"s3cr3t!",))
    data = b"-ERR s3cr3t! is wrong, s3cr3t!\r\n+OK\r\n"
    at = 0
    while at < len(data):
        size = sizes[at % len(sizes)]
        recorder.received(data[at : at + size])
        at += size
    recorder.flush()
    assert [str(line) for line in lines] == [
        "C: PASS <secret>\\r\\n",
        "S: -ERR <secret> is wrong, <secret>\\r\\n",
        "S: +OK\\r\\n",
    ]
