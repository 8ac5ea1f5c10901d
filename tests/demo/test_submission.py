from __future__ import annotations

import base64
import smtplib
from typing import TYPE_CHECKING

import pytest

from hongyan.demo import DemoHost
from tests.demo.clients import RawClient, port, trusting

if TYPE_CHECKING:
    from collections.abc import Callable

    Raw = Callable[[str], RawClient]

ME = "yan@goose.example"
HELLO = b"From: a@b.example\r\nSubject: hi\r\n\r\n"


def logged_in(host: DemoHost, raw: Raw) -> RawClient:
    client = raw(host.smtps_url)
    assert client.say(b"EHLO me\r\n").startswith("250 ")
    token = base64.b64encode(f"\0{host.address}\0{host.password}".encode())
    assert client.say(b"AUTH PLAIN " + token + b"\r\n").startswith("235 2.7.0")
    return client


def begun(host: DemoHost, raw: Raw) -> RawClient:
    client = logged_in(host, raw)
    assert client.say(f"MAIL FROM:<{ME}>\r\n".encode()).startswith("250")
    assert client.say(f"RCPT TO:<{ME}>\r\n".encode()).startswith("250")
    return client


def delivered(host: DemoHost) -> list[bytes]:
    """The bodies that lie in the maildrop."""
    return [letter.content.partition(b"\r\n\r\n")[2] for letter in host.maildrop.letters()]


def test_starttls_then_every_mechanism(host: DemoHost) -> None:
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        with smtplib.SMTP("127.0.0.1", port(host.smtp_url)) as client:
            client.ehlo()
            assert client.has_extn("starttls")
            assert not client.has_extn("auth"), "no password in clear"
            client.starttls(context=trusting())
            client.ehlo()
            assert not client.has_extn("starttls")
            assert mechanism in client.esmtp_features["auth"].split()
            client.user, client.password = host.address, host.password
            method = getattr(client, "auth_" + mechanism.lower().replace("-", "_"))
            assert client.auth(mechanism, method)[0] == 235


def test_ehlo_offers_what_is_served(host: DemoHost, smtp: smtplib.SMTP) -> None:
    offers = {"pipelining", "size", "8bitmime", "smtputf8", "enhancedstatuscodes", "chunking"}
    assert offers <= smtp.esmtp_features.keys()
    assert smtp.esmtp_features["size"] == "36700160"


def test_a_message_to_oneself_arrives_as_it_is(host: DemoHost, smtp: smtplib.SMTP) -> None:
    smtp.sendmail(ME, [ME], HELLO + b".dot\r\n..two\r\n.\r\nend\r\n")
    (letter,) = host.maildrop.letters()
    assert letter.content.startswith(b"Return-Path: <yan@goose.example>\r\nReceived: from ")
    assert b" with ESMTPSA id " in letter.content
    assert letter.content.endswith(HELLO + b".dot\r\n..two\r\n.\r\nend\r\n")


@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\n.\r"])
def test_only_crlf_dot_crlf_ends_a_message(host: DemoHost, raw: Raw, end: bytes) -> None:
    client = begun(host, raw)
    assert client.say(b"DATA\r\n").startswith("354")
    trick = b"a" + end + b"MAIL FROM:<x@y.example>\r\n"
    assert client.say(HELLO + trick + b".\r\n").startswith("250 2.0.0")
    assert client.say(b"NOOP\r\n").startswith("250"), "one reply for one message"
    assert len(delivered(host)) == 1


def test_pipelining_answers_in_order(host: DemoHost, raw: Raw) -> None:
    client = logged_in(host, raw)
    client.sock.sendall(
        f"MAIL FROM:<{ME}>\r\nRCPT TO:<nobody@goose.example>\r\nRCPT TO:<{ME}>\r\nDATA\r\n".encode()
    )
    replies = [client.reply()[:3] for _ in range(4)]
    assert replies == ["250", "550", "250", "354"]
    client.sock.sendall(HELLO + b"one\r\n.\r\nQUIT\r\n")
    assert [client.reply()[:3] for _ in range(2)] == ["250", "221"]
    assert delivered(host) == [b"one\r\n"]


def test_chunks_are_joined_and_dots_are_only_dots(host: DemoHost, raw: Raw) -> None:
    client = begun(host, raw)
    first, second = HELLO + b".\r\n", b"\r\n.\r\nlast"
    assert client.say(b"BDAT %d\r\n" % len(first) + first).startswith("250 2.0.0")
    assert client.say(b"DATA\r\n").startswith("503"), "BDAT and DATA do not mix"
    assert client.say(b"BDAT %d LAST\r\n" % len(second) + second).startswith("250 2.0.0")
    assert delivered(host) == [b".\r\n\r\n.\r\nlast"]


def test_refused_chunks_are_read_all_the_same(host: DemoHost, raw: Raw) -> None:
    client = logged_in(host, raw)
    assert client.say(b"BDAT 6 LAST\r\nQUIT\r\n").startswith("503")
    assert client.say(b"NOOP\r\n").startswith("250")


