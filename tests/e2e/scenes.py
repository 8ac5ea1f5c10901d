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
    page.evaluate("document.activeElement.blur()")  # a key that is typed next is one of the page
    go(page, "mail/all/inbox")
    page.locator("body:not(:has(.reader))").wait_for()
    page.locator("main [role=listbox]").evaluate("list => list.scrollTo(0, 0)")


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


def row_menu(page: Page) -> None:
    """What can be done with the row under the hand, asked for by the key that asks for a menu."""
    row(page, "Welcome").wait_for()
    page.keyboard.press("j")
    page.locator("main [role=listbox]").focus()
    page.keyboard.press("ContextMenu")


def menu_of_several(page: Page) -> None:
    """The same for several rows, asked for with the mouse."""
    row(page, "Welcome").wait_for()
    for key in ("j", "x", "Shift+J"):
        page.keyboard.press(key)
    page.locator(".row.chosen").first.click(button="right")


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


def plain(page: Page) -> None:
    more(page)
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.locator(".compose textarea").wait_for()


def templates(page: Page) -> None:
    more(page)
    label = page.locator(f"{MENU} [role=menu]").get_attribute("aria-label")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(f"{MENU} [role=menu]")).not_to_have_attribute("aria-label", str(label))


def link_to_write(page: Page) -> None:
    """Where a link in a letter is to lead."""
    composer(page)
    page.locator(".compose [role=toolbar] button").nth(8).press("Enter")


def send_menu(page: Page) -> None:
    composer(page)
    page.locator(".compose .when").press("Enter")


def send_later(page: Page) -> None:
    send_menu(page)
    page.keyboard.press("End")
    page.keyboard.press("Enter")


def waiting(page: Page) -> None:
    """The outbox with a letter that leaves next week."""
    composer(page)
    page.locator(".compose input").first.fill("")
    page.locator("[data-subject]").fill("A letter for next week")
    page.locator(".compose .when").press("Enter")
    for key in ("ArrowUp", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(COMPOSER)).to_have_count(0)
    go(page, "outbox")
    page.locator("main li.card").first.wait_for()


def snoozing(page: Page) -> None:
    """When a message is to come back, to the minute."""
    asked("b")(page)
    page.locator(MENU).wait_for()
    for key in ("End", "Enter"):
        page.keyboard.press(key)


def unsubscribing(page: Page) -> None:
    read(page, "Paper Lantern")
    buttons = page.locator(".reader .lines > .more")
    expect(buttons).to_have_count(2)  # details, and what the header alone tells, a moment later
    buttons.last.press("Enter")


def tables(page: Page) -> None:
    """Statistics as tables."""
    view("statistics")(page)
    buttons = page.locator("main section .head button")
    buttons.first.wait_for()
    for each in buttons.all():
        each.press("Enter")
    page.locator("main section table").first.wait_for()


def job(page: Page) -> None:
    """A job that is at work, which the test has begun."""
    go(page, "activity")
    page.locator("main progress").first.wait_for()


def drawer(page: Page) -> None:
    """The mailboxes, which on a narrow page come when they are asked for."""
    row(page, "Welcome").wait_for()
    burger = page.locator(".top .burger button")
    if burger.is_visible():
        burger.press("Enter")
        page.locator(".shell > .veil").wait_for()


def removing(page: Page) -> None:
    """The question before an account is removed."""
    view("settings")(page)
    page.locator("main .line .button.danger").first.press("Enter")


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


def refused(page: Page) -> None:
    """Setting up by hand with a password that the demo's host refuses."""
    view("settings")(page)
    servers = page.locator("main li[title*='://']")
    servers.first.wait_for()
    urls = [str(each.get_attribute("title")) for each in servers.all()]
    by_hand(page)
    fields = page.locator("main input[type=text].mono")
    for protocol, field in (("pop3", fields.nth(1)), ("smtp", fields.nth(2))):
        field.fill(next(each for each in urls if each.startswith(protocol)))
    page.locator("input[type=password]").fill("wrong")
    page.keyboard.press("Enter")
    page.locator("main [role=alert]").first.wait_for()


# Name, how it comes about, and what of the page is looked at.
SCENES: dict[str, tuple[Callable[[Page], None], str]] = {
    **{name: (view(name), "html") for name in VIEWS},
    "a message": (message, "main"),
    "evidence": (evidence, "main"),
    "source": (source, DIALOGUE),
    "preview": (preview, DIALOGUE),
    "link": (link, DIALOGUE),
    "row menu": (row_menu, MENU),
    "menu of several rows": (menu_of_several, MENU),
    "move": (asked("v"), MENU),
    "label": (asked("l"), MENU),
    "snooze": (asked("b"), MENU),
    "snooze until": (snoozing, DIALOGUE),
    "unsubscribe": (unsubscribing, DIALOGUE),
    "commands": (opened("Control+k"), DIALOGUE),
    "keys": (opened("?"), DIALOGUE),
    "composer": (composer, COMPOSER),
    "plain text": (plain, COMPOSER),
    "more about a draft": (more, MENU),
    "templates": (templates, MENU),
    "link to write": (link_to_write, DIALOGUE),
    "when to send": (send_menu, MENU),
    "send later": (send_later, DIALOGUE),
    "discard": (discarding, DIALOGUE),
    "outbox with a letter": (waiting, "main"),
    "suggestions": (suggestions, "search"),
    "results": (results, "main"),
    "chosen": (chosen, "main"),
    "drawer": (drawer, ".side"),
    "rule on trial": (rule, "main"),
    "connection": (conversation, "main"),
    "tables": (tables, "main"),
    "job": (job, "main"),
    "removing an account": (removing, DIALOGUE),
    "set-up by hand": (by_hand, "main main"),
    "password refused": (refused, "main main"),
}
