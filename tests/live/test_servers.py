"""The test servers themselves, tried with the standard library's clients as an independent party."""

from __future__ import annotations

import base64
import hashlib
import hmac
import imaplib
import poplib
import random
import re
import smtplib
import socket
import ssl
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import pytest

from tests.live.servers import ALICE, BOB, LATER, LOOPBACK, MECHANISMS, Dovecot, MailHost, User
from tests.support.generate import messages

if TYPE_CHECKING:
    from collections.abc import Callable

Respond: TypeAlias = "Callable[[bytes], bytes]"

pytestmark = pytest.mark.usefixtures("trusted")


def submit(host: MailHost, *, tls: str, user: User = ALICE, mechanism: str = "") -> smtplib.SMTP:
    if tls == "implicit":
        port = host.postfix.smtps
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            LOOPBACK, port, timeout=10, context=ssl.create_default_context()
        )
    else:
        client = smtplib.SMTP(LOOPBACK, host.postfix.smtp, timeout=10)
        if tls == "starttls":
            client.starttls(context=ssl.create_default_context())
    client.ehlo()
    if mechanism:
        client.esmtp_features["auth"] = mechanism
    try:
        client.login(user.address, user.password)
    except smtplib.SMTPException:
        client.close()
        raise
    return client


def collect(dovecot: Dovecot, *, tls: str) -> poplib.POP3:
    if tls == "implicit":
        context = ssl.create_default_context()
        return poplib.POP3_SSL(LOOPBACK, dovecot.pop3s, timeout=10, context=context)
    client = poplib.POP3(LOOPBACK, dovecot.pop3, timeout=10)
    if tls == "starttls":
        client.stls(ssl.create_default_context())
    return client


def log_in(client: poplib.POP3, user: User) -> None:
    client.user(user.address)
    client.pass_(user.password)


def letter(size: int) -> bytes:
    """A message with a Chinese subject, lines with dots, and an attachment of ``size`` octets."""
    data = base64.encodebytes(random.Random(size).randbytes(size)).replace(b"\n", b"\r\n")
    return (
        b"From: alice@example.test\r\nTo: bob@example.test\r\nMessage-ID: <1@example.test>\r\n"
        b"Date: Mon, 02 Nov 2026 10:00:00 +0000\r\nSubject: =?utf-8?B?6bi/6ZuB5Lyg5Lmm?=\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n.\r\n..\r\n.dot\r\n" + data
    )


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_five_megabytes_travel_byte_for_byte(mail_host: MailHost, tls: str, mechanism: str) -> None:
    reader = mail_host.add_user(f"reader-{tls}-{mechanism.lower()}")
    sent = letter(5 * 1024 * 1024)
    with submit(mail_host, tls=tls, user=BOB, mechanism=mechanism) as client:
        assert client.sendmail(BOB.address, [reader.address], sent) == {}
    (stored,) = mail_host.wait_for(reader, 1)
    assert stored.endswith(b"\r\n" + sent)
    pop3 = collect(mail_host.dovecot, tls=tls)
    log_in(pop3, reader)
    _, lines, _ = pop3.retr(1)
    pop3.quit()
    assert b"".join(line + b"\r\n" for line in lines) == stored
    assert f"sasl_method={mechanism}" in mail_host.postfix.log


def test_every_mechanism_is_offered(mail_host: MailHost) -> None:
    pop3 = collect(mail_host.dovecot, tls="none")
    assert set(pop3.capa()["SASL"]) == set(MECHANISMS)
    pop3.quit()
    with smtplib.SMTP(LOOPBACK, mail_host.postfix.smtp, timeout=10) as smtp:
        smtp.ehlo()
        assert set(smtp.esmtp_features["auth"].split()) == set(MECHANISMS)


def scram(name: str, user: User) -> Respond:
    """RFC 5802, written out in the open: an exchange of two steps."""
    nonce = "fyko+d2lbbFgONRv9qkxdawL"
    bare = f"n={user.address},r={nonce}"

    def respond(challenge: bytes) -> bytes:
        if not challenge:
            return f"n,,{bare}".encode()
        if challenge.startswith(b"v="):
            return b""
        fields = dict(part.split("=", 1) for part in challenge.decode().split(","))
        key = hashlib.pbkdf2_hmac(
            name, user.password.encode(), base64.b64decode(fields["s"]), int(fields["i"])
        )
        client_key = hmac.digest(key, b"Client Key", name)
        without = f"c=biws,r={fields['r']}"
        signed = f"{bare},{challenge.decode()},{without}".encode()
        signature = hmac.digest(hashlib.new(name, client_key).digest(), signed, name)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        return f"{without},p={base64.b64encode(proof).decode()}".encode()

    return respond