def test_empty_last_chunk_ends_the_message(host: DemoHost, raw: Raw) -> None:
    client = begun(host, raw)
    assert client.say(b"BDAT 3\r\nabc").startswith("250")
    assert client.say(b"BDAT 0 LAST\r\n").startswith("250")
    assert host.maildrop.letters()[0].content.endswith(b"abc")


REPLIES = [
    (b"MAIL FROM:<yan@goose.example>\r\n", "503 5.5.1"),
    (b"EHLO\r\n", "501 5.5.4"),
    (b"HELO \r\n", "501 5.5.4"),
    (b"EHLO me\r\nSTARTTLS now\r\n", "501 5.5.4"),
    (b"STARTTLS\r\n", "503 5.5.1"),
    (b"AUTH PLAIN\r\n", "503 5.5.1"),
    (b"EHLO me\r\nAUTH PLAIN AAAA\r\n", "538 5.7.11"),
    (b"EHLO me\r\nMAIL FROM:<yan@goose.example>\r\n", "530 5.7.0"),
    (b"HELO me\r\n", "250 goose.example"),
    (b"RCPT TO:<yan@goose.example>\r\n", "503 5.5.1"),
    (b"DATA\r\n", "503 5.5.1"),
    (b"BDAT x\r\n", "501 5.5.4"),
    (b"NOOP really\r\n", "250 2.0.0"),
    (b"RSET\r\n", "250 2.0.0"),
    (b"RSET now\r\n", "501 5.5.4"),
    (b"VRFY yan\r\n", "252 2.1.5"),
    (b"VRFY\r\n", "501 5.5.4"),
    (b"EXPN all\r\n", "502 5.7.0"),
    (b"HELP\r\n", "214 2.0.0"),
    (b"HONK\r\n", "500 5.5.2"),
    (b"\r\n", "500 5.5.2"),
    (b"NOOP\n", "500 5.5.2"),
    (b"NO\rOP\r\n", "500 5.5.2"),
    (b"NOOP " + b"x" * 3000 + b"\r\n", "500 5.5.2"),
    (b"QUIT\r\n", "221 2.0.0"),
    (b"quit\r\n", "221 2.0.0"),
]


@pytest.mark.parametrize(("said", "expected"), REPLIES)
def test_replies_before_the_login(host: DemoHost, raw: Raw, said: bytes, expected: str) -> None:
    client = raw(host.smtp_url)
    assert client.greeting.startswith("220 goose.example ESMTP")
    reply = client.say(said)
    for _ in range(said.count(b"\r\n") - 1):
        reply = client.reply()
    assert reply.startswith(expected)


REPLIES_LATER = [
    (b"MAIL FROM:<yan@goose.example> SIZE=36700161\r\n", "552 5.3.4"),
    (b"MAIL FROM:<yan@goose.example> SIZE=many\r\n", "501 5.5.4"),
    (b"MAIL FROM:<yan@goose.example> BODY=BINARYMIME\r\n", "501 5.5.4"),
    (b"MAIL FROM:<yan@goose.example> BODY=8BITMIME SIZE=10 AUTH=<>\r\n", "250 2.1.0"),
    (b"MAIL FROM:<yan@goose.example> HONK=1\r\n", "555 5.5.4"),
    (b"MAIL FROM:<>\r\n", "250 2.1.0"),
    (b"MAIL FROM:yan@goose.example\r\n", "501 5.5.4"),
    (b"MAIL FROM:<yan>\r\n", "553 5.1.3"),
    (b"MAIL FROM:<y\x00n@goose.example>\r\n", "553 5.1.3"),
    (b'MAIL FROM:<"\x1b[31m"@goose.example>\r\n', "553 5.1.3"),
    ("MAIL FROM:<雁@goose.example>\r\n".encode(), "553 5.6.7"),
    ("MAIL FROM:<雁@goose.example> SMTPUTF8\r\n".encode(), "250 2.1.0"),
    (b"MAIL FROM:<\xff@goose.example>\r\n", "501 5.5.2"),
    (b'MAIL FROM:<"a b"@goose.example>\r\n', "250 2.1.0"),
    (b"AUTH PLAIN\r\n", "503 5.5.1"),
    (b"STARTTLS\r\n", "503 5.5.1"),
    (b"MAIL FROM:<>\r\nMAIL FROM:<>\r\n", "503 5.5.1"),
    (b"MAIL FROM:<>\r\nDATA\r\n", "554 5.5.1"),
    (b"MAIL FROM:<>\r\nRCPT TO:<a@b.example> NOTIFY=NEVER\r\n", "555 5.5.4"),
    (b"MAIL FROM:<>\r\nRCPT TO:<>\r\n", "553 5.1.3"),
    (b"MAIL FROM:<>\r\nRCPT TO:<@x.example:mum@lotus.example>\r\n", "250 2.1.5"),
    (b"MAIL FROM:<>\r\nRCPT TO:<a@elsewhere.org>\r\n", "550 5.7.1"),
    (b"MAIL FROM:<>\r\nRCPT TO:<a@x:b@y.example>\r\n", "553 5.1.3"),
    (b"MAIL FROM:<>\r\nRCPT TO:<a@notexample>\r\n", "550 5.7.1"),
    (b"MAIL FROM:<>\r\nRCPT TO:<nobody@goose.example>\r\n", "550 5.1.1"),
    (b"MAIL FROM:<>\r\nRCPT TO:<full@goose.example>\r\n", "452 4.2.2"),
    (b"MAIL FROM:<>\r\nRCPT TO:<busy@goose.example>\r\n", "451 4.2.1"),
    (b"MAIL FROM:<>\r\nRSET\r\nRCPT TO:<a@b.example>\r\n", "503 5.5.1"),
    (b"MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA please\r\n", "501 5.5.4"),
]


