"""What the page can look like: each scene is brought about by keys, whatever the language is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.helpers import read, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

DIALOGUE, MENU, COMPOSER = "dialog", ".menu", ".compose[role=dialog]"
VIEWS = ("mail", "outbox", "activity", "wire", "statistics", "rules", "settings", "setup")


def go(page: Page, place: str) -> None:
    """Go to another view of the page that stands."""
    page.evaluate("place => location.assign(`#/${place}`)", place)


def leave(page: Page) -> None:
    """Escape from whatever is open, back to the mail."""
    for kind in (MENU, DIALOGUE, COMPOSER):  # as they lie over one another
        if page.locator(kind).count():
            page.locator(kind).last.press("Escape")
            expect(page.locator(kind)).to_have_count(0)
    if page.locator("#search").input_value():
        page.locator("#search").press("Escape")
    go(page, "mail/all/inbox")
    page.locator("body:not(:has(.reader))").wait_for()


def view(name: str) -> Callable[[Page], None]:
    """A view as it stands when one comes to it."""

    def scene(page: Page) -> None:
        title = page.locator("main h1").first
        before = title.inner_text()
        go(page, name)
        if name != "mail":
            expect(title).not_to_have_text(before)  # it has come, and what was there is gone

    return scene


def message(page: Page) -> None:
    read(page, "Nils Aune")


def evidence(page: Page) -> None:
    """A letter that asks for pictures, with what is known of its sender, and its details."""
    read(page, "unusual honking")
    for _ in range(2):
        page.locator(".reader button:not(.fold)[aria-expanded=false]").first.press("Enter")


def source(page: Page) -> None:
    read(page, "Weekly position report")
    page.keyboard.press("Control+u")


def preview(page: Page) -> None:
    read(page, "鹅的照片")
    page.locator(".attachments .open").first.press("Enter")


def link(page: Page) -> None:
    read(page, "unusual honking")
    page.frame_locator(".reader iframe").get_by_role("link").first.press("Enter")


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
    page.locator(".compose input").first.fill("xiaoyan@goose.example")
    page.keyboard.press("Enter")
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    page.locator(".compose [role=alert]").wait_for()


def more(page: Page) -> None:
    """What else can be done with what is being written."""
    composer(page)
    page.locator(".compose footer [aria-haspopup=menu]").last.press("Enter")


def send_menu(page: Page) -> None:
    composer(page)
    page.locator(".compose .when").press("Enter")


def send_later(page: Page) -> None:
    send_menu(page)
    page.keyboard.press("End")
    page.keyboard.press("Enter")


def discarding(page: Page) -> None:
    composer(page)
    page.locator(".compose footer button").last.press("Enter")


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


def rule(page: Page) -> None:
    """A rule that was tried."""
    go(page, "rules")
    page.locator("main .button.primary").first.press("Enter")
    page.keyboard.type("subject:invitation")
    page.locator("main form .buttons .button").first.press("Enter")
    page.locator("main form [role=status] li").first.wait_for()


def conversation(page: Page) -> None:
    """What was said to a server, a line of it explained."""
    go(page, "wire")
    page.locator("main li button").first.press("Enter")
    page.locator("main .said").first.press("Enter")


def by_hand(page: Page) -> None:
    """Setting up by hand, for nothing could be found."""
    go(page, "setup")
    page.locator("input[type=email]").fill("yan@goose.test")
    page.context.set_offline(offline=True)
    page.keyboard.press("Enter")
    page.locator("input[type=password]").wait_for()
    page.context.set_offline(offline=False)


# Name, how it comes about, and what of the page is looked at.
SCENES: dict[str, tuple[Callable[[Page], None], str]] = {
    **{name: (view(name), "html") for name in VIEWS},
    "a message": (message, "main"),
    "evidence": (evidence, "main"),
    "source": (source, DIALOGUE),
    "preview": (preview, DIALOGUE),
    "link": (link, DIALOGUE),
    "move": (asked("v"), MENU),
    "label": (asked("l"), MENU),
    "snooze": (asked("b"), MENU),
    "commands": (opened("Control+k"), DIALOGUE),
    "keys": (opened("?"), DIALOGUE),
    "composer": (composer, COMPOSER),
    "more about a draft": (more, MENU),
    "when to send": (send_menu, MENU),
    "send later": (send_later, DIALOGUE),
    "discard": (discarding, DIALOGUE),
    "suggestions": (suggestions, "body"),
    "results": (results, "body"),
    "chosen": (chosen, "body"),
    "rule on trial": (rule, "main"),
    "connection": (conversation, "main"),
    "set-up by hand": (by_hand, "main"),
}
