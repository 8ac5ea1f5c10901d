"""Handling: at once on screen, at the server soon after, and back again with undo."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from hongyan.errors import NotFound
from hongyan.store import Role
from tests.e2e.helpers import HeldBack, box, read, row
from tests.support.desk import NARROW, until

if TYPE_CHECKING:
    from tests.support.desk import Desk

DEEP = (
    "From: Bo <bo@example.org>\r\nTo: you@demo.example\r\nSubject: Deep\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    f"{'This letter says nothing for a long time. ' * 12}\r\n"
    "A naïve <b> & cormorant dries its wings.\r\n"
)
UNREAD = re.compile(r"\bunread\b")


def held(mail: Desk, role: Role) -> set[str]:
    """The subjects in a mailbox of the store; none where it is not made yet."""
    (account,) = mail.app.store.accounts.list()
    try:
        mailbox = mail.app.store.mailboxes.find(account.id, role)
    except NotFound:
        return set()
    return {each.subject for each in mail.app.store.messages.page(mailbox.id, limit=1000)}


def test_archive_and_undo(mail: Desk) -> None:
    page = mail.open()
    subject = "Weekly position report"
    read(page, subject)
    page.keyboard.press("e")
    expect(row(page, subject)).to_have_count(0)
    until(lambda: subject in held(mail, Role.ARCHIVE))
    assert subject not in held(mail, Role.INBOX)
    page.keyboard.press("z")
    expect(row(page, subject)).to_be_visible()
    until(lambda: subject in held(mail, Role.INBOX))
    assert subject not in held(mail, Role.ARCHIVE)


def test_what_is_filed_makes_way_for_the_next(mail: Desk) -> None:
    page = mail.open()
    subject = "Weekly position report"
    read(page, subject)
    rows = page.locator("[role=option][data-key]")
    expect(rows.nth(1)).to_contain_text(subject)
    below = rows.nth(2).locator(".subject").inner_text()
    page.keyboard.press("e")
    expect(page.locator(".reader h1")).to_have_text(below)
    expect(page.locator(".row.cursor .subject")).to_have_text(below)
    until(lambda: subject in held(mail, Role.ARCHIVE))
    page.keyboard.press("z")
    until(lambda: subject in held(mail, Role.INBOX))


def test_many_at_once(mail: Desk) -> None:
    page = mail.open()
    row(page, "Build 418 passed").locator("[data-act=select]").click()
    row(page, "Build 417 failed").locator("[data-act=select]").click()
    expect(page.locator(".listing header")).to_contain_text("2 selected")
    page.keyboard.press("#")
    expect(row(page, "Build 418 passed")).to_have_count(0)
    until(lambda: any("Build 418" in each for each in held(mail, Role.TRASH)))
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "Build 417 failed")).to_be_visible()
    until(lambda: not held(mail, Role.TRASH))


def test_all_of_a_mailbox(mail: Desk) -> None:
    page = mail.open()
    before = held(mail, Role.INBOX)
    expect(row(page, "Welcome. Here is how to play")).to_be_visible()
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("menuitem", name="Select all").click()
    page.keyboard.press("e")
    expect(page.locator(".listing")).to_contain_text("All read, all filed.")
    until(lambda: not held(mail, Role.INBOX))
    page.keyboard.press("z")
    until(lambda: held(mail, Role.INBOX) == before)
    expect(row(page, "Welcome. Here is how to play")).to_be_visible()


def test_flags_and_reading(mail: Desk) -> None:
    page = mail.open()
    subject = "Weekly position report"
    read(page, subject)
    page.keyboard.press("s")
    expect(row(page, subject).locator(".star.on")).to_have_count(1)
    page.keyboard.press("Shift+U")
    expect(row(page, subject)).to_have_class(UNREAD)
    page.keyboard.press("Shift+I")
    expect(row(page, subject)).not_to_have_class(UNREAD)


def test_moved_by_menu_and_by_hand(mail: Desk) -> None:
    page = mail.open()
    subject = 'Thank you: "How to Be on Time" is back'
    read(page, subject)
    page.keyboard.press("v")
    page.keyboard.type("spam")
    page.keyboard.press("Enter")
    until(lambda: subject in held(mail, Role.JUNK))
    page.keyboard.press("z")
    expect(row(page, subject)).to_be_visible()
    row(page, subject).drag_to(box(page, "Archive"))
    expect(row(page, subject)).to_have_count(0)
    until(lambda: subject in held(mail, Role.ARCHIVE))
    page.keyboard.press("z")
    until(lambda: subject in held(mail, Role.INBOX))


def test_everything_is_found_by_its_name(mail: Desk) -> None:
    page = mail.open()
    expect(row(page, "Welcome")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Commands")).to_be_visible()
    page.keyboard.type("go to sent")
    page.keyboard.press("Enter")
    expect(page.locator(".listing h1")).to_have_text("Sent")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Archive")
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)


def test_two_windows_are_kept_equal(mail: Desk) -> None:
    one, two = mail.open(), mail.open()
    subject = "鹅的照片"
    expect(row(two, subject)).to_be_visible()
    read(one, subject)
    one.keyboard.press("e")
    expect(row(two, subject)).to_have_count(0)
    one.keyboard.press("z")
    expect(row(two, subject)).to_be_visible()


def test_on_a_phone(mail: Desk) -> None:
    page = mail.open(viewport=NARROW, has_touch=True)
    expect(page.locator(".reading-pane")).to_be_hidden()
    read(page, "Welcome. Here is how to play")
    expect(page.locator(".listing")).to_be_hidden()
    page.get_by_role("button", name="Back to the list").click()
    expect(page.locator(".listing")).to_be_visible()
    page.get_by_role("button", name="Mailboxes").click()
    box(page, "Sent").click()
    expect(page.locator(".listing h1")).to_have_text("Sent")


def test_what_is_done_while_the_server_is_gone_is_done_when_it_is_back(mail: Desk) -> None:
    page = mail.open()
    subject = "鹅的照片"
    read(page, subject)
    page.context.set_offline(offline=True)
    page.keyboard.press("e")
    expect(row(page, subject)).to_have_count(0)
    expect(page.get_by_text("Kept for when Hongyan is back.")).to_be_visible()
    assert subject in held(mail, Role.INBOX)
    page.context.set_offline(offline=False)
    until(lambda: subject in held(mail, Role.ARCHIVE), seconds=20)
    page.keyboard.press("z")
    until(lambda: subject in held(mail, Role.INBOX))
    mail.forgive("ERR_INTERNET_DISCONNECTED")


def test_what_was_found_before_stays_until_something_else_is(mail: Desk) -> None:
    page = mail.open()
    rows = page.locator("[role=option][data-key]")
    search = page.get_by_label("Search mail")
    search.fill("build")
    expect(page.locator("mark").first).to_be_visible()
    expect(page.locator(".listing header")).to_contain_text("results")
    found = rows.locator(".subject").all_inner_texts()
    held_back = HeldBack(page, "**/jmap/api")
    search.fill("invoice")
    busy = page.locator(".list[aria-busy=true]")
    expect(busy).to_be_visible()
    assert rows.locator(".subject").all_inner_texts() == found
    search.press("Enter")
    expect(page.get_by_role("listbox", name="Messages")).to_be_focused()
    page.keyboard.press("j")  # nobody wants to move through what is on its way out
    page.keyboard.press("Enter")
    assert page.locator(".cursor").count() == 0
    assert page.locator(".reader h1").count() == 0
    held_back.release()
    expect(busy).to_have_count(0)
    expect(page.locator(".row.cursor.open .subject")).to_have_text(
        rows.locator(".subject").first.inner_text()
    )
    expect(page.locator("mark").first).to_have_text(re.compile("invoice", re.IGNORECASE))
    assert rows.locator(".subject").all_inner_texts() != found


def test_keys_that_wait_for_a_search_do_nothing_where_one_has_left_it(mail: Desk) -> None:
    page = mail.open()
    expect(row(page, "Welcome")).to_be_visible()
    held_back = HeldBack(page, "**/jmap/api")
    search = page.get_by_label("Search mail")
    search.fill("invoice")
    search.press("Enter")
    expect(page.locator(".list[aria-busy=true]")).to_be_visible()
    for key in ("j", "Enter", "/", "Escape"):
        page.keyboard.press(key)
    expect(page.locator(".listing h1")).to_have_text("Inbox")
    held_back.release()
    expect(row(page, "Welcome")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator(".row.cursor")).to_have_count(1)
    assert page.locator(".reader h1").count() == 0


def test_a_row_shows_what_was_found_deep_in_a_letter(mail: Desk) -> None:
    store = mail.app.store
    (account,) = store.accounts.list()
    inbox = store.mailboxes.find(account.id, Role.INBOX)
    store.messages.add(account.id, inbox.id, DEEP.encode(), received_at=datetime.now(UTC))
    page = mail.open()
    found = row(page, "Deep")
    expect(found.locator(".preview")).to_have_text(re.compile("^This letter says nothing"))
    page.keyboard.press("/")
    page.keyboard.type("naive cormorants")
    expect(found.locator(".preview mark")).to_have_text(["naïve", "cormorant"])
    expect(found.locator(".preview")).to_have_text(re.compile("^….{1,18}naïve <b> & cormorant"))
    assert found.locator(".preview b").count() == 0


def test_a_search_finds_two_chinese_characters_as_they_are_typed(mail: Desk) -> None:
    page = mail.open()
    expect(row(page, "Welcome")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("发票")
    expect(page.locator("mark").first).to_have_text("发票")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save this search").click()
    expect(box(page, "发票")).to_be_visible()
    page.get_by_role("button", name="Clear the search").click()
    expect(page.locator(".listing h1")).to_have_text("Inbox")
