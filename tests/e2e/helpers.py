"""What several tests do on the page, in a person's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.support.desk import until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route


class HeldBack:
    """Requests that a page makes from now on: they wait until they are let go."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._page = page
        self._pattern = pattern
        self._waiting: list[Route] = []
        self._is_over = False
        page.route(pattern, self._take)

    def _take(self, route: Route) -> None:
        if self._is_over:
            route.continue_()
        else:
            self._waiting.append(route)

    def release(self) -> None:
        """Let go of them, once there is one, and hold back no others.

        A route that stayed would hold a request until the page is asked something again.
        """
        until(lambda: self._page.title() and self._waiting)  # the page tells only while it is asked
        self._is_over = True
        for each in self._waiting:
            each.continue_()
        self._page.unroute(self._pattern)


def row(page: Page, text: str) -> Locator:
    """The first row of the list that says ``text``."""
    return page.locator("[role=option][data-key]").filter(has_text=text).first


def read(page: Page, text: str) -> None:
    """Open the row that says ``text``, and wait for the message."""
    row(page, text).click()
    expect(page.locator(".reader article").last).to_be_visible()


def box(page: Page, name: str) -> Locator:
    """A mailbox, or a view, of the side bar."""
    return page.locator("nav").get_by_role("link", name=name, exact=False).first


def write(page: Page, to: str, subject: str, text: str) -> Locator:
    """Begin a message by keyboard and fill it in; the answer is its window."""
    expect(page.locator("[role=option][data-key]").first).to_be_visible()
    page.keyboard.press("c")
    window = page.get_by_role("dialog").last
    window.get_by_label("To", exact=True).fill(to)
    window.get_by_label("To", exact=True).press("Enter")
    window.get_by_label("Subject").fill(subject)
    window.get_by_label("Text of the message").click()
    page.keyboard.type(text)
    return window
