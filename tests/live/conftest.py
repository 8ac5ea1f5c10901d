"""Fixtures of the live tests; which of them could not run, and why, ends every run's report.

A server that is not installed skips its tests at the desk and fails them under CI (``CI=true``).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import pytest
from tools import page

from tests.live.courier import Courier
from tests.live.cyrus import Cyrus
from tests.live.mailutils import Mailutils
from tests.live.servers import ALICE, BOB, HOST, Dovecot, MailHost, Postfix, Unavailable
from tests.support.authority import GOOD_NAMES, Authority
from tests.support.browser import chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser


class Stoppable(Protocol):
    """A server that runs until it is stopped."""

    def stop(self) -> None:
        """End it."""


Server = TypeVar("Server", bound=Stoppable)
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("live")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "tests/live/" in r.nodeid]
    if skipped:
        terminalreporter.section("live tests that could not run")
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        terminalreporter.write_line(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}")


def started(start: Callable[[], Server]) -> Iterator[Server]:
    """Yield a server and stop it; skip where it cannot run, unless this is CI."""
    try:
        server = start()
    except Unavailable as why:
        reason = str(why)
    else:
        reason = ""
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"CI must run the live tests: {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The certificate authority that signs for the test servers; its PEM is ``.pem``."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def dovecot(authority: Authority) -> Iterator[Dovecot]:
    """A Dovecot with alice and bob."""
    for server in started(lambda: Dovecot(authority.issue(*GOOD_NAMES, HOST))):
        for user in (ALICE, BOB):
            server.add_user(user)
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot, authority: Authority) -> Iterator[Postfix]:
    """A Postfix that asks ``dovecot`` for passwords and delivers to it."""
    for server in started(lambda: Postfix(dovecot, authority.issue(*GOOD_NAMES, HOST))):
        for user in (ALICE, BOB):
            server.add_user(user)
        yield server


@pytest.fixture(scope="session")
def mail_host(dovecot: Dovecot, postfix: Postfix, authority: Authority) -> MailHost:
    """Both, as one host."""
    users = {user.address: user for user in (ALICE, BOB)}
    return MailHost(dovecot, postfix, authority.pem, users)


@pytest.fixture(scope="session")
def impostor(authority: Authority) -> Iterator[Dovecot]:
    """A Dovecot with alice whose trusted certificate is for quite another name."""
    for server in started(lambda: Dovecot(authority.issue("mail.elsewhere.test"))):
        server.add_user(ALICE)
        yield server


@pytest.fixture(scope="session")
def cyrus(authority: Authority) -> Iterator[Cyrus]:
    """A Cyrus IMAP server with no one in it."""
    yield from started(lambda: Cyrus(authority.issue()))


@pytest.fixture(scope="session")
def courier() -> Iterator[Courier]:
    """A Courier IMAP server with no one in it; it has no TLS."""
    yield from started(Courier)


@pytest.fixture(params=["dovecot", "cyrus", "courier"])
def imap_server(request: pytest.FixtureRequest) -> Dovecot | Cyrus | Courier:
    """Each IMAP server in turn; ``add_user``, ``fill``, ``messages`` and ``imap_url`` are the same."""
    server: Dovecot | Cyrus | Courier = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session")
def mailutils(authority: Authority) -> Iterator[Mailutils]:
    """A second POP3 server, of another family, with no one in it."""
    yield from started(lambda: Mailutils(authority.issue()))


@pytest.fixture(scope="module")  # its driver holds an event loop, which other tests must not find
def browser() -> Iterator[Browser]:
    """Chromium, and the page as its sources are."""
    page.build()
    with chromium() as running:
        yield running


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients in this process trust the test servers, as SSL_CERT_FILE does for others."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pem))
