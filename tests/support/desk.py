"""The whole program with a browser before it: the demo's host, a profile, workers, server, page."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tools import page as built

from hongyan.app import Address, demo_profile, move_in
from hongyan.demo.host import DemoHost
from tests.support.browser import PATIENCE, chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from hongyan.app import App, Network, Server

WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}


@dataclass
class Desk:
    """A program that runs, and browsers to open it in."""

    app: App
    browser: Browser
    server: Server
    wrong: list[str] = field(default_factory=list)
    _forgiven: list[str] = field(default_factory=list)
    _state: Any = None
    _open: ExitStack = field(default_factory=ExitStack)

    @property
    def origin(self) -> str:
        return self.server.site.origin

    def context(self, **options: Any) -> BrowserContext:
        """Give a browser profile that has been let in."""
        if self._state is None:
            self._state = self._let_in()
        given = {"viewport": WIDE, "locale": "en-GB", "storage_state": self._state, **options}
        context = self._open.enter_context(self.browser.new_context(**given))
        context.set_default_timeout(PATIENCE)
        return context

    def _let_in(self) -> Any:
        with self.browser.new_context() as context:
            page = context.new_page()
            page.goto(self.server.site.start_link())
            page.wait_for_selector("[role=option][data-key]")
            assert "start=" not in page.url, "the one-time token stays in the address bar"
            return context.storage_state()

    def open(self, place: str = "", **options: Any) -> Page:
        """Open the page in a browser profile of its own; what goes wrong in it is kept."""
        page = self.context(**options).new_page()
        self.watch(page)
        page.goto(f"{self.origin}/{place}")
        return page

    def watch(self, page: Page) -> None:
        """Keep what the page's console says in anger."""
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on(
            "console",
            lambda said: (
                self.wrong.append(said.text) if said.type in ("error", "warning") else None
            ),
        )

    def forgive(self, words: str) -> None:
        """Leave out what was wrong in these words: a test did it on purpose.

        What the browser says of it may come later, so that it is left out at the end.
        """
        self._forgiven.append(words)

    def close(self) -> None:
        """Close what was opened, and say that nothing went wrong in it."""
        self._open.close()
        wrong = [each for each in self.wrong if not any(of in each for of in self._forgiven)]
        self.wrong.clear()
        self._forgiven.clear()
        assert wrong == [], wrong


@contextmanager
def desk(
    *, seeded: bool = True, browser: Browser | None = None, network: Network | None = None
) -> Iterator[Desk]:
    """Start all of it; the page is built first where it is not current."""
    built.build()
    with ExitStack() as stack:
        host = stack.enter_context(DemoHost(seeded=seeded))
        app = stack.enter_context(demo_profile(host, network=network))
        (account,) = app.store.accounts.list()
        app.fetching.fetch(account)
        app.sending.file_sent(account, host.sent)
        if seeded:
            move_in(app, account)
        host.maildrop.on_letter = app.workers.wake
        used = browser or stack.enter_context(chromium())
        yield stack.enter_context(served(app, used))


@contextmanager
def served(app: App, browser: Browser) -> Iterator[Desk]:
    """Run a profile's workers and its server."""
    server = app.server(Address(port=0))
    with ExitStack() as stack:
        for service in (app.workers, server):
            service.start()
            stack.callback(service.stop)
        yield Desk(app, browser, server)


def until(condition: Callable[[], object], *, seconds: float = 10) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
