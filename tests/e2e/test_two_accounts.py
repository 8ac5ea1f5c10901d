"""Two accounts on one page: one inbox of both, and everything done where it belongs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from hongyan.app import NewAccount
from hongyan.demo.host import DemoHost
from hongyan.store import Role
from tests.e2e.helpers import box, read, row
from tests.support.desk import desk, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.support.desk import Desk

OTHER = "second@other.example"
LETTERS = ("Lantern parade", "Kite repair")


@pytest.fixture(scope="module")
def running(browser: Browser) -> Iterator[Desk]:
    """A desk whose profile has a second account, with two letters: an old one and a new one."""
    with DemoHost(seeded=False) as second, desk(browser=browser) as started:
        app = started.app
        added = app.accounts.add(
            NewAccount(
                address=OTHER,
                name="Second",
                username=second.address,
                pop3_url=second.pop3_url,
                smtp_url=second.smtp_url,
                password_command=f"echo {second.password}",
            )
        )
        (first, _) = app.store.accounts.list()
        inbox = app.store.mailboxes.find(first.id, Role.INBOX)
        mine = app.store.mailboxes.ensure(added.id, Role.INBOX)
        for role in (Role.ARCHIVE, Role.TRASH, Role.SENT, Role.DRAFTS):
            app.store.mailboxes.ensure(added.id, role)
        page = app.store.messages.page(inbox.id, limit=3)
        for subject, beside in zip(LETTERS, (page[0], page[2]), strict=True):
            octets = (
                f"From: Ana <ana@other.example>\r\nSubject: {subject}\r\n\r\nHello.\r\n".encode()
            )
            app.store.messages.add(added.id, mine.id, octets, received_at=beside.received_at)
        app.workers.keep_to_accounts()
        yield started


def opened(mail: Desk) -> Page:
    page = mail.open()
    expect(row(page, LETTERS[1])).to_be_visible(timeout=30_000)  # two accounts begin meanwhile
    return page


def unread(mail: Desk) -> int:
    app = mail.app
    boxes = [app.store.mailboxes.find(each.id, Role.INBOX) for each in app.store.accounts.list()]
    return sum(each.unread for each in boxes)


def test_one_inbox_of_both_by_time_with_the_unread_of_both(mail: Desk) -> None:
    page = opened(mail)
    rows = page.locator("[role=option][data-key]").all_inner_texts()
    at = [next(n for n, text in enumerate(rows) if letter in text) for letter in LETTERS]
    assert at[0] in (0, 1)
    assert at[0] < at[1] <= 4
    assert any("Lantern" not in text and "Kite" not in text for text in rows[at[0] : at[1]])
    expect(page).to_have_title(re.compile(rf"^\({unread(mail)}\) "))
    expect(page.locator("nav")).to_contain_text(OTHER)


def test_what_is_done_in_it_is_done_in_the_right_account(mail: Desk) -> None:
    page = opened(mail)
    read(page, LETTERS[0])
    page.keyboard.press("e")
    expect(row(page, LETTERS[0])).to_have_count(0)
    (_, second) = mail.app.store.accounts.list()
    archive = mail.app.store.mailboxes.find(second.id, Role.ARCHIVE)
    until(lambda: mail.app.store.mailboxes.get(archive.id).total == 1)
    page.keyboard.press("z")
    expect(row(page, LETTERS[0])).to_be_visible()
    until(lambda: mail.app.store.mailboxes.get(archive.id).total == 0)


def test_an_answer_is_from_the_account_that_was_written_to(mail: Desk) -> None:
    page = opened(mail)
    read(page, LETTERS[1])
    page.keyboard.press("r")
    window = page.get_by_role("dialog").last
    expect(window).to_contain_text(OTHER)
    window.get_by_label("Text of the message").click()
    page.keyboard.type("Thank you.")
    page.keyboard.press("Control+Enter")
    until(lambda: any(each.account_id == second_id(mail) for each in mail.app.store.outbox.list()))
    (item,) = (each for each in mail.app.store.outbox.list() if each.account_id == second_id(mail))
    assert item.sender == OTHER


def second_id(mail: Desk) -> str:
    return mail.app.store.accounts.list()[1].id


def test_a_search_finds_in_both(mail: Desk) -> None:
    page = opened(mail)
    page.keyboard.press("/")
    page.keyboard.type("kite OR position")
    expect(row(page, LETTERS[1])).to_be_visible()
    expect(row(page, "Weekly position report")).to_be_visible()


def test_a_rule_for_one_account_alone_and_its_way_to_the_server(mail: Desk) -> None:
    page = opened(mail)
    box(page, "Rules").click()
    page.get_by_role("button", name="New rule").click()
    form = page.locator("main form")
    form.get_by_label("For messages that match").fill("subject:lantern OR subject:position")
    form.get_by_label("Then", exact=True).first.select_option("Flag")
    form.get_by_label("every account").uncheck()
    form.get_by_label(OTHER).check()
    first = mail.app.store.accounts.list()[0].address
    form.get_by_label(first).uncheck()
    form.get_by_role("button", name="Try it").click()
    expect(form.get_by_role("status")).to_contain_text("It would change one message")
    form.get_by_role("button", name="Save").click()
    expect(page.locator("main li.card")).to_contain_text(OTHER)
    (rule,) = mail.app.store.rules.list()
    assert rule.account_ids == (second_id(mail),)
    page.get_by_role("combobox", name="For the mail of").select_option(OTHER)
    page.get_by_role("button", name="Install on the server").click()
    page.get_by_role("dialog").get_by_role("button", name="Install on the server").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was installed.")  # it has none
    assert mail.app.store.rules.list() == (rule,)
