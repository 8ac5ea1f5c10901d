from __future__ import annotations

import base64
import poplib
import time
from typing import TYPE_CHECKING

import pytest

from hongyan.demo import DemoHost
from tests.demo.clients import RawClient, port, trusting

if TYPE_CHECKING:
    from collections.abc import Callable

    Raw = Callable[[str], RawClient]
    Login = Callable[[], poplib.POP3]

FIRST = b"Subject: one\r\n\r\n.dot\r\n..\r\n.\r\nlast\r\n"
SECOND = b"Subject: two\r\n\r\na\nbare\r\nno end"


@pytest.fixture(autouse=True)
def _filled(host: DemoHost) -> None:
    host.maildrop.add(FIRST)
    host.maildrop.add(SECOND)


def test_stls_then_user_and_pass(host: DemoHost) -> None:
    client = poplib.POP3("127.0.0.1", port(host.pop3_url))
    try:
        before = client.capa()
        assert {"STLS", "UIDL", "TOP", "PIPELINING", "RESP-CODES"} <= before.keys()
        assert not {"USER", "SASL"} & before.keys(), "no password in clear"
        client.stls(context=trusting())
        after = client.capa()
        assert "STLS" not in after
        assert after["SASL"] == ["PLAIN", "LOGIN", "CRAM-MD5"]
        client.user("yan")
        client.pass_(host.password)
        assert client.stat() == (2, len(FIRST) + len(SECOND))
        client.quit()
    finally:
        client.close()


def test_listing(host: DemoHost, pop: Login) -> None:
    client = pop()
    uids = [letter.uid for letter in host.maildrop.letters()]
    assert client.list()[1] == [b"1 %d" % len(FIRST), b"2 %d" % len(SECOND)]
    one: object = client.list(2)  # typeshed knows the long form alone
    assert one == b"+OK 2 %d" % len(SECOND)
    assert client.uidl()[1] == [f"{n} {uid}".encode() for n, uid in enumerate(uids, 1)]
    assert client.uidl(1) == f"+OK 1 {uids[0]}".encode()


def test_letters_come_octet_for_octet(host: DemoHost, raw: Raw) -> None:
    client = logged_in(host, raw)
    assert client.say(b"RETR 1\r\n") == f"+OK {len(FIRST)} octets"
    stuffed = b"Subject: one\r\n\r\n..dot\r\n...\r\n..\r\nlast\r\n.\r\n"
    assert client.reader.read(len(stuffed)) == stuffed
    assert client.say(b"RETR 2\r\n") == f"+OK {len(SECOND)} octets"
    assert client.reader.read(len(SECOND) + 5) == SECOND + b"\r\n.\r\n"


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (0, []),
        (1, [b".dot"]),
        (3, [b".dot", b"..", b"."]),
        (4, [b".dot", b"..", b".", b"last"]),
        (99, [b".dot", b"..", b".", b"last"]),
    ],
)
def test_top(pop: Login, lines: int, body: list[bytes]) -> None:
    assert pop().top(1, lines)[1] == [b"Subject: one", b"", *body]


def test_only_quit_deletes_and_uids_stay(pop: Login) -> None:
    client = pop()
    second = client.uidl(2).split()[2]
    client.dele(1)
    with pytest.raises(poplib.error_proto, match="no such letter"):
        client.retr(1)
    assert client.stat() == (1, len(SECOND))
    client.rset()
    assert client.stat()[0] == 2
    client.dele(1)
    client.close()
    client = wait_for(pop)
    assert client.stat()[0] == 2, "a lost connection deletes nothing"
    client.dele(1)
    client.quit()
    client = wait_for(pop)
    assert client.uidl()[1] == [b"1 " + second]


def wait_for(pop: Login) -> poplib.POP3:
    """Log in once the session before has been noticed to be gone."""
    for _ in range(100):
        try:
            return pop()
        except poplib.error_proto:
            time.sleep(0.01)
    return pop()


