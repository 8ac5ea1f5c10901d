"""Fetching messages: whole, the newest of each mailbox first; where that is slow, headers before.

What is to be fetched stands in the store, so a run that ends at any point goes on where it stopped.
Whether headers come first is decided by `imap_pace.headers_first`, from how quickly a first page of
them came, and then from how quickly whole messages do.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from hongyan import imap
from hongyan.imap import NumberSet, Peek, Window
from hongyan.sync import imap_gmail, imap_pace
from hongyan.sync.imap_arrivals import Arrivals, Count, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hongyan.flow import Flow
    from hongyan.imap import Body, Fetched, Item
    from hongyan.store import ImapMailbox, MessageId
    from hongyan.sync.imap_pace import Patience
    from hongyan.sync.imap_tour import Tour

_ITEMS: Final = ("FLAGS", "INTERNALDATE", "RFC822.SIZE")
_OCTETS: Final = {Stage.HEADERS: Peek("HEADER"), Stage.BODIES: Peek()}
_HEADERS: Final = Window(commands=3, messages=100, newest_first=True)
_BODIES: Final = Window(commands=4, messages=50, newest_first=True)
_AT_ONCE: Final = 20_000
_ASKED: Final = 3 << 19  # octets that a command asks for; four of them are 120 MB/s at 50 ms
_FEW: Final = 5
_PAGE: Final = 40


def fetch_bodies(
    tour: Tour, *, clock: Callable[[], datetime], patience: Patience, seconds: float
) -> Flow[bool]:
    """Fetch what is to be fetched, mailbox by mailbox, the newest messages first.

    Return whether to go on: after so many seconds no more is asked for, and some has come.
    """
    began, result = time.monotonic(), tour.result
    messages = tour.store.imap_messages
    unknown = messages.waiting(tour.account.id)
    headers = messages.headers_alone(tour.account.id)
    waiting = unknown.keys() | headers.keys()
    mailboxes = [
        each for id_, each in tour.mailboxes().items() if id_ in waiting and each.name is not None
    ]
    before, total = (result.headers, result.messages), sum(unknown.values())
    every = result.messages + total + sum(headers.values())
    counts = {
        Stage.HEADERS: Count(result.headers + total, result.headers),
        Stage.BODIES: Count(every, result.messages, result.octets),
    }
    with Arrivals(tour, counts, clock) as arrivals:
        fetching = _Fetching(
            tour, arrivals, mailboxes, patience, until=began + seconds, is_slow=bool(headers)
        )
        yield from fetching.run()
        arrivals.tell()
    return fetching.is_late() and (result.headers, result.messages) != before


@dataclass(slots=True)
class _Page:
    """Headers that tell how quick the line is: counted from the first octet on, and not kept."""

    octets: int = 0
    seconds: float = 0.0
    sizes: list[int] = field(default_factory=list)
    _began: float | None = None

    def sink(self, _: Fetched, __: Body, chunk: bytes, ___: bool) -> None:  # noqa: FBT001  # a Sink
        now = time.monotonic()
        self._began = self._began or now
        self.octets += len(chunk)
        self.seconds = now - self._began

    def take(self, message: Fetched) -> None:
        self.sizes.append(message.size or 0)


@dataclass(slots=True)
class _Fetching:
    """One turn of fetching, which ends soon after ``until``, on the monotonic clock.

    ``is_slow``: headers come first, also where another turn or visit began so.
    """

    tour: Tour
    arrivals: Arrivals
    mailboxes: list[ImapMailbox]
    patience: Patience
    until: float
    is_slow: bool
    window: Window = _BODIES

    def run(self) -> Flow[None]:
        self.is_slow = self.is_slow or (yield from self._first_page_is_slow())
        if not self.is_slow:
            yield from self._each(Stage.BODIES)
            self.is_slow = self._turns_out_slow()
        if self.is_slow:
            unknown = self.tour.store.imap_messages.waiting(self.tour.account.id)
            headers = self.arrivals.counts[Stage.HEADERS]
            headers.total = headers.done + sum(unknown.values())
            yield from self._each(Stage.HEADERS)
            yield from self._each(Stage.BODIES)

    def is_late(self) -> bool:
        """Whether it is time to look again at what is new."""
        return time.monotonic() >= self.until

    def _left(self, stage: Stage = Stage.BODIES) -> int:
        count = self.arrivals.counts[stage]
        return count.total - count.done

    def _turns_out_slow(self) -> bool:
        """Whether whole messages come so slowly that headers should come first after all."""
        if self.is_slow:
            return False
        return imap_pace.headers_first(self._left(), self.arrivals.pace, self.patience)

    def _first_page_is_slow(self) -> Flow[bool]:
        """Fetch the newest headers, and see how long it took; where all is quick they are dropped.

        Nothing is asked where what waits is little, or a header is known of all of it.
        """
        mailbox = next((each for each in self.mailboxes if self._unknown(each)), None)
        if mailbox is None or self._left(Stage.HEADERS) < self.patience.fewest:
            return False
        if not (yield from self.tour.is_as_seen(mailbox)):
            return False
        page = _Page()
        uids = NumberSet.of(islice(self._unknown(mailbox), _PAGE))
        items: list[Item] = ["RFC822.SIZE", _OCTETS[Stage.HEADERS]]
        yield from imap.fetch(self.tour.conn, uids, items, sink=page.sink, take=page.take)
        usual = sum(page.sizes) // max(len(page.sizes), 1)
        most = max(_FEW, min(_ASKED // max(usual, 1), self.window.messages))
        self.window = replace(self.window, messages=most)
        if page.seconds < self.patience.evidence:
            return False
        pace = imap_pace.pace_by_headers(page.sizes, page.octets, page.seconds)
        return imap_pace.headers_first(self._left(), pace, self.patience)

    def _unknown(self, mailbox: ImapMailbox) -> list[int]:
        """Return the newest UIDs of which nothing is here; none where UIDs mean nothing."""
        if mailbox.uid_validity is None:
            return []
        return self.tour.store.imap_messages.expected(mailbox.id, limit=_AT_ONCE)

    def _wanted(self, mailbox: ImapMailbox, stage: Stage) -> Mapping[int, MessageId | None]:
        """Return the UIDs to be fetched, newest first, with the messages that are known of them."""
        if stage is Stage.HEADERS:
            return dict.fromkeys(self._unknown(mailbox))
        return self.tour.store.imap_messages.bodies(mailbox.id, limit=_AT_ONCE)

    def _each(self, stage: Stage) -> Flow[None]:
        for mailbox in self.mailboxes:
            if not self._ends(stage):
                yield from self._of(mailbox, stage)

    def _ends(self, stage: Stage) -> bool:
        return self.is_late() or (stage is Stage.BODIES and self._turns_out_slow())

    def _of(self, mailbox: ImapMailbox, stage: Stage) -> Flow[None]:
        """Fetch until the server gives no more; what it refused together is asked one by one."""
        expected = self._wanted(mailbox, stage)
        if not expected or not (yield from self.tour.is_as_seen(mailbox)):
            return
        tour, arrivals = self.tour, self.arrivals
        labels = imap_gmail.items(tour, mailbox.id)
        items: list[Item] = [*_ITEMS, _OCTETS[stage], *tour.identities(), *labels]
        usual = self.window if stage is Stage.BODIES else _HEADERS
        window, is_one_by_one = replace(usual, stop=partial(self._ends, stage)), False
        failures: tuple[imap.Failure, ...] = ()
        while expected:
            before = arrivals.counts[stage].done
            arrivals.begin(stage, mailbox.id, expected)
            uids = NumberSet.of(expected)
            failures = yield from imap.fetch(
                tour.conn, uids, items, sink=arrivals.sink, take=arrivals.take, window=window
            )
            arrivals.end()
            if window.stop():
                return
            if arrivals.counts[stage].done == before and (not failures or is_one_by_one):
                break
            if failures:
                window, is_one_by_one = replace(window, messages=1), True
            expected = self._wanted(mailbox, stage)
        for each in failures:
            tour.trouble(mailbox.called, each.error)
