"""Every leak vector opened in the real page: nothing leaves, nothing runs; what is allowed, loads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from hongyan.app import now
from hongyan.store import Role
from tests.e2e.helpers import read, row
from tests.support.browser import Trap, another
from tests.support.desk import Desk, desk, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "leak-vectors"
OWN = (
    b'<img src="http://tracker.example/a.png"><img srcset="http://tracker.example/b.png 1x">',
    b'<div style="background:url(http://tracker.example/c.png)">x</div>',
    b"<style>@import url(http://tracker.example/d.css);p{background:url(//tracker.example/e)}</style>",
    b'<link rel="stylesheet" href="http://tracker.example/f.css"><meta http-equiv="refresh" content="0;url=http://tracker.example/g">',
    b'<svg><image href="http://tracker.example/h"/></svg><video src="http://tracker.example/i" autoplay></video>',
    b'<iframe src="http://tracker.example/j"></iframe><object data="http://tracker.example/k"></object>',
    b"<script>fetch('http://tracker.example/l')</script><img src=x onerror=\"top.location='http://tracker.example/m'\">",
    b'<form action="http://tracker.example/n"><input autofocus onfocus="submit()"></form><base href="http://tracker.example/">',
)
TAIL = b"<p>The end of the letter</p>"


def letters() -> list[bytes]:
    own = [
        b"From: Tracker <t%d@tracker.example>\r\nSubject: vector %d\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n\r\n%s%s\r\n" % (at, at, html, TAIL)
        for at, html in enumerate(OWN)
    ]
    return [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))] + own


@pytest.fixture(scope="module")
def world() -> Iterator[Trap]:
    with Trap({}) as trap:
        yield trap


@pytest.fixture(scope="module")
def mail(browser: Browser, world: Trap) -> Iterator[Desk]:
    """A desk whose browser finds the trap at every other address."""
    with (
        another(browser, elsewhere=world.host) as cut_off,
        desk(seeded=False, browser=cut_off) as started,
    ):
        (account,) = started.app.store.accounts.list()
        inbox = started.app.store.mailboxes.find(account.id, Role.INBOX)
        for octets in letters():
            started.app.store.messages.add(account.id, inbox.id, octets, received_at=now())
        yield started


def through_all(page: Page) -> None:
    """Open every message of the list, one after the other, and give each its time."""
    page.locator("[role=option][data-key]").first.click()
    expect(page.locator(".reader article").first).to_be_visible()
    for _ in letters():
        page.wait_for_timeout(120)
        page.keyboard.press("j")


def test_nothing_leaves_and_nothing_runs(mail: Desk, world: Trap) -> None:
    page = mail.open()
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    through_all(page)
    page.wait_for_timeout(1500)
    assert world.asked == []
    assert page.url.startswith(mail.origin)
    assert len(page.context.pages) == 1


def test_what_is_allowed_loads(mail: Desk, world: Trap) -> None:
    page = mail.open()
    read(page, "vector 0")
    expect(page.locator(".reader")).to_contain_text("Pictures from elsewhere are off")
    assert world.asked == []
    page.get_by_role("button", name="Show once").click()
    until(lambda: any("/a.png" in each for each in world.asked))
    row(page, "vector 1").click()
    expect(page.locator(".reader h1")).to_contain_text("vector 1")
    page.wait_for_timeout(500)
    assert not any("/c.png" in each for each in world.asked)
