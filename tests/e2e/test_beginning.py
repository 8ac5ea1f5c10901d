"""The first minute: no key, no account, set-up by hand against a real host, and mail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from hongyan.app import Address, App, Config
from hongyan.cli.browser import write_way
from hongyan.demo.host import DemoHost
from tests.e2e.everybody import cut_off, findings, prepare, without_mouse
from tests.e2e.helpers import row
from tests.support.desk import NARROW, WIDE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from hongyan.app import Server


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A profile without an account, and its server."""
    monkeypatch.setenv("HONGYAN_PASSPHRASE", "correct horse")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with App(Config(tmp_path / "home")) as app:
        started = app.server(Address(port=0))
        app.workers.start()
        started.start()
        yield started
        started.stop()
        app.workers.stop()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with browser.new_context(locale="en-GB") as context:
        yield context.new_page()


def test_without_the_link_there_is_no_mail_and_a_word_about_why(server: Server, page: Page) -> None:
    page.goto(server.site.origin)
    expect(page.get_by_text("This window has no key to your mail")).to_be_visible()
    page.goto(server.site.start_link())
    expect(page.get_by_role("heading", name="Welcome to Hongyan")).to_be_visible()
    assert "start=" not in page.url


def test_a_private_file_leads_to_the_page_as_the_link_does(
    server: Server, page: Page, tmp_path: Path
) -> None:
    """As 'hongyan open' has a browser open it, from the origin of a file; with a session too."""
    for _ in range(2):
        way = write_way(server.site.start_link(), tmp_path)
        page.goto(way.as_uri())
        page.wait_for_url(f"{server.site.origin}/")
        expect(page.get_by_role("heading", name="Welcome to Hongyan")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Welcome to Hongyan")).to_be_visible()
    page.context.clear_cookies()
    page.goto(way.as_uri())
    expect(page.get_by_text("This window has no key to your mail")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "theme", "size"), [("en-GB", "light", WIDE), ("zh-CN", "dark", NARROW)]
)
def test_the_first_screens_are_for_everybody(
    browser: Browser, server: Server, locale: str, theme: Any, size: Any
) -> None:
    """Without the link, with it, and where mail of another program is chosen."""
    options: Any = {"color_scheme": theme, "viewport": size, "reduced_motion": "reduce"}
    with browser.new_context(locale=locale, **options) as context:
        page = context.new_page()
        page.goto(server.site.origin)
        page.locator("code").wait_for()
        prepare(page)
        wrong = [*findings(page), *cut_off(page)]
        page.goto(server.site.start_link())
        page.locator("input[type=email]").wait_for()
        prepare(page)
        wrong += [*findings(page), *cut_off(page), *without_mouse(page, "main")]
        page.locator("main .button.wide").press("Enter")
        page.locator("main form.import").wait_for()
        wrong += [*findings(page), *cut_off(page), *without_mouse(page, "main")]
    assert wrong == []


def profile(home: Path) -> Path:
    """A folder of Thunderbird's, with what is in it besides mail."""
    letters = b"From - Thu Jan  1 00:00:00 2026\nFrom: ann@example.org\nSubject: %s\n\n%s\n\n"
    local = home / "abcd.default" / "Mail" / "Local Folders"
    local.mkdir(parents=True)
    (local / "Kyoto").write_bytes(
        letters % (b"Maple leaves", b"In November.") + letters % (b"Tea", b"With the monks.")
    )
    (local / "Kyoto.msf").write_bytes(b"// <!-- <mdb:mork:z v=1.4/> -->")
    (home / "abcd.default" / "key4.db").write_bytes(b"SQLite format 3\0 a secret")
    return home / "abcd.default"


def test_without_an_account_mail_of_another_program_is_read_and_searched(
    server: Server, page: Page, tmp_path: Path
) -> None:
    sent: list[bytes] = []
    page.on("request", lambda each: sent.append(each.post_data_buffer or b""))
    page.goto(server.site.start_link())
    page.get_by_role("button", name="Import mail that you have").click()
    page.get_by_label("Choose a folder…").set_input_files(profile(tmp_path))
    row(page, "Maple leaves").click()
    expect(page.locator(".reader article")).to_contain_text("In November.")
    assert not any(b"a secret" in each for each in sent)

    page.get_by_label("Search mail").fill("monks")
    expect(row(page, "Tea")).to_be_visible()
    expect(page.locator("[role=option][data-key]")).to_have_count(1)
    page.get_by_label("Search mail").press("Escape")
    page.locator("nav").get_by_role("button", name="Write").click()
    expect(page.get_by_text("no address to send from")).to_be_visible()
    page.get_by_role("button", name="Add an account").click()
    expect(page.get_by_label("Your mail address")).to_be_focused()


def test_from_the_first_screen_to_mail(server: Server, page: Page) -> None:
    with DemoHost() as host:
        page.goto(server.site.start_link())
        expect(page.get_by_role("heading", name="Welcome to Hongyan")).to_be_visible()
        page.get_by_label("Your mail address").fill(host.address)
        page.get_by_role("button", name="Go on").click()
        by_hand = page.get_by_role("button", name="Set by hand")
        password = page.get_by_label("Password")
        expect(password).to_be_visible(timeout=60_000)
        if by_hand.is_visible():
            by_hand.click()
        expect(page.get_by_label("IMAP server")).to_be_focused()
        page.get_by_label("IMAP server").fill("")
        page.get_by_label("POP3 server").fill(host.pop3_url)
        page.get_by_label("SMTP server").fill(host.smtp_url)
        password.fill("wrong")
        page.get_by_role("button", name="Connect").click()
        expect(page.get_by_role("alert").first).to_be_visible(timeout=30_000)
        password.fill(host.password)
        page.get_by_role("button", name="Connect").click()
        expect(row(page, "Welcome. Here is how to play")).to_be_visible(timeout=60_000)
        expect(page.locator(".listing header")).to_contain_text(re.compile(r"\d+ conversations"))