def digest(user: User) -> Respond:
    """RFC 2831 with qop=auth."""

    def respond(challenge: bytes) -> bytes:
        if challenge.startswith(b"rspauth="):
            return b""
        fields = dict(re.findall(r'([\w-]+)="?([^",]*)"?', challenge.decode()))
        realm, nonce, uri = fields.get("realm", ""), fields["nonce"], "imap/localhost"
        secret = hashlib.md5(f"{user.address}:{realm}:{user.password}".encode()).digest()
        a1 = hashlib.md5(secret + f":{nonce}:c0ffee".encode()).hexdigest()
        a2 = hashlib.md5(f"AUTHENTICATE:{uri}".encode()).hexdigest()
        response = hashlib.md5(f"{a1}:{nonce}:00000001:c0ffee:auth:{a2}".encode()).hexdigest()
        return (
            f'username="{user.address}",realm="{realm}",nonce="{nonce}",cnonce="c0ffee",'
            f'nc=00000001,qop=auth,digest-uri="{uri}",response={response},charset=utf-8'
        ).encode()

    return respond


@pytest.mark.parametrize("user", [ALICE, BOB], ids=["short", "long"])
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256", "DIGEST-MD5"])
def test_a_challenge_is_answered(dovecot: Dovecot, mechanism: str, user: User) -> None:
    names = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}
    respond = scram(names[mechanism], user) if mechanism in names else digest(user)
    with imaplib.IMAP4(LOOPBACK, dovecot.imap, timeout=10) as client:
        assert client.authenticate(mechanism, respond)[0] == "OK"


def test_cram_md5_and_apop_at_pop3(dovecot: Dovecot) -> None:
    apop = collect(dovecot, tls="none")
    apop.apop(ALICE.address, ALICE.password)
    apop.quit()
    with imaplib.IMAP4(LOOPBACK, dovecot.imap, timeout=10) as client:
        client.login_cram_md5(BOB.address, BOB.password)


def test_a_wrong_password_is_refused_at_once(mail_host: MailHost) -> None:
    liar = User(ALICE.address, "guess")
    pop3 = collect(mail_host.dovecot, tls="starttls")
    with pytest.raises(poplib.error_proto, match="AUTH"):
        log_in(pop3, liar)
    pop3.close()
    with pytest.raises(smtplib.SMTPAuthenticationError):
        submit(mail_host, tls="starttls", user=liar, mechanism="PLAIN")


@pytest.mark.parametrize(
    ("recipient", "code"),
    [("stranger@elsewhere.test", 554), ("nobody@example.test", 550), (LATER, 450)],
)
def test_recipients_that_are_refused(mail_host: MailHost, recipient: str, code: int) -> None:
    with submit(mail_host, tls="starttls") as client:
        client.mail(ALICE.address)
        assert client.rcpt(recipient)[0] == code


def test_nothing_is_taken_without_a_login(mail_host: MailHost) -> None:
    with smtplib.SMTP(LOOPBACK, mail_host.postfix.smtp, timeout=10) as client:
        client.ehlo()
        client.mail(ALICE.address)
        assert client.rcpt(BOB.address)[0] == 554


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_of_the_wrong_name_is_seen(impostor: Dovecot, tls: str) -> None:
    port = impostor.pop3s if tls == "implicit" else impostor.pop3
    with socket.create_connection((LOOPBACK, port), timeout=10) as line:
        if tls == "starttls":
            assert line.recv(512).startswith(b"+OK")
            line.sendall(b"STLS\r\n")
            assert line.recv(512).startswith(b"+OK")
        with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
            ssl.create_default_context().wrap_socket(line, server_hostname=LOOPBACK)


def test_filled_messages_come_back_in_order(dovecot: Dovecot) -> None:
    user = User("filled@example.test", "secret")
    dovecot.add_user(user)
    given = [message for message in messages(200, 7) if message.endswith(b"\r\n")]
    assert dovecot.fill(user, given) == len(given)
    pop3 = collect(dovecot, tls="none")
    log_in(pop3, user)
    assert pop3.stat() == (len(given), sum(map(len, given)))
    for number in (1, 2, 57, len(given)):
        lines = pop3.retr(number)[1]
        assert b"".join(line + b"\r\n" for line in lines) == given[number - 1]
    pop3.quit()
    assert dovecot.messages(user) == given


def test_urls_say_how_tls_begins(mail_host: MailHost) -> None:
    ports = {
        mail_host.pop3_url(): ("pop3", mail_host.dovecot.pop3, ""),
        mail_host.pop3_url(tls="implicit"): ("pop3s", mail_host.dovecot.pop3s, ""),
        mail_host.smtp_url(tls="none"): ("smtp", mail_host.postfix.smtp, "tls=none"),
        mail_host.imap_url(tls="implicit"): ("imaps", mail_host.dovecot.imaps, ""),
    }
    for url, expected in ports.items():
        parts = urlsplit(url)
        assert (parts.scheme, parts.port, parts.query) == expected
        assert parts.hostname == LOOPBACK
    assert set(mail_host.environment) == {"SSL_CERT_FILE"}


def test_two_hosts_stand_side_by_side(dovecot: Dovecot, impostor: Dovecot) -> None:
    assert {dovecot.pop3, dovecot.imaps}.isdisjoint({impostor.pop3, impostor.imaps})
    with socket.create_connection((LOOPBACK, impostor.pop3), timeout=5) as line:
        assert line.recv(3) == b"+OK"
