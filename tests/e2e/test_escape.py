"""Escape closes what lies on top, and nothing else, wherever the focus is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.helpers import read, row

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.support.desk import Desk


KEYS = "**/KeysHelp-*.js"


def lose_focus(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")


def test_a_menu_before_the_window_it_belongs_to(mail: Desk) -> None:
    page = mail.open()
    row(page, "Welcome").wait_for()
    page.keyboard.press("c")
    field, menu = page.locator(".compose input").first, page.get_by_role("menu")
    expect(field).to_be_focused()
    for focus in ("in a field", "nowhere", "in the menu"):
        page.locator(".compose .when").press("Enter")
        expect(menu).to_be_focused()
        if focus == "in a field":
            field.focus()
        elif focus == "nowhere":
            lose_focus(page)
        page.keyboard.press("Escape")
        expect(menu).to_have_count(0)
        expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator(".compose .when")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_dialogue_before_the_message_behind_it(mail: Desk) -> None:
    page = mail.open()
    read(page, "Weekly position report")
    for key in ("Control+u", "?", "Control+k"):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_be_visible()
        lose_focus(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator(".reader")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")  # what is closed takes no more keys
    expect(page.locator(".reader")).to_have_count(0)


def test_what_is_not_there_yet_does_not_come_any_more(mail: Desk) -> None:
    held: list[Route] = []
    page = mail.open()
    row(page, "Welcome").wait_for()
    page.route(KEYS, lambda route: held.append(route))  # noqa: PLW0108 - Playwright takes no built-in
    with page.expect_request(KEYS):
        page.reload()
        row(page, "Welcome").wait_for()
        page.keyboard.press("?")
    page.keyboard.press("Escape")
    with page.expect_response(KEYS) as came:
        for each in held:
            each.continue_()
    page.evaluate("async url => void (await import(url))", came.value.url)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_tab_leaves_a_field_in_which_no_address_stands(mail: Desk) -> None:
    page = mail.open()
    row(page, "Welcome").wait_for()
    page.keyboard.press("c")
    field = page.get_by_label("To", exact=True)
    for key in ("Tab", "Shift+Tab"):
        expect(field).to_be_focused()
        page.keyboard.type("nobody")
        page.keyboard.press(key)
        expect(field).not_to_be_focused()
        expect(page.locator(".compose [role=alert]")).to_be_visible()
        field.fill("")
