"""What the page can look like: each scene is brought about by keys, whatever the language is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.helpers import read, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

DIALOGUE, MENU, COMPOSER = "dialog", ".menu", ".compose[role=dialog]"


def message(page: Page) -> None:
    read(page, "Nils Aune")


def evidence(page: Page) -> None:
    """A letter that asks for pictures, with what is known of its sender, and its details."""
    read(page, "unusual honking")
    for _ in range(2):
        page.locator(".reader button:not(.fold)[aria-expanded=false]").first.click()


def source(page: Page) -> None:
    read(page, "Weekly position report")
    page.keyboard.press("Control+u")


def preview(page: Page) -> None:
    read(page, "鹅的照片")
    page.locator(".attachments .open").first.click()


def link(page: Page) -> None:
    read(page, "unusual honking")
    page.frame_locator(".reader iframe").get_by_role("link").first.click()


def asked(key: str) -> Callable[[Page], None]:
    """The menu that a key brings for a message."""

    def scene(page: Page) -> None:
        read(page, "Weekly position report")
        page.keyboard.press(key)

    return scene


def opened(key: str) -> Callable[[Page], None]:
    """The dialogue that a key brings."""

    def scene(page: Page) -> None:
        row(page, "Welcome").wait_for()
        page.keyboard.press(key)

    return scene


def composer(page: Page) -> None:
    """A window with addresses, words, and a word about what is no address."""
    row(page, "Welcome").wait_for()
    page.keyboard.press("c")
    page.locator(f"{COMPOSER} input").first.fill("xiaoyan@goose.example")
    page.keyboard.press("Enter")
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    page.locator(f"{COMPOSER} [role=alert]").wait_for()


def discarding(page: Page) -> None:
    composer(page)
    page.locator(f"{COMPOSER} footer button").last.click()


def suggestions(page: Page) -> None:
    row(page, "Welcome").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("fr")
    page.locator("#search-offers [role=option]").first.wait_for()


def results(page: Page) -> None:
    row(page, "Welcome").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("goose")
    page.keyboard.press("Enter")
    page.locator("mark").first.wait_for()


def chosen(page: Page) -> None:
    """Several messages, and a word at the foot of what was done with them."""
    row(page, "Welcome").wait_for()
    for key in ("j", "x", "Shift+J", "s"):
        page.keyboard.press(key)
    page.locator(".toast").first.wait_for()


# Name, how it comes about, and what of the page is looked at.
SCENES: dict[str, tuple[Callable[[Page], None], str]] = {
    "a message": (message, "main"),
    "evidence": (evidence, "main"),
    "source": (source, DIALOGUE),
    "preview": (preview, DIALOGUE),
    "link": (link, DIALOGUE),
    "snooze": (asked("b"), MENU),
    "commands": (opened("Control+k"), DIALOGUE),
    "composer": (composer, COMPOSER),
    "discard": (discarding, DIALOGUE),
    "suggestions": (suggestions, "body"),
    "results": (results, "body"),
    "chosen": (chosen, "body"),
}