@pytest.mark.parametrize(("said", "expected"), REPLIES_LATER)
def test_replies_after_the_login(host: DemoHost, raw: Raw, said: bytes, expected: str) -> None:
    client = logged_in(host, raw)
    for line in said.split(b"\r\n")[:-1]:
        reply = client.say(line + b"\r\n")
    assert reply.startswith(expected)


def test_a_hundred_recipients_are_enough(host: DemoHost, raw: Raw) -> None:
    client = begun(host, raw)
    replies = [client.say(b"RCPT TO:<a%d@b.example>\r\n" % n)[:9] for n in range(100)]
    assert set(replies[:99]) == {"250 2.1.5"}
    assert replies[99] == "452 4.5.3"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([b"AUTH PLAIN !!!\r\n"], "501 5.5.2"),
        ([b"AUTH PLAIN AGE=\r\n"], "501 5.5.2"),
        ([b"AUTH PLAIN =\r\n"], "501 5.5.2"),
        ([b"AUTH PLAIN AHlhbgB3cm9uZw==\r\n"], "535 5.7.8"),
        ([b"AUTH LOGIN\r\n", b"*\r\n"], "501 5.5.2"),
        ([b"AUTH LOGIN\r\n", b"eWFu\r\n", b"d3Jvbmc=\r\n"], "535 5.7.8"),
        ([b"AUTH CRAM-MD5\r\n", b"eWFuIDAwMDA=\r\n"], "535 5.7.8"),
        ([b"AUTH CRAM-MD5 AAAA\r\n"], "501 5.5.2"),
        ([b"AUTH KERBEROS_V4\r\n"], "504 5.5.4"),
    ],
)
def test_bad_logins(host: DemoHost, raw: Raw, said: list[bytes], expected: str) -> None:
    client = raw(host.smtps_url)
    client.say(b"EHLO me\r\n")
    for line in said:
        reply = client.say(line)
    assert reply.startswith(expected)
    assert client.say(b"MAIL FROM:<>\r\n").startswith("530")


def test_three_wrong_passwords_end_the_session(host: DemoHost, raw: Raw) -> None:
    client = raw(host.smtps_url)
    client.say(b"EHLO me\r\n")
    replies = [client.say(b"AUTH PLAIN AHlhbgB3cm9uZw==\r\n")[:3] for _ in range(3)]
    assert replies == ["535", "535", "421"]
    assert client.line() == ""


def test_plaintext_after_starttls_is_discarded(host: DemoHost, raw: Raw) -> None:
    client = raw(host.smtp_url)
    client.say(b"EHLO me\r\n")
    assert client.say(b"STARTTLS\r\nEHLO injected\r\nNOOP\r\n").startswith("220 2.0.0")
    client.start_tls()
    assert client.say(b"STARTTLS\r\n").startswith("503"), "no EHLO counts before the handshake"
    assert client.say(b"EHLO me\r\n").startswith("250 AUTH PLAIN LOGIN CRAM-MD5")


def test_too_large_is_refused_and_the_session_goes_on(raw: Raw) -> None:
    with DemoHost(seeded=False, size_limit=1000) as small:
        client = begun(small, raw)
        client.say(b"DATA\r\n")
        assert client.say(b"x" * 998 + b"\r\n" + b"y\r\n.\r\n").startswith("552 5.3.4")
        assert client.say(b"DATA\r\n").startswith("503"), "the mail is over"
        client.say(f"MAIL FROM:<{ME}>\r\n".encode())
        client.say(f"RCPT TO:<{ME}>\r\n".encode())
        assert client.say(b"BDAT 1001\r\n" + b"z" * 1001).startswith("552 5.3.4")
        assert small.maildrop.letters() == ()


def test_a_login_in_clear_where_it_is_allowed() -> None:
    with DemoHost(seeded=False, require_tls=False) as open_host:
        with smtplib.SMTP("127.0.0.1", port(open_host.smtp_url)) as client:
            client.login(open_host.address, open_host.password)
            client.sendmail(ME, [ME], HELLO)
        assert b" with ESMTPA id " in open_host.maildrop.letters()[0].content
