"""Hearing of new mail at once: a connection that rests in IDLE, where it can with NOTIFY.

It is another connection than that of the visits, so it hears what comes meanwhile. A line that is
dead without saying so is found out, since IDLE is said anew every few minutes and its end has to be
answered; then, as whenever something may have been missed, it counts as news.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hongyan import imap
from hongyan.errors import HongyanError, Refused
from hongyan.flow import Flow, Wake, wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.imap import Connection
    from hongyan.imap.connection import News
    from hongyan.net.blocking import BlockingDriver

PROBE: Final = 5 * 60.0  # seconds; RFC 2177 §3 wants less than 29 minutes, home routers less
_POLL: Final = 60.0  # seconds between two NOOPs where there is no IDLE
_PAUSE: Final = 10 * 60.0  # seconds before a line is tried again where none could be had
_NEWS: Final = (
    imap.Exists, imap.Expunged, imap.Vanished, imap.Fetched, imap.MailboxStatus, imap.Listed,
)  # fmt: skip


class Ear:
    """Listens to a connection; ``heard`` tells whether there was news since it was last asked."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._news = False
        conn.listener = self._take

    def _take(self, event: News) -> None:
        self._news = self._news or isinstance(event, _NEWS)

    @property
    def heard(self) -> bool:
        """Whether anything has changed; asking forgets it."""
        news, self._news = self._news, False
        return news

    def begin(self, uid_next: int) -> Flow[bool]:
        """Open the inbox; whether more has come into it than the store knows of."""
        conn = self._conn
        selected = yield from imap.select(conn, "INBOX", read_only=True)
        if conn.offers("NOTIFY"):
            with suppress(Refused):  # then it tells of the inbox alone
                yield from imap.notify(conn)
        self._news = False
        return selected.uid_next != uid_next  # None: it does not tell, so look

    def listen(self, seconds: float) -> Flow[Wake]:
        """Wait for news (`Wake.DATA`), for ``wake()``, or for the time to pass.

        Raises `NetworkError` also where the line turns out to be dead.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            woken = yield from self._rest(left)
            if self.heard:
                return Wake.DATA
            if woken is Wake.CALLED:
                return woken
        return Wake.TIMEOUT

    def _rest(self, seconds: float) -> Flow[Wake]:
        if self._conn.offers("IDLE", "IMAP4REV2"):
            return (yield from imap.idle(self._conn, seconds=min(seconds, PROBE)))
        woken = yield from wait(min(seconds, _POLL))
        yield from imap.noop(self._conn)
        return woken


class ImapWatch:
    """A worker's `Watch` (see `sync.worker`) that the server rings as well as others.

    ``open_line`` gives a driver and a session that is logged in; ``uid_next`` what the store knows
    of the inbox. While no line can be had, it is a bell and nothing more.
    """

    def __init__(
        self,
        open_line: Callable[[], tuple[BlockingDriver, Connection]],
        *,
        uid_next: Callable[[], int],
    ) -> None:
        self._open_line = open_line
        self._uid_next = uid_next
        self._rung = threading.Event()
        self._line: tuple[BlockingDriver, Ear] | None = None
        self._not_before = 0.0

    def wake(self) -> None:
        """End `wait` now, or the next one; from any thread."""
        self._rung.set()
        line = self._line
        if line is not None:
            line[0].wake()

    def wait(self, seconds: float) -> bool:
        """Return after ``seconds``, or early and true when there is something to do."""
        if self._rung.is_set():
            self._rung.clear()
            return True
        try:
            news = self._listen(seconds)
        except HongyanError:
            news = self._lost(seconds)
        rung = self._rung.is_set()
        self._rung.clear()
        return news or rung

    def _listen(self, seconds: float) -> bool:
        if self._line is None:
            if time.monotonic() < self._not_before:
                return self._rung.wait(seconds)
            driver, conn = self._open_line()
            ear = Ear(conn)
            self._line = driver, ear
            if driver.run(ear.begin(self._uid_next())):
                return True
        driver, ear = self._line
        return self._rung.is_set() or driver.run(ear.listen(seconds)) is not Wake.TIMEOUT

    def _lost(self, seconds: float) -> bool:
        """Rest without a line; what came while one was dying may have been missed, so look."""
        broke = self._line is not None
        self._drop()
        if broke:
            return True
        self._not_before = time.monotonic() + _PAUSE
        return self._rung.wait(seconds)

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line[0].close()

    def close(self) -> None:
        """Let go of the line."""
        self._drop()
