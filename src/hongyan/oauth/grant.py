"""The authorisation code grant with PKCE, and refreshing (RFC 6749 §4.1, §6; RFC 7636; RFC 8252).

What a provider answers is a stranger's JSON: it becomes `Tokens`, or an error with its own words.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from hongyan.errors import ProtocolError, Refused, Unsafe
from hongyan.guard import shown
from hongyan.oauth.types import Form, SignInLapsed, Tokens

if TYPE_CHECKING:
    from datetime import datetime

    from hongyan.oauth.types import Client, Provider

_LATER: Final = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_LONGEST_LIFE: Final = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class Authorisation:
    """One sign-in under way: the page to open, and what proves that its end belongs to it."""

    url: str
    redirect: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def authorisation(
    provider: Provider, client: Client, *, redirect: str, address: str
) -> Authorisation:
    """Begin a sign-in of ``address`` whose end the loopback URL ``redirect`` will be told."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect,
        "scope": " ".join(provider.scopes),
        "state": state,
        "code_challenge": digest,
        "code_challenge_method": "S256",
        "login_hint": address,
        "access_type": "offline",  # Google's word for wanting a refresh token
        "prompt": "consent",
    }
    joint = "&" if urlsplit(provider.authorise_url).query else "?"
    return Authorisation(
        f"{provider.authorise_url}{joint}{urlencode(query)}", redirect, state, verifier
    )


def redirected_code(started: Authorisation, target: str) -> str:
    """Return the code out of the request target that the browser came back with.

    Raises `Unsafe` when it does not belong to this sign-in, `Refused` when the person or the
    provider said no.
    """
    query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
    if not hmac.compare_digest(query.get("state", "").encode(), started.state.encode()):
        raise Unsafe("the answer does not belong to this sign-in")
    if "error" in query:
        raise Refused(_reason(query))
    if not query.get("code"):
        raise ProtocolError("the provider's answer holds no code")
    return query["code"]


def code_request(provider: Provider, client: Client, started: Authorisation, code: str) -> Form:
    """Return the request that turns a code into tokens."""
    return Form(
        provider.token_url,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": started.redirect,
            "code_verifier": started.verifier,
            **_who(client),
        },
    )


def refresh_request(provider: Provider, client: Client, tokens: Tokens) -> Form:
    """Return the request that renews the access token. Raises `SignInLapsed` when nothing can."""
    if not tokens.refresh:
        raise SignInLapsed("the sign-in has lapsed and cannot be renewed")
    return Form(
        provider.token_url,
        {"grant_type": "refresh_token", "refresh_token": tokens.refresh, **_who(client)},
    )


def read_tokens(octets: bytes, *, now: datetime, before: Tokens | None = None) -> Tokens:
    """Read a token answer; a refresh token that is not given anew stays (RFC 6749 §6).

    Raises `SignInLapsed` when the grant is no longer good, `Refused`, `ProtocolError`.
    """
    told = read_object(octets)
    if "error" in told:
        raise refusal(told)
    access = told.get("access_token")
    if not isinstance(access, str) or not access:
        raise ProtocolError("the provider's answer holds no access token")
    if str(told.get("token_type", "bearer")).lower() != "bearer":
        raise ProtocolError("the provider's token is of a type that mail servers do not take")
    renewed = told.get("refresh_token")
    kept = before.refresh if before else ""
    return Tokens.issued(
        access,
        refresh=renewed if isinstance(renewed, str) and renewed else kept,
        seconds=seconds(told.get("expires_in"), 0),
        now=now,
    )


def read_object(octets: bytes) -> dict[str, Any]:
    """Return a JSON object. Raises `ProtocolError`."""
    try:
        told = json.loads(octets)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise ProtocolError("the provider's answer is no JSON object")
    return told


def require_web(url: str) -> None:
    """Refuse an address that a browser would not go to but run, or hand to another program."""
    if not url.lower().startswith(("https://", "http://")):
        raise ProtocolError("the provider names a page that is no web address")


def refusal(told: dict[str, Any]) -> Refused:
    """Return the error that an answer with ``error`` in it is."""
    code = told.get("error")
    if code == "invalid_grant":
        return SignInLapsed(f"the sign-in has lapsed ({_reason(told)})")
    return Refused(_reason(told), temporary=code in _LATER)


def seconds(value: object, default: int) -> int:
    """Return a number of seconds out of a stranger's JSON, or ``default`` when it is none."""
    try:
        number = int(value)  # type: ignore[call-overload]  # whatever JSON holds; checked below
    except (TypeError, ValueError, OverflowError):
        return default
    return number if 0 < number <= _LONGEST_LIFE else default


def _reason(told: dict[str, Any]) -> str:
    words = (told.get(name) for name in ("error", "error_description"))
    return shown(": ".join(word for word in words if isinstance(word, str)), limit=300)


def _who(client: Client) -> dict[str, str]:
    return {"client_id": client.id} | ({"client_secret": client.secret} if client.secret else {})
