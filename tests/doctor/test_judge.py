"""From facts to findings, and what a certificate and a greeting tell."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.doctor import Certificate, Facts, Level, clock_of, judge, read_certificate
from hongyan.errors import AuthenticationRefused, ConnectFailed, ProtocolError, TLSFailed
from tests.support.authority import Authority

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
GOOD = Certificate(
    ("mail.goose.test",),
    "CN=mail.goose.test",
    "CN=x",
    NOW - timedelta(days=9),
    NOW + timedelta(days=90),
    "ab" * 32,
    False,
)
ISSUER = replace(GOOD, names=(), subject="CN=x", issuer="CN=root", ends=NOW + timedelta(days=900))
WELL = Facts(
    protocol="imap",
    host="mail.goose.test",
    secure=True,
    addresses=("127.0.0.1",),
    tls="TLSv1.3, TLS_AES_256_GCM_SHA384",
    certificate=GOOD,
    issuers=(ISSUER,),
    names=frozenset({"IDLE", "UIDPLUS", "CONDSTORE", "AUTH=SCRAM-SHA-256"}),
    mechanisms=("SCRAM-SHA-256",),
    round_trip=0.02,
    round_trips=3,
    clock=timedelta(seconds=2),
    logged_in=True,
)
UNTRUSTED = TLSFailed("the certificate of mail.goose.test is not trusted")


def test_a_server_that_is_well() -> None:
    findings = judge(WELL, NOW)
    assert {each.level for each in findings} == {Level.GOOD}
    assert [each.words for each in findings] == [
        "mail.goose.test is at 127.0.0.1",
        "TLSv1.3, TLS_AES_256_GCM_SHA384",
        "certificate for mail.goose.test, good until 2027-02-24",
        "issued by CN=x, good until 2029-05-14",
        "logins by SCRAM-SHA-256",
        "a round trip takes 20 ms, 3 were made",
        "the login works",
    ]


@pytest.mark.parametrize(
    ("facts", "level", "words", "remedy"),
    [
        (replace(WELL, addresses=()), Level.PROBLEM, "no address in DNS", "server's name"),
        (replace(WELL, error=ConnectFailed("it is shut")), Level.PROBLEM, "it is shut", "firewall"),
        (replace(WELL, secure=False), Level.WARNING, "clear text", "?tls=none"),
        (
            replace(WELL, error=TLSFailed("wrong version"), certificate=None, tls=""),
            Level.PROBLEM,
            "wrong version",
            "right port",
        ),
        (
            replace(WELL, certificate=replace(GOOD, ends=NOW - timedelta(days=1))),
            Level.PROBLEM,
            "ended on 2026-11-25",
            "renew",
        ),
        (
            replace(WELL, certificate=replace(GOOD, begins=NOW + timedelta(days=1))),
            Level.PROBLEM,
            "begins only on 2026-11-27",
            "date is probably wrong",
        ),
        (
            replace(WELL, certificate=replace(GOOD, ends=NOW + timedelta(days=3))),
            Level.WARNING,
            "ends on 2026-11-29",
            "renew",
        ),
        (
            replace(WELL, error=UNTRUSTED, trusted=False),
            Level.PROBLEM,
            "is for mail.goose.test, issued by CN=x",
            f"?pin={'ab' * 32}",
        ),
        (
            replace(WELL, issuers=(replace(ISSUER, ends=NOW - timedelta(days=1)),)),
            Level.PROBLEM,
            "of CN=x, above the server's, ended on 2026-11-25",
            "owner",
        ),
        (
            replace(WELL, error=UNTRUSTED, trusted=False, issuers=()),
            Level.WARNING,
            "sends no certificate of CN=x",
            "owner has to send it",
        ),
        (replace(WELL, error=ProtocolError("no IMAP")), Level.PROBLEM, "no IMAP", "hongyan wire"),
        (replace(WELL, names=frozenset({"UIDPLUS"})), Level.NOTE, "no IDLE", ""),
        (replace(WELL, mechanisms=("PLAIN",)), Level.NOTE, "logins by PLAIN", ""),
        (replace(WELL, mechanisms=()), Level.NOTE, "no SASL mechanism", ""),
        (replace(WELL, quirks=("X: lies",)), Level.NOTE, "X: lies", "live with it"),
        (replace(WELL, round_trip=0.9), Level.NOTE, "900 ms", ""),
        (
            replace(WELL, clock=timedelta(hours=-2)),
            Level.WARNING,
            "120 minutes behind",
            "right time",
        ),
        (
            replace(WELL, logged_in=False, login_error=AuthenticationRefused("nope")),
            Level.PROBLEM,
            "nope",
            "app password",
        ),
        (
            replace(WELL, logged_in=False, login_error=ConnectFailed("gone")),
            Level.PROBLEM,
            "gone",
            "",
        ),
    ],
)
def test_what_can_be_wrong(facts: Facts, level: Level, words: str, remedy: str) -> None:
    (found,) = [each for each in judge(facts, NOW) if words in each.words]
    assert found.level is level
    assert remedy in found.remedy


def test_each_trouble_is_told_once() -> None:
    findings = judge(replace(WELL, error=UNTRUSTED, trusted=False, tls=""), NOW)
    assert [each.level for each in findings].count(Level.PROBLEM) == 1


@pytest.mark.parametrize(
    ("greeting", "time"),
    [
        (
            b"+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n",
            datetime(1992, 2, 4, 2, 35, 52, tzinfo=UTC),
        ),
        (
            b"220 x ESMTP Exim 4.96 Thu, 26 Nov 2026 13:00:00 +0100\r\n",
            datetime(2026, 11, 26, 12, tzinfo=UTC),
        ),
        (b"* OK ready\r\n", None),
        (b"220 x 99 Nov 2026 13:00:00 +0100\r\n", None),
        (b"", None),
    ],
)
def test_the_clock_in_a_greeting(greeting: bytes, time: datetime | None) -> None:
    assert clock_of(greeting) == time


def test_what_a_certificate_says(tmp_path: Path) -> None:
    issued = Authority(tmp_path).issue("mail.goose.test", "127.0.0.1")
    pem = issued.chain.read_text().partition("-----END CERTIFICATE-----")
    der = ssl.PEM_cert_to_DER_cert(pem[0] + pem[1])
    found = read_certificate(der)
    assert found is not None
    assert found.names == ("mail.goose.test", "127.0.0.1")
    assert found.fingerprint == hashlib.sha256(der).hexdigest()
    assert not found.self_signed


@given(st.binary(max_size=200))
def test_any_octets_are_a_value(octets: bytes) -> None:
    assert read_certificate(octets) is None
    clock_of(octets)
