"""No escape, C1 or bidi byte that came from mail or server reaches the terminal (FAULTS 13, 20)."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongyan.cli.errors import explain
from hongyan.errors import ConnectFailed, NotFound, ProtocolError, Refused, StoreError
from tests.cli.command import Hongyan, Result
from tests.support.scripted import ScriptedServer

STEERING = "\x00\x07\x08\x0d\x1b\x7f\x80\x85\x90\x9b\x9d\x9f\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
NASTY = st.text(st.sampled_from(STEERING + ']0;[31mab鸿 "\\<>@'), min_size=1, max_size=40)


def steers(text: str) -> set[str]:
    return set(text) & set(STEERING)


def clean(result: Result) -> None:
    assert not steers(result.out), result.out
    assert not steers(result.err), result.err
    result.octets.decode("utf-8")


def encoded(text: str) -> str:
    return f"=?utf-8?B?{b64encode(text.encode()).decode()}?="


def hostile(words: str) -> bytes:
    """A letter with ``words`` in every place that is shown."""
    name = b64encode(words.encode()).decode()
    raw = words.translate({10: None, 13: None, 0: None})
    return (
        f"From: {encoded(words)} <a{raw.replace('@', '')}@b.example>\r\n"
        f"To: {encoded(words)} <c@d.example>\r\nSubject: {encoded(words)} {raw}\r\n"
        f"Message-ID: <{raw}@x>\r\nX-{raw}: {raw}\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nfindme {words}\r\n"
        f'--b\r\nContent-Type: a/b; name="{raw}"\r\n'
        f'Content-Disposition: attachment; filename="{encoded(words)}"\r\n\r\nx\r\n'
        f"--b\r\nContent-Disposition: attachment; filename*=utf-8''%1B%5B31m%E2%80%AE\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{name}\r\n--b--\r\n"
    ).encode()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(NASTY)
def test_mail_that_steers(anna: Hongyan, tmp_path: Path, words: str) -> None:
    (name,) = anna.receive(hostile(words))
    for command in (
        ["list", "--limit", "1"], ["list", "--limit", "1", "--json"],
        ["search", "findme", "--limit", "1"], ["search", "findme", "--limit", "1", "--json"],
        ["show", name], ["show", name, "--headers"], ["show", name, "--json"],
        ["save", name, "--to", str(tmp_path)],
    ):  # fmt: skip
        result = anna(*command)
        assert result.code == 0, result.err
        clean(result)


@given(NASTY)
def test_servers_and_people_that_steer_an_error(words: str) -> None:
    for error in (
        Refused(words, code="550"), Refused(words, temporary=True), ProtocolError(words),
        ConnectFailed(words), NotFound(words), StoreError(f"/{words}"), OSError(5, words, words),
    ):  # fmt: skip
        line, _ = explain(error)
        assert not steers(line)
        assert "\n" not in line
        assert len(line) < 600


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(NASTY)
def test_servers_that_steer(anna: Hongyan, words: str) -> None:
    octets = words.translate({10: None, 13: None}).encode()
    said = "".join(f"\\x{octet:02x}" for octet in octets)
    for greeting in (f"S: -ERR {said}\\r\\n\n* EOF", f"S: {said}\\r\\n\n* EOF"):
        with ScriptedServer(greeting) as server:
            result = anna("wire", f"pop3://127.0.0.1:{server.port}?tls=none", stdin="NOOP\n")
            clean(result)
    with ScriptedServer(f"S: 554 {said}\\r\\n\n* EOF") as server:
        address = f"x{server.port}@here.example"
        anna.add_account(address, smtp=f"smtp://127.0.0.1:{server.port}?tls=none")
        clean(anna("send", "--from", address, "--to", "a@b.example", stdin="x"))
    clean(anna("outbox", "list"))
    clean(anna("outbox", "list", "--json"))


@pytest.mark.parametrize("words", ["\x1b[31m", "\u202egpj", "a\x9b31mb"])
def test_what_the_person_types_is_cleaned_too(anna: Hongyan, words: str) -> None:
    for command in (["show", words], ["list", words], ["save", words], ["outbox", "cancel", words]):
        result = anna(*command)
        assert result.code == 65
        clean(result)
