"""OAUTHBEARER and XOAUTH2: the examples of RFC 7628 §4 and of Google's page, the error exchange."""

from __future__ import annotations

from base64 import b64decode

import pytest

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.sasl import Credentials, Mechanism, OAuthBearer, Service, XOAuth2

TOKEN = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
USER = Credentials("user@example.com", token=TOKEN)
INVALID = (
    b'{"status":"invalid_token","scope":"example_scope",'
    b'"openid-configuration":"https://example.com/.well-known/openid-configuration"}'
)


def test_the_example_of_rfc_7628() -> None:
    service = Service("imap", "server.example.com", 143)
    bearer: Mechanism = OAuthBearer(USER, service=service)
    assert bearer.start() == (
        b"n,a=user@example.com,\1host=server.example.com\1port=143\1auth=Bearer "
        + TOKEN.encode()
        + b"\1\1"
    )
    assert TOKEN.encode() in bearer.secrets
    bearer.finish()


def test_no_more_is_told_than_is_known() -> None:
    assert OAuthBearer(Credentials("", token="t")).start() == b"n,,\1auth=Bearer t\1\1"
    assert OAuthBearer(Credentials("a,b=c", token="t")).start().startswith(b"n,a=a=2Cb=3Dc,\1auth=")
    named = Credentials("u", token="t", authzid="boss")
    host = OAuthBearer(named, service=Service("pop", "h")).start()
    assert host == b"n,a=boss,\1host=h\1auth=Bearer t\1\1"


def test_the_example_of_xoauth2() -> None:
    token = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"
    message = XOAuth2(Credentials("someuser@example.com", token=token)).start()
    assert message == b64decode(
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52"
        "YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
    )


@pytest.mark.parametrize(
    ("made", "dummy"), [(XOAuth2(USER), b""), (OAuthBearer(USER), b"\1")], ids=["X", "BEARER"]
)
def test_a_refused_token(made: XOAuth2, dummy: bytes) -> None:
    assert made.respond(INVALID) == dummy
    assert made.refusal == "status invalid_token, scope example_scope"
    with pytest.raises(ProtocolError, match="refused"):
        made.finish()
    with pytest.raises(ProtocolError):
        made.respond(INVALID)


@pytest.mark.parametrize(
    "reason",
    [b"", b"no JSON", b"\xff\xfe", b"[]", b"{}", b'{"status": 5}', b"[" * 100_000, b"9" * 10_000],
)
def test_a_reason_that_cannot_be_read(reason: bytes) -> None:
    bearer = OAuthBearer(USER)
    assert bearer.respond(reason) == b"\1"
    assert bearer.refusal == "no reason given"
    with pytest.raises(ProtocolError):
        bearer.finish()


def test_a_reason_is_cleaned() -> None:
    bearer = OAuthBearer(USER)
    bearer.respond(rb'{"status":"\u001b[2Jevil\ud800\u202e' + b"x" * 5000 + b'"}')
    assert bearer.refusal.startswith("status [2Jevil x")
    assert len(bearer.refusal) == 300


@pytest.mark.parametrize("token", [None, "", "two words", "ümlaut"])
def test_tokens_that_cannot_be_sent(token: str | None) -> None:
    for made in (OAuthBearer, XOAuth2):
        with pytest.raises(InvalidArgument, match="token"):
            made(Credentials("u", token=token))


def test_xoauth2_needs_a_user() -> None:
    with pytest.raises(InvalidArgument, match="username"):
        XOAuth2(Credentials("", token="t"))
