"""The grants: what is asked, what an answer means, and what a stranger's answer cannot do."""

from __future__ import annotations

import contextlib
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan import oauth
from hongyan.errors import HongyanError, ProtocolError, Refused, StoreError, Unsafe
from hongyan.oauth import Client, Provider, SignInLapsed, Tokens

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PROVIDER = Provider("x", "https://x.example/authorise", "https://x.example/token", "", ("mail",))
CLIENT = Client("me", "hush")


def answer(**told: Any) -> bytes:
    return json.dumps(told).encode()


def begun() -> oauth.Authorisation:
    redirect = "http://127.0.0.1:4000/abc"
    return oauth.authorisation(PROVIDER, CLIENT, redirect=redirect, address="yan@x.example")


def test_the_page_carries_a_challenge_and_never_the_verifier() -> None:
    one, other = begun(), begun()
    query = {name: values[0] for name, values in parse_qs(urlsplit(one.url).query).items()}
    digest = urlsafe_b64encode(sha256(one.verifier.encode()).digest()).decode().rstrip("=")
    assert query["code_challenge"] == digest
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == one.redirect
    assert query["state"] == one.state
    assert 43 <= len(one.verifier) <= 128  # RFC 7636 §4.1
    assert one.verifier not in one.url + repr(one)
    assert (one.state, one.verifier) != (other.state, other.verifier)


def test_the_code_comes_back_only_with_the_state() -> None:
    started = begun()
    good = f"/abc?{urlencode({'code': 'c', 'state': started.state})}"
    assert oauth.redirected_code(started, good) == "c"
    for target in ("/abc?code=c", "/abc?code=c&state=x", "/abc"):
        with pytest.raises(Unsafe):
            oauth.redirected_code(started, target)
    denied = f"/abc?{urlencode({'error': 'access_denied', 'state': started.state})}"
    with pytest.raises(Refused, match="access_denied"):
        oauth.redirected_code(started, denied)
    with pytest.raises(ProtocolError):
        oauth.redirected_code(started, f"/abc?{urlencode({'state': started.state})}")


def test_the_requests_for_tokens() -> None:
    started = begun()
    form = oauth.code_request(PROVIDER, CLIENT, started, "c")
    assert form.url == PROVIDER.token_url
    assert form.fields["code_verifier"] == started.verifier
    assert form.fields["client_secret"] == "hush"
    renewing = oauth.refresh_request(PROVIDER, Client("me"), Tokens("a", "r"))
    assert renewing.fields == {
        "grant_type": "refresh_token",
        "refresh_token": "r",
        "client_id": "me",
    }
    with pytest.raises(SignInLapsed):
        oauth.refresh_request(PROVIDER, CLIENT, Tokens("a"))


def test_tokens_know_how_long_they_are_good() -> None:
    tokens = oauth.read_tokens(answer(access_token="a", expires_in="3600"), now=NOW)
    assert tokens.is_fresh(NOW)
    assert tokens.is_fresh(NOW + timedelta(seconds=3500))
    assert not tokens.is_fresh(NOW + timedelta(seconds=3560)), "a minute early"
    assert oauth.read_tokens(answer(access_token="a"), now=NOW).is_fresh(NOW + timedelta(days=999))
    assert Tokens.from_json(tokens.to_json()) == tokens
    assert "a" not in repr(Tokens("a-secret", "another")).replace("Tokens", "").replace(
        "expires_at", ""
    )


def test_a_refresh_token_stays_until_there_is_another() -> None:
    before = Tokens("a", "old")
    kept = oauth.read_tokens(answer(access_token="b"), now=NOW, before=before)
    assert kept.refresh == "old"
    changed = oauth.read_tokens(
        answer(access_token="b", refresh_token="new"), now=NOW, before=before
    )
    assert changed.refresh == "new"


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (answer(error="invalid_grant"), SignInLapsed),
        (answer(error="temporarily_unavailable"), Refused),
        (answer(error=7), Refused),
        (answer(), ProtocolError),
        (answer(access_token=7), ProtocolError),
        (answer(access_token="a", token_type="mac"), ProtocolError),
        (b"[]", ProtocolError),
        (b"<html>", ProtocolError),
        (b"[" * 100_000, ProtocolError),
    ],
)
def test_answers_that_are_no_tokens(octets: bytes, kind: type[HongyanError]) -> None:
    with pytest.raises(kind) as caught:
        oauth.read_tokens(octets, now=NOW)
    temporary = b"temporarily" in octets
    assert getattr(caught.value, "temporary", False) is temporary


