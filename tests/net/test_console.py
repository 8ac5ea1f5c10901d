"""The protocol console: when an answer is whole, what is secret, when TLS starts."""

from __future__ import annotations

import pytest

from hongyan.net.console import Console, whole
from hongyan.net.record import Line, Recorder
from hongyan.net.replay import ReplayDriver


@pytest.mark.parametrize(
    ("protocol", "command", "answer", "expected"),
    [
        ("smtp", b"", b"220 hi\r\n", True),
        ("smtp", b"EHLO x", b"250-a\r\n", False),
        ("smtp", b"EHLO x", b"250-a\r\n250 b\r\n", True),
        ("smtp", b"NOOP", b"250\r\n", True),
        ("pop3", b"", b"+OK", False),
        ("pop3", b"LIST", b"+OK\r\n1 2\r\n", False),
        ("pop3", b"list", b"+OK\r\n1 2\r\n.\r\n", True),
        ("pop3", b"LIST 1", b"+OK 1 2\r\n", True),
        ("pop3", b"RETR 1", b"-ERR\r\n", True),
        ("imap", b"", b"* OK hi\r\n", True),
        ("imap", b"a1 NOOP", b"* 3 EXISTS\r\n", False),
        ("imap", b"a1 NOOP", b"* 3 EXISTS\r\na1 OK\r\n", True),
        ("imap", b"a1 AUTHENTICATE PLAIN", b"+ \r\n", True),
    ],
)
def test_when_an_answer_is_whole(
    protocol: str, command: bytes, answer: bytes, expected: bool
) -> None:
    assert whole(protocol, command, answer) is expected


def test_commands_are_explained() -> None:
    assert str(Console("pop3").explain("retr 1")) == "fetch a message whole (RFC 1939 §5)"
    assert str(Console("imap").explain("a1 select inbox")) == "open a mailbox (RFC 9051 §6.3.2)"
    assert str(Console("imap").explain("select inbox")) == "open a mailbox (RFC 9051 §6.3.2)"
    assert Console("smtp").explain("XYZZY") is None


def test_a_secret_is_one_without_a_tag_too() -> None:
    assert Console("imap").hides("login anna s3cr3t")
    assert Console("imap").hides("AUTHENTICATE PLAIN AGFubmEAczNjcjN0")
    assert not Console("imap").hides("NOOP")


SESSIONS = {
    "pop3": (
        ["STLS", "USER anna", "PASS s3cr3t", "STAT", "QUIT"],
        r"""S: +OK\r\n
C: STLS\r\n
S: +OK\r\n
* TLS
C: USER anna\r\n
S: +OK\r\n
C: PASS s3cr3t\r\n
S: +OK\r\n
C: STAT\r\n
S: +OK 0 0\r\n
C: QUIT\r\n
S: +OK\r\n""",
    ),
    "smtp": (
        [
            "EHLO me",
            "AUTH LOGIN",
            "YW5uYQ==",
            "s3cr3t",
            "MAIL FROM:<>",
            "DATA",
            "AUTH is a word",
            ".",
        ],
        r"""S: 220 x\r\n
C: EHLO me\r\n
S: 250 x\r\n
C: AUTH LOGIN\r\n
S: 334 VXNlcm5hbWU6\r\n
C: YW5uYQ==\r\n
S: 334 UGFzc3dvcmQ6\r\n
C: s3cr3t\r\n
S: 235 ok\r\n
C: MAIL FROM:<>\r\n
S: 250 ok\r\n
C: DATA\r\n
S: 354 go\r\n
C: AUTH is a word\r\n
C: .\r\n
S: 250 ok\r\n""",
    ),
    "imap": (
        ["a1 LOGIN anna s3cr3t", "a2 LOGOUT"],
        r"""S: * OK hi\r\n
C: a1 LOGIN anna s3cr3t\r\n
S: a1 OK\r\n
C: a2 LOGOUT\r\n
S: * BYE\r\n
S: a2 OK\r\n""",
    ),
}


SESSIONS["imap, without tags"] = (
    ["LOGIN anna s3cr3t", "APPEND x {4}", "LIST", "Noop", "LOGOUT"],
    r"""S: * OK hi\r\n
C: w1 LOGIN anna s3cr3t\r\n
S: w1 OK\r\n
C: w2 APPEND x {4}\r\n
S: + go on\r\n
C: LIST\r\n
S: w2 OK\r\n
C: w4 Noop\r\n
S: w4 OK\r\n
C: w5 LOGOUT\r\n
S: * BYE\r\n
S: w5 OK\r\n""",
)


class RecordingReplay(ReplayDriver):
    """A replay that records, as a real driver does."""

    def __init__(self, transcript: str) -> None:
        super().__init__(transcript)
        self.lines: list[Line] = []
        self.recorder = Recorder(self.lines.append)

    def _perform(self, effect: object) -> object:  # type: ignore[override]  # only looked at
        from hongyan.flow import Write

        if isinstance(effect, Write):
            self.recorder.sent(effect.data, effect.secrets)
        return super()._perform(effect)  # type: ignore[arg-type]  # as it came


@pytest.mark.parametrize("protocol", SESSIONS)
def test_a_session_by_hand(protocol: str) -> None:
    typed, transcript = SESSIONS[protocol]
    driver, console = RecordingReplay(transcript), Console(protocol.partition(",")[0])
    driver.run(console.open(starttls=False))
    for line in typed:
        assert driver.run(console.say(line))
    driver.finish()
    said = "".join(map(str, driver.lines))
    assert "s3cr3t" not in said
    assert "YW5uYQ==" not in said


def test_a_server_that_closes_ends_the_session() -> None:
    driver, console = ReplayDriver("S: +OK\\r\\n\nC: QUIT\\r\\n\n* EOF"), Console("pop3")
    driver.run(console.open(starttls=False))
    assert driver.run(console.say("QUIT")) is False
