"""The loopback end of a sign-in in the browser (RFC 8252 §7.3): one free port, one path.

It answers nothing but GET of its own unguessable path, once, with a page of its own that loads
nothing, and gives the request's target to who waits.
"""

from __future__ import annotations

import secrets
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Final, Self

from hongyan.errors import TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGE: Final = (
    b"<!doctype html><meta charset=utf-8><title>Hongyan</title>"
    b"<p>Hongyan has the answer. You can close this page and go back.</p>"
)
_SECONDS_A_REQUEST: Final = 5.0


class Redirect:
    """A context manager; `url` is what the provider sends the browser back to."""

    def __init__(self) -> None:
        self._path = f"/{secrets.token_urlsafe(16)}"
        self._target = ""
        path, keep = self._path, self._keep

        class Handler(_Handler):
            expected, found = path, staticmethod(keep)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}{self._path}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def _keep(self, target: str) -> None:
        self._target = target

    def wait(self, within: float, *, still: Callable[[], bool] = lambda: True) -> str:
        """Return the target that the browser asked for. Raises `TimedOut` after ``within`` seconds.

        ``still`` is asked every now and then whether anybody still waits.
        """
        deadline = time.monotonic() + within
        while not self._target:
            left = deadline - time.monotonic()
            if left <= 0 or not still():
                raise TimedOut("nobody came back from the sign-in page")
            self._server.timeout = min(left, 0.5)
            self._server.handle_request()
        return self._target


class _Server(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of a browser that leaves early."""


class _Handler(BaseHTTPRequestHandler):
    expected: str
    found: Callable[[str], None]
    timeout = _SECONDS_A_REQUEST

    def do_GET(self) -> None:
        """Take the one request that is meant for us."""
        if self.path.partition("?")[0] != self.expected:
            self.send_error(404)
            return
        self.found(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, *_: object) -> None:
        """Log nothing: a target holds a code."""
