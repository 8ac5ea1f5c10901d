"""An OAuth 2.0 provider on loopback: metadata, a consent page, tokens, devices, introspection.

It consents at once, as if the person had pressed the button. Tests turn its clock by `expire` and
take a sign-in away by `revoke`.
"""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from hongyan.oauth import Provider
from tests.support.child import LOOPBACK

CLIENT = "hongyan-tests"


class OAuthProvider:
    """A context manager; ``user`` is who signs in."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.good: set[str] = set()
        self.refreshers: set[str] = set()
        self.codes: dict[str, dict[str, str]] = {}
        self.pending = 1  # polls of a device that are told to wait
        self.denied = False
        self.rotates = True
        self.seen: list[str] = []

    def __enter__(self) -> Self:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.get(self)

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                form = parse_qs(self.rfile.read(length).decode())
                path = urlsplit(self.path).path
                provider.seen.append(path)
                told = provider.post(path, {name: values[0] for name, values in form.items()})
                say(self, told, status=400 if "error" in told else 200)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.issuer = f"http://{LOOPBACK}:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def provider(self) -> Provider:
        """What Hongyan knows of it."""
        return Provider(
            "loopback",
            f"{self.issuer}/authorise",
            f"{self.issuer}/token",
            f"{self.issuer}/device",
            ("mail",),
        )

    @property
    def introspection_url(self) -> str:
        """Where Dovecot asks whether a token is good (RFC 7662)."""
        return f"{self.issuer}/introspect?token="

    def expire(self) -> None:
        """Make every access token run out now."""
        self.good.clear()

    def revoke(self) -> None:
        """Take the whole sign-in away."""
        self.good.clear()
        self.refreshers.clear()

    def get(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.seen.append(parts.path)
        if parts.path == "/.well-known/oauth-authorization-server":
            say(request, self.metadata())
        elif parts.path == "/introspect":
            active = query.get("token") in self.good
            say(request, {"active": active, "username": self.user} if active else {"active": False})
        elif parts.path == "/authorise":
            request.send_response(302)
            request.send_header("Location", f"{query['redirect_uri']}?{self.consent(query)}")
            request.end_headers()
        else:
            request.send_error(404)

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorise",
            "token_endpoint": f"{self.issuer}/token",
            "device_authorization_endpoint": f"{self.issuer}/device",
        }

    def consent(self, query: dict[str, str]) -> str:
        if self.denied:
            return urlencode({"error": "access_denied", "state": query["state"]})
        code = token_urlsafe(8)
        self.codes[code] = query
        return urlencode({"code": code, "state": query["state"]})

    def post(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        if form.get("client_id") != CLIENT:
            return {"error": "invalid_client"}
        if path == "/device":
            return {
                "device_code": "the-device",
                "user_code": "GOOSE-7",
                "verification_uri": f"{self.issuer}/go",
                "expires_in": 30,
                "interval": 1,
            }
        grant = form["grant_type"]
        if grant == "refresh_token":
            return self._refresh(form["refresh_token"])
        if grant == "authorization_code":
            return self._code(form)
        if self.denied:
            return {"error": "access_denied"}
        self.pending -= 1
        return {"error": "authorization_pending"} if self.pending >= 0 else self._tokens()

    def _code(self, form: dict[str, str]) -> dict[str, Any]:
        query = self.codes.pop(form["code"], None)
        digest = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).decode()
        if query is None or query["code_challenge"] != digest.rstrip("="):
            return {"error": "invalid_grant"}
        if query["redirect_uri"] != form["redirect_uri"]:
            return {"error": "invalid_grant"}
        return self._tokens()

    def _refresh(self, token: str) -> dict[str, Any]:
        if token not in self.refreshers:
            return {"error": "invalid_grant", "error_description": "signed out"}
        if self.rotates:
            self.refreshers.remove(token)
        return self._tokens()

    def _tokens(self) -> dict[str, Any]:
        access, refresh = token_urlsafe(24), token_urlsafe(24)
        self.good.add(access)
        self.refreshers.add(refresh)
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": 3600,
        }


def say(request: BaseHTTPRequestHandler, told: dict[str, Any], *, status: int = 200) -> None:
    body = json.dumps(told).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
