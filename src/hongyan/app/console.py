"""A protocol console over a live connection."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hongyan.net.blocking import BlockingDriver
from hongyan.net.console import Console
from hongyan.net.endpoint import Endpoint, Security
from hongyan.net.record import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hongyan.net.console import Expects
    from hongyan.net.record import Line


class LiveConsole:
    """A console that is connected: what `open_console` gives."""

    def __init__(self, driver: BlockingDriver, console: Console) -> None:
        self._driver = driver
        self._console = console
        self.explain = console.explain
        self.hides = console.hides

    @property
    def expects(self) -> Expects:
        """What the next line will be."""
        return self._console.expects

    def say(self, line: str) -> bool:
        """Send a line; return whether the connection is still open."""
        return self._driver.run(self._console.say(line))


@contextmanager
def open_console(url: str, show: Callable[[Line], None]) -> Iterator[LiveConsole]:
    """Connect a protocol console; each line that crosses goes to ``show``, secrets blotted out."""
    endpoint = Endpoint.parse(url)
    recorder = Recorder(show)
    recorder.note(f"{endpoint}")
    with BlockingDriver(endpoint, recorder=recorder).connect() as driver:
        console = Console(endpoint.protocol)
        driver.run(console.open(starttls=endpoint.security is Security.STARTTLS))
        yield LiveConsole(driver, console)
        recorder.note("closed")
