"""The console by pipe and in a terminal: it ends, it hides secrets, it keeps a record."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner

from hongyan.cli import wire
from hongyan.cli.main import run
from hongyan.demo import DemoHost
from hongyan.net.replay import parse
from tests.cli.command import Hongyan
from tests.support.scripted import ScriptedServer

PLAIN = b64encode(b"\0yan\0hunter2!").decode()


def dialogue(out: str) -> list[str]:
    return [line[8:] for line in out.splitlines() if not line.startswith("        #")]


def test_a_session_by_pipe(nobody: Hongyan, host: DemoHost, tmp_path: Path) -> None:
    record = tmp_path / "record"
    typed = f"CAPA\nUSER yan\nPASS {host.password}\nSTAT\nQUIT\nNOOP\n"
    out = nobody.ok("wire", host.pop3_url, "--record", str(record), stdin=typed)
    lines = dialogue(out)
    assert lines[0].startswith("*: pop3://127.0.0.1:")
    assert "C: PASS <secret>\\r\\n" in lines
    assert any(line.startswith("S: +OK 60") or "letters" in line for line in lines)
    assert lines[-1] == "*: closed"
    assert "C: NOOP\\r\\n" not in lines, "QUIT ends it"
    assert "# the password (RFC 1939 §7)" in out
    assert record.read_text("utf-8").splitlines() == lines
    assert host.password not in out
    assert parse(record.read_text("utf-8").replace("*:", "*"))


@pytest.mark.parametrize(
    ("typed", "secrets"),
    [
        (["PASS hunter2!"], ["hunter2!"]),
        (["pass  hunter2!"], ["hunter2!"]),
        ([" PASS hunter2!"], ["hunter2!"]),
        (["APOP yan 0123456789abcdef"], ["0123456789abcdef"]),
        ([f"AUTH PLAIN {PLAIN}", "NOOP hunter2!"], [PLAIN, "hunter2!"]),
        (["AUTH PLAIN", PLAIN, "NOOP hunter2!"], [PLAIN, "hunter2!"]),
        (["AUTH LOGIN", "eWFu", b64encode(b"hunter2!").decode()], ["aHVudGVyMiE=", "hunter2!"]),
        (["AUTH CRAM-MD5", b64encode(b"yan 00ff").decode()], ["eWFuIDAwZmY="]),
    ],
)
def test_secrets_are_blotted_out(
    nobody: Hongyan, host: DemoHost, tmp_path: Path, typed: list[str], secrets: list[str]
) -> None:
    record = tmp_path / "record"
    lines = "\n".join([*typed, "QUIT", ""])
    out = nobody.ok("wire", host.pop3s_url, "--plain", "--record", str(record), stdin=lines)
    for secret in secrets:
        assert secret not in out
        assert secret not in record.read_text("utf-8")
    assert "<secret>" in out


def test_a_message_by_hand(nobody: Hongyan, host: DemoHost) -> None:
    login = b64encode(f"\0yan\0{host.password}".encode()).decode()
    typed = (
        f"EHLO me\nAUTH PLAIN {login}\nMAIL FROM:<yan@goose.example>\nRCPT TO:<a@den.example>\n"
        "DATA\nSubject: by hand\n\nAUTH is but a word here\n.\nQUIT\n"
    )
    out = nobody.ok("wire", host.smtps_url, "--plain", stdin=typed)
    assert "C: \\r\\n" in dialogue(out), "the empty line after the header goes out"
    assert "C: AUTH is but a word here\\r\\n" in dialogue(out)
    assert "S: 250 2.0.0 queued" in out


@pytest.mark.parametrize(
    ("url", "transcript", "code", "told"),
    [
        ("smtp", "S: +OK pop\\r\\n\n", 76, "does not greet as SMTP does"),
        ("pop3", "S: 220 smtp\\r\\n\n", 76, "does not greet as POP3 does"),
        ("pop3", "S: +OK\\r\\n\nC: STLS\\r\\n\nS: -ERR no\\r\\n\n", 77, "does not start TLS"),
        (
            "smtp",
            "S: 220 x\\r\\n\nC: EHLO [127.0.0.1]\\r\\n\nS: 250 x\\r\\n\nC: STARTTLS\\r\\n\nS: 502 no\\r\\n\n",
            77,
            "does not start TLS",
        ),
        (
            "imap",
            "S: * OK\\r\\n\nC: w0 STARTTLS\\r\\n\nS: w0 BAD\\r\\n\n",
            77,
            "does not start TLS",
        ),
    ],
)
def test_nothing_is_typed_into_a_line_that_is_not_what_was_asked_for(
    nobody: Hongyan, url: str, transcript: str, code: int, told: str
) -> None:
    with ScriptedServer(transcript) as server:
        line = nobody.fails(
            code, "wire", f"{url}://127.0.0.1:{server.port}", stdin="PASS hunter2!\n"
        )
    assert server.errors == [], "the password stayed here"
    assert told in line


def test_a_server_that_closes_ends_it(nobody: Hongyan) -> None:
    with ScriptedServer("S: +OK\\r\\n\nC: STAT\\r\\n\n* EOF") as server:
        url = f"pop3://127.0.0.1:{server.port}?tls=none"
        out = nobody.ok("wire", url, stdin="STAT\nSTAT\n")
    assert dialogue(out)[-1] == "*: closed"


@pytest.mark.parametrize(
    ("url", "code"),
    [("", 64), ("http://x", 64), ("pop3://127.0.0.1:99999", 64), ("pop3s://127.0.0.1:1", 69)],
)
def test_addresses_that_lead_nowhere(nobody: Hongyan, url: str, code: int) -> None:
    nobody.fails(code, "wire", url)


def test_a_record_that_cannot_be_kept(nobody: Hongyan, host: DemoHost) -> None:
    line = nobody.fails(74, "wire", host.pop3s_url, "--record", "/nowhere/record")
    assert "No such file or directory" in line


def test_in_a_terminal_secrets_are_not_left_on_the_screen(
    nobody: Hongyan, host: DemoHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["", "USER yan", f"PASS {host.password}", "QUIT"])
    hidden: list[str] = []
    wiped: list[int] = []
    monkeypatch.setattr(wire, "_wipe", wiped.append)
    with CliRunner().isolation() as (out, _, _):
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("builtins.input", lambda prompt: next(typed))
        monkeypatch.setattr(wire, "getpass", hidden.append)
        assert run(["wire", host.pop3s_url]) == 0
        told = out.getvalue().decode()
    assert wiped == [len(f"> PASS {host.password}")], "the line with the password is wiped"
    assert re.search(r"C: PASS <secret>", told)
    assert "C: \\r\\n" not in told, "an empty line is no command"
    assert hidden == []


def test_in_a_terminal_the_answer_to_a_challenge_is_hidden(
    nobody: Hongyan, host: DemoHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["AUTH PLAIN"])

    def ctrl_d(_: str) -> str:
        for line in typed:
            return line
        raise EOFError

    prompts: list[str] = []

    def hidden(prompt: str) -> str:
        prompts.append(prompt)
        return PLAIN

    with CliRunner().isolation() as (out, _, _):
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("builtins.input", ctrl_d)
        monkeypatch.setattr(wire, "getpass", hidden)
        assert run(["wire", host.pop3s_url]) == 0
        told = out.getvalue().decode()
    assert prompts == ["(hidden) > "]
    assert PLAIN not in told