def test_the_providers_words_are_made_fit_for_a_screen() -> None:
    octets = answer(error="x", error_description="\x1b[2Jboo\r\nFrom: me" + "y" * 9000)
    with pytest.raises(Refused) as caught:
        oauth.read_tokens(octets, now=NOW)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) <= 300


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
        lambda value: json.dumps({"access_token": value, "expires_in": value}).encode()
    )
)
def test_any_answer_is_tokens_or_an_error_of_ours(octets: bytes) -> None:
    for read in (
        lambda: oauth.read_tokens(octets, now=NOW),
        lambda: oauth.read_device(octets),
        lambda: oauth.read_metadata(octets, "https://x.example", scopes=()),
    ):
        with contextlib.suppress(HongyanError):
            read()


def test_a_device_waits_and_slows_down() -> None:
    provider = Provider("x", "", "https://x.example/token", "https://x.example/device", ("mail",))
    assert oauth.device_request(provider, CLIENT).fields["scope"] == "mail"
    with pytest.raises(Refused):
        oauth.device_request(PROVIDER, CLIENT)
    grant = oauth.read_device(
        answer(user_code="AB", verification_uri="https://x.example/go", device_code="d", interval=2)
    )
    assert (grant.interval, grant.lasts) == (2, 900)
    assert "d'" not in repr(grant).replace("user_code='AB'", "")
    assert oauth.read_poll(answer(error="authorization_pending"), grant, now=NOW) == grant
    slower = oauth.read_poll(answer(error="slow_down"), grant, now=NOW)
    assert isinstance(slower, oauth.DeviceGrant)
    assert slower.interval == 7
    assert oauth.read_poll(answer(access_token="a"), grant, now=NOW) == Tokens("a")
    with pytest.raises(Refused):
        oauth.read_poll(answer(error="access_denied"), grant, now=NOW)
    with pytest.raises(ProtocolError):
        oauth.read_device(answer(user_code="AB"))


def test_an_issuers_description() -> None:
    assert oauth.metadata_urls("https://x.example/a/") == (
        "https://x.example/.well-known/oauth-authorization-server/a",
        "https://x.example/a/.well-known/openid-configuration",
    )
    told = {
        "issuer": "https://x.example",
        "authorization_endpoint": "https://x.example/1",
        "token_endpoint": "https://x.example/2",
    }
    found = oauth.read_metadata(answer(**told), "https://x.example/", scopes=("s",))
    assert found == Provider("x.example", "https://x.example/1", "https://x.example/2", "", ("s",))
    for wrong in (
        {"issuer": "https://evil.example"},
        {"token_endpoint": 7},
        {"token_endpoint": ""},
    ):
        with pytest.raises(ProtocolError):
            oauth.read_metadata(answer(**told | wrong), "https://x.example", scopes=())


@pytest.mark.parametrize(
    "page", ["javascript:alert(1)", "file:///etc/passwd", "search-ms:x", "//x"]
)
def test_only_pages_of_the_web_are_opened(page: str) -> None:
    told = {"user_code": "AB", "verification_uri": page, "device_code": "d"}
    with pytest.raises(ProtocolError):
        oauth.read_device(json.dumps(told).encode())
    issuer = "https://id.example"
    described = {
        "issuer": issuer,
        "authorization_endpoint": page,
        "token_endpoint": "https://id.example/token",
    }
    with pytest.raises(ProtocolError):
        oauth.read_metadata(json.dumps(described).encode(), issuer, scopes=())


def test_the_known_providers() -> None:
    known = oauth.load_providers()
    assert {"google", "microsoft", "yahoo", "fastmail"} <= set(known)
    for each in known.values():
        assert all(url.startswith("https://") for url in (each.authorise_url, each.token_url))
        assert each.scopes


@pytest.mark.parametrize("text", ["", "[]", '{"access": 1}'])
def test_a_damaged_sign_in_says_so(text: str) -> None:
    with pytest.raises(StoreError):
        Tokens.from_json(text)
