"""Chromium from the system's packages, for tests that need a real browser.

It is cut off from the world: every host but loopback is what ``elsewhere`` says, and what it asks
for by itself leads nowhere. `Trap` is a loopback server that serves what it is given and writes
down whatever else is asked of it, so that a test can say that nothing was.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support.child import LOOPBACK, Unavailable, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-default-apps"),
    *("--disable-domain-reliability", "--disable-extensions", "--disable-breakpad", "--no-pings"),
)
NOWHERE = "~NOTFOUND"
PATIENCE = 20_000  # milliseconds; on a busy machine all is slow, and only a failure waits so long
# What Debian's build asks by itself, whatever its flags say.
BY_ITSELF = (
    *("update.googleapis.com", "clients2.google.com", "accounts.google.com"),
    "content-autofill.googleapis.com",  # at every field that is typed into
)


@contextmanager
def chromium(*, elsewhere: str = NOWHERE) -> Iterator[Browser]:
    """Start Chromium and end it; its contexts are empty profiles.

    ``elsewhere`` is the ``host:port`` that every other host is (none at all by default). Skips
    where Chromium is not installed, and fails there under CI.
    """
    path = installed()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=arguments(elsewhere))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def another(running: Browser, *, elsewhere: str) -> Iterator[Browser]:
    """Start Chromium beside one that runs: a process can drive both, but not begin to drive twice."""
    browser = running.browser_type.launch(executable_path=installed(), args=arguments(elsewhere))
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def chromium_at_home(folder: Path, *, elsewhere: str, net_log: Path) -> Iterator[BrowserContext]:
    """Start Chromium on a person's own profile, which looks names up ahead; see `chromium`.

    ``net_log`` is where it writes what its network stack did, complete when it has ended.
    """
    path = installed()
    logging = (f"--log-net-log={net_log}", "--net-log-capture-mode=Everything")
    with sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            folder, executable_path=path, args=[*arguments(elsewhere), *logging]
        )
        try:
            yield context
        finally:
            context.close()


def installed() -> str:
    """Return where Chromium is."""
    try:
        return program("chromium", package="chromium")
    except Unavailable as why:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must run the tests in a browser: {why}", pytrace=False)
        pytest.skip(str(why))


def arguments(elsewhere: str) -> list[str]:
    """Return the flags that keep it quiet and cut it off."""
    own = (f"MAP {host} {NOWHERE}" for host in BY_ITSELF)
    rules = (*own, f"MAP * {elsewhere}", f"EXCLUDE {LOOPBACK}", "EXCLUDE localhost")
    return [*QUIET, f"--host-resolver-rules={', '.join(rules)}"]


class Trap:
    """A web server on loopback: ``pages`` (path to headers and HTML) are served, all else is kept.

    ``asked`` holds a line for each connection that did not ask for a page: what it asked for, or
    the first octets of what was no HTTP.
    """

    def __init__(self, pages: dict[str, tuple[dict[str, str], str]]) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = pages.get(self.path) if self.headers["Host"] == own else None
                if known is None:
                    asked.append(f"{self.command} {self.headers['Host']} {self.path}")
                self.send_response(200 if known else 404)
                headers, page = known or ({}, "")
                for name, value in headers.items():
                    self.send_header(name, value)
                body = page.encode("utf-8", "replace")
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_HEAD = do_OPTIONS = do_CONNECT = do_GET  # noqa: N815 - names that it looks up

            def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # fmt: skip
                asked.append(f"no HTTP: {getattr(self, 'raw_requestline', b'')[:40]!r}")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                pass

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.host = own = f"{LOOPBACK}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
