"""Writing: from the first key to the answer that comes back, and what is forgotten on the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from playwright.sync_api import expect

from hongyan import mime
from hongyan.store import Role
from tests.e2e.helpers import HeldBack, box, read, row, write
from tests.support.desk import until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Route

    from tests.support.desk import Desk

FRIEND = "xiaoyan@goose.example"


def stored(mail: Desk, role: Role) -> list[mime.Message]:
    (account,) = mail.app.store.accounts.list()
    mailbox = mail.app.store.mailboxes.find(account.id, role)
    page = mail.app.store.messages.page(mailbox.id, limit=1000)
    return [mime.parse(mail.app.store.blobs.open(each.blob_id)) for each in page]


def test_written_sent_and_answered(mail: Desk, tmp_path: Path) -> None:
    page = mail.open()
    plan = tmp_path / "plan 计划.txt"
    plan.write_text("north, then south\n")
    window = write(page, FRIEND, "鸿雁来信", "Dear 小雁, the plan is attached.")
    window.locator("input[type=file][multiple]").last.set_input_files(plan)
    expect(window).to_contain_text("plan 计划.txt")
    expect(window).to_contain_text("18B")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Sending in")).to_be_visible()
    expect(row(page, "Re: 鸿雁来信")).to_be_visible(timeout=30_000)
    (sent,) = (each for each in stored(mail, Role.SENT) if each.subject == "鸿雁来信")
    assert [each.email for each in sent.to] == [FRIEND]
    assert [part.filename for part in sent.body.attachments] == ["plan 计划.txt"]
    assert "the plan is attached" in sent.body.text[0].text()
    assert stored(mail, Role.DRAFTS) == []


def test_undo_brings_the_draft_back_and_nothing_leaves(mail: Desk) -> None:
    page = mail.open()
    write(page, FRIEND, "Too early", "Not yet.")
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Undo").click()
    window = page.get_by_role("dialog").last
    expect(window.get_by_label("Subject")).to_have_value("Too early")
    expect(window.get_by_label("Text of the message")).to_contain_text("Not yet.")
    assert not [each for each in stored(mail, Role.SENT) if each.subject == "Too early"]
    window.get_by_role("button", name="Discard the draft").last.click()
    page.get_by_role("dialog", name="Discard this draft?").get_by_role(
        "button", name="Discard"
    ).click()
    until(lambda: not [each for each in stored(mail, Role.DRAFTS) if each.subject == "Too early"])


def test_forgotten_things_are_asked_about(mail: Desk) -> None:
    page = mail.open()
    window = write(page, FRIEND, "The plan", "It is attached.")
    page.keyboard.press("Control+Enter")
    asked = page.get_by_role("dialog", name="Did you want to attach something?")
    expect(asked).to_contain_text("“attached”")
    asked.get_by_role("button", name="Cancel").click()
    window.get_by_label("Subject").fill("")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog", name="Send without a subject?")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    window.get_by_label("To", exact=True).fill("nobody")
    window.get_by_label("Subject").click()
    expect(window.get_by_role("alert")).to_contain_text("“nobody” is no mail address.")


def test_a_draft_is_kept_and_taken_up_again(mail: Desk) -> None:
    page = mail.open()
    window = write(page, FRIEND, "Later", "Half a thought")
    expect(window).to_contain_text("Kept", timeout=8_000)
    page.keyboard.press("Escape")
    box(page, "Drafts").click()
    row(page, "Later").click()
    window = page.get_by_role("dialog").last
    expect(window.get_by_label("Text of the message")).to_contain_text("Half a thought")
    page.keyboard.press("Escape")


def test_after_a_crash_the_draft_is_back(mail: Desk) -> None:
    page = mail.open()
    write(page, FRIEND, "Before the crash", "Unfinished")
    page.wait_for_timeout(600)  # what is kept every 400 ms
    page.evaluate("window.onbeforeunload = null")
    page.reload()
    expect(page.get_by_text("A draft that was not finished is back.")).to_be_visible()
    page.get_by_role("button", name="Before the crash").first.click()
    window = page.get_by_role("dialog").last
    expect(window.get_by_label("Text of the message")).to_contain_text("Unfinished")


def test_plain_text_stays_plain(mail: Desk) -> None:
    page = mail.open()
    window = write(page, FRIEND, "Plain", "No markup")
    window.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitemcheckbox", name="Plain text").click()
    expect(window.locator("textarea")).to_have_value("No markup")
    page.keyboard.press("Escape")

    def kinds() -> list[list[str]]:
        drafts = [each for each in stored(mail, Role.DRAFTS) if each.subject == "Plain"]
        return [[part.content_type for part in each.parts] for each in drafts]

    until(lambda: kinds() == [["text/plain"]])  # it may have been kept as it was before


def test_a_mail_link_begins_a_message_and_fills_no_more_than_it_may(mail: Desk) -> None:
    link = (
        "mailto:bo@example.org?subject=Hello%20there&body=Hi&bcc=spy@example.org&attach=/etc/passwd"
    )
    page = mail.open(f"?mailto={quote(link, safe='')}")
    window = page.get_by_role("dialog").last
    expect(window.get_by_label("Subject")).to_have_value("Hello there")
    expect(window.get_by_label("Text of the message")).to_contain_text("Hi")
    expect(window.locator(".chip")).to_have_count(1)
    expect(window).not_to_contain_text("passwd")
    assert "mailto" not in page.url


def test_nothing_is_lost_of_what_is_typed_before_the_window_is_there(mail: Desk) -> None:
    inbox = {each.subject for each in stored(mail, Role.INBOX)}
    page = mail.context().new_page()
    mail.watch(page)
    held_back = HeldBack(page, "**/assets/Dock-*.js")
    page.goto(mail.origin)
    expect(page.locator("[role=option][data-key]").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("c")
    page.keyboard.type(f"{FRIEND}\tEarly#e\tSee you at noon!\n#eys", delay=5)
    assert page.get_by_role("dialog").count() == 0
    held_back.release()
    window = page.get_by_role("dialog")
    expect(window.locator(".chip")).to_contain_text("xiaoyan")
    expect(window.get_by_label("Subject")).to_have_value("Early#e")
    text = window.get_by_label("Text of the message")
    expect(text).to_contain_text("See you at noon!")
    expect(text).to_contain_text("#eys")
    page.keyboard.type(" and later")
    expect(text).to_contain_text("#eys and later")
    page.keyboard.press("Escape")
    expect(window).to_have_count(0)
    assert {each.subject for each in stored(mail, Role.INBOX)} == inbox


def test_an_answer_is_typed_into_before_it_is_there(mail: Desk) -> None:
    page = mail.open()
    read(page, "Lift to rehearsal?")
    held_back = HeldBack(page, "**/jmap/api")
    page.keyboard.press("r")
    page.keyboard.type("Dear Rosa! #e", delay=5)
    held_back.release()
    window = page.get_by_role("dialog")
    written = re.compile(r"Dear Rosa! #e\s+On .* wrote:", re.DOTALL)
    expect(window.get_by_label("Text of the message")).to_have_value(written)
    page.keyboard.press("Escape")
    until(lambda: "Re: Lift to rehearsal?" in {each.subject for each in stored(mail, Role.DRAFTS)})
    expect(row(page, "Lift to rehearsal?")).to_be_visible()

    drafts = len(stored(mail, Role.DRAFTS))
    page.reload()  # the draft is the conversation's last now
    expect(page.locator(".reader article").last).to_contain_text("Go on writing")
    page.keyboard.press("r")
    expect(window.locator(".chip")).to_contain_text("Rosa Quist")
    page.keyboard.press("Escape")
    expect(window).to_have_count(0)
    assert len(stored(mail, Role.DRAFTS)) == drafts  # nothing was written


def test_a_reply_is_marked_quotes_and_joins_the_conversation(mail: Desk) -> None:
    page = mail.open()
    read(page, "Lift to rehearsal?")
    page.keyboard.press("r")
    window = page.get_by_role("dialog").last
    expect(window.locator(".chip")).to_contain_text("Rosa Quist")
    expect(window.get_by_label("Subject")).to_have_value("Re: Lift to rehearsal?")
    window.get_by_label("Text of the message").press_sequentially("Gladly.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Sending in")).to_be_visible()
    until(lambda: [each for each in stored(mail, Role.SENT) if "Gladly." in each.text])
    (sent,) = (each for each in stored(mail, Role.SENT) if "Gladly." in each.text)
    assert sent.in_reply_to
    assert "> " in sent.text
    assert sent.text.index("Gladly.") < sent.text.index("> ")


def test_a_person_is_taken_out_by_keyboard(mail: Desk) -> None:
    page = mail.open()
    row(page, "Welcome").wait_for()
    page.keyboard.press("c")
    expect(page.get_by_label("To", exact=True)).to_be_focused()
    for name in ("anser", "branta", "cygnus"):
        page.keyboard.type(f"{name}@goose.example")
        page.keyboard.press("Enter")
        expect(page.locator(".compose .chip").filter(has_text=name)).to_be_visible()
    for key in ("Shift+Tab", "Shift+Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".compose .chip")).to_have_text(
        ["anser@goose.example", "cygnus@goose.example"]
    )
    expect(page.get_by_label("To", exact=True)).to_be_focused()


def test_enter_takes_nobody_who_was_meant_by_fewer_letters(mail: Desk) -> None:
    """The answer about what is typed now is still on its way: an older one must not be taken."""
    page = mail.open()
    row(page, "Welcome").wait_for()
    page.keyboard.press("c")
    expect(page.get_by_label("To", exact=True)).to_be_focused()
    page.keyboard.type("ingr")
    expect(page.locator(".compose [role=option]").first).to_be_visible()

    def late(route: Route) -> None:
        if "Person/query" not in (route.request.post_data or ""):
            route.continue_()

    page.route("**/*", late)
    page.keyboard.type("xx")
    page.keyboard.press("Enter")
    expect(page.locator(".compose [role=alert]")).to_be_visible()
    expect(page.locator(".compose .chip")).to_have_count(0)