def test_one_session_at_a_time(pop: Login) -> None:
    pop()
    with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
        pop()


def test_a_session_sees_what_was_there_at_login(host: DemoHost, pop: Login) -> None:
    client = pop()
    host.maildrop.add(FIRST)
    assert client.stat()[0] == 2


def logged_in(host: DemoHost, raw: Raw) -> RawClient:
    client = raw(host.pop3s_url)
    token = base64.b64encode(f"\0{host.address}\0{host.password}".encode())
    assert client.say(b"AUTH PLAIN " + token + b"\r\n").startswith("+OK")
    return client


def test_auth_plain_after_an_empty_challenge(host: DemoHost, raw: Raw) -> None:
    client = raw(host.pop3s_url)
    assert client.say(b"AUTH PLAIN\r\n") == "+ "
    token = base64.b64encode(f"\0{host.address}\0{host.password}".encode())
    assert client.say(token + b"\r\n") == "+OK 2 letters are waiting"


def test_pipelined_commands_are_answered_in_order(host: DemoHost, raw: Raw) -> None:
    client = logged_in(host, raw)
    client.sock.sendall(b"NOOP\r\nDELE 1\r\nDELE 1\r\nSTAT\r\nRSET\r\nQUIT\r\n")
    replies = [client.reply() for _ in range(6)]
    assert [reply.split()[0] for reply in replies] == ["+OK", "+OK", "-ERR", "+OK", "+OK", "+OK"]
    assert replies[3] == f"+OK 1 {len(SECOND)}"


def test_plaintext_after_stls_is_discarded(host: DemoHost, raw: Raw) -> None:
    client = raw(host.pop3_url)
    assert client.say(b"STLS\r\nUSER mallory\r\n").startswith("+OK")
    client.start_tls()
    assert client.say(b"PASS x\r\n") == "-ERR USER comes first"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"STAT\r\n", "-ERR not before the login"),
        (b"HONK\r\n", "-ERR no such command here"),
        (b"NOOP\n", "-ERR a line ends in CR LF"),
        (b"x" * 600 + b"\r\n", "-ERR a line may have 512 octets"),
        (b"PASS x\r\n", "-ERR USER comes first"),
        (b"STLS\r\n", "-ERR this is TLS already"),
        (b"AUTH HONK\r\n", "-ERR no such mechanism here"),
        (b"AUTH PLAIN !\r\n", "-ERR that is not base64"),
        (b"AUTH PLAIN AHlhbgB3cm9uZw==\r\n", "-ERR [AUTH] "),
        (b"USER \xff\r\n", "+OK"),
        (b"QUIT\r\n", "+OK"),
    ],
)
def test_replies_before_the_login(host: DemoHost, raw: Raw, said: bytes, expected: str) -> None:
    assert raw(host.pop3s_url).say(said).startswith(expected)


@pytest.mark.parametrize(
    "said", [b"RETR", b"RETR 0", b"RETR 3", b"RETR -1", b"RETR x", b"TOP 1", b"TOP 1 x", b"DELE 9"]
)
def test_bad_numbers(host: DemoHost, raw: Raw, said: bytes) -> None:
    assert logged_in(host, raw).say(said + b"\r\n").startswith("-ERR ")


@pytest.mark.parametrize("said", [b"USER yan", b"PASS x", b"AUTH PLAIN AHlhbgB4"])
def test_no_password_in_clear(host: DemoHost, raw: Raw, said: bytes) -> None:
    assert raw(host.pop3_url).say(said + b"\r\n") == "-ERR say STLS first: no password in clear"


def test_three_wrong_passwords_end_the_session(host: DemoHost, raw: Raw) -> None:
    client = raw(host.pop3s_url)
    for _ in range(3):
        assert client.say(b"AUTH PLAIN AHlhbgB3cm9uZw==\r\n").startswith("-ERR [AUTH]")
    assert client.line() == ""
