"""Reading: the list, conversations, HTML in its frame, what is folded, saved and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.helpers import box, read, row
from tests.support.desk import until

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.support.desk import Desk


def test_the_inbox_is_there_and_its_unread_count_in_the_title(mail: Desk) -> None:
    page = mail.open()
    expect(row(page, "Welcome. Here is how to play")).to_be_visible()
    unread = int(page.locator("nav .badge").first.inner_text())
    assert page.title() == f"({unread}) Hongyan"
    read(page, "Welcome. Here is how to play")
    expect(page.locator("nav .badge").first).to_have_text(str(unread - 1))


def test_a_conversation_holds_ones_own_answers_from_another_mailbox(mail: Desk) -> None:
    page = mail.open()
    read(page, "Nils Aune")
    articles = page.locator(".reader article")
    expect(articles).to_have_count(4)
    expect(articles.nth(1)).to_contain_text("Seven is a rumour")
    expect(articles.nth(3)).to_contain_text("Your hat is back")
    articles.nth(0).get_by_role("button").first.click()
    expect(articles.nth(0)).to_contain_text("The boat has never looked better")


def test_keys_go_through_the_list(mail: Desk) -> None:
    page = mail.open()
    title = page.locator(".reader h1")
    read(page, "Welcome. Here is how to play")
    page.keyboard.press("j")
    expect(title).not_to_contain_text("Welcome")
    page.keyboard.press("k")
    expect(title).to_contain_text("Welcome")
    page.keyboard.press("u")
    expect(title).to_have_count(0)


def height(of: Locator) -> float:
    return (of.bounding_box() or {"height": 0.0})["height"]


def test_a_click_in_a_letter_keeps_the_keyboard_only_while_the_pointer_is_there(mail: Desk) -> None:
    page = mail.open()
    title = page.locator(".reader h1")
    read(page, "unusual honking")
    page.frame_locator(".reader iframe").get_by_text("Dear Custommer").click()
    page.wait_for_function("document.activeElement.tagName === 'IFRAME'")
    page.mouse.move(700, 10)
    page.keyboard.press("j")
    expect(title).not_to_contain_text("unusual honking")


def test_the_pointer_takes_the_keyboard_from_nobody(mail: Desk) -> None:
    """Neither from who came into a letter by keyboard, nor from who writes or searches."""
    page = mail.open()
    read(page, "unusual honking")
    frame = page.locator(".reader iframe")
    link = page.frame_locator(".reader iframe").get_by_role("link").first
    for _ in range(60):
        page.keyboard.press("Tab")
        if link.evaluate("each => each === document.activeElement"):
            break
    expect(link).to_be_focused()
    frame.hover()
    page.mouse.move(700, 10)
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Open this link?")
    page.get_by_role("dialog").press("Escape")
    page.locator("#search").focus()
    frame.hover()
    page.mouse.move(700, 40)
    page.keyboard.type("goose")
    expect(page.locator("#search")).to_have_value("goose")
    mail.forgive("Blocked script execution")  # what the test itself asked in the letter


def test_html_is_in_a_frame_that_may_do_nothing(mail: Desk) -> None:
    page = mail.open()
    read(page, "unusual honking")
    frame = page.locator(".reader iframe")
    assert frame.get_attribute("sandbox") == ""
    expect(page.frame_locator(".reader iframe").locator("body")).to_contain_text("Dear Custommer")
    until(lambda: height(frame) > 200)
    assert page.evaluate("document.querySelector('.reader iframe').contentDocument") is None


def test_a_link_shows_where_it_leads_before_it_opens(mail: Desk) -> None:
    page = mail.open()
    read(page, "unusual honking")
    page.frame_locator(".reader iframe").get_by_role("link").first.click()
    dialogue = page.get_by_role("dialog", name="Open this link?")
    expect(dialogue).to_contain_text("phish.example")
    dialogue.get_by_role("button", name="Close").click()
    assert len(page.context.pages) == 1


def test_pictures_are_previewed_and_saved(mail: Desk) -> None:
    page = mail.open()
    read(page, "鹅的照片")
    page.get_by_role("button", name="Preview 大雁南飞.png").click()
    picture = page.get_by_role("dialog").get_by_role("img", name="大雁南飞.png")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    page.keyboard.press("Escape")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save 大雁南飞.png").click()
    assert saved.value.suggested_filename == "大雁南飞.png"
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")


def test_the_source_is_the_message_as_it_came(mail: Desk) -> None:
    page = mail.open()
    read(page, "Weekly position report")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="View source").click()
    expect(page.get_by_role("dialog").locator("pre")).to_contain_text(
        "Subject: Weekly position report"
    )
    page.keyboard.press("Escape")


def test_sent_shows_who_it_was_for(mail: Desk) -> None:
    page = mail.open()
    box(page, "Sent").click()
    expect(page.locator("[role=option][data-key]").first).to_contain_text("To ")
    expect(page.locator(".listing h1")).to_have_text("Sent")


def test_back_and_forward_are_the_browsers(mail: Desk) -> None:
    page = mail.open()
    read(page, "鹅的照片")
    page.go_back()
    expect(page.locator(".reader")).to_have_count(0)
    page.go_forward()
    expect(page.locator(".reader h1")).to_contain_text("鹅的照片")
    page.reload()
    expect(page.locator(".reader h1")).to_contain_text("鹅的照片")
