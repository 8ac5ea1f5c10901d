"""Fetching messages, whole, the newest of each mailbox first.

What is to be fetched stands in the store, so a run that ends at any point goes on where it stopped.
Messages are committed some at a time; the server keeps them all, so a crash loses none.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from hongyan import imap, mime
from hongyan.imap import NumberSet, Peek, Window
from hongyan.store import New, prepare
from hongyan.store.preparing import Preparing
from hongyan.sync import imap_flags, imap_gmail
from hongyan.sync.imap_tour import identity
from hongyan.sync.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from hongyan.flow import Flow
    from hongyan.imap import Body, Fetched, Item
    from hongyan.store import Blob, BlobWriter, ImapMailbox, MailboxId, MessageId, Prepared
    from hongyan.store.packing import Dictionary
    from hongyan.sync.imap_tour import Tour

_ITEMS: Final = ("FLAGS", "INTERNALDATE", "RFC822.SIZE", Peek())
_WINDOW: Final = Window(commands=3, messages=50, newest_first=True)
_ONE_BY_ONE: Final = Window(commands=3, messages=1, newest_first=True)
_AT_ONCE: Final = 20_000
_TOGETHER: Final = 100
_OCTETS: Final = 16 << 20
_SECONDS: Final = 1.0
_AHEAD: Final = 2  # transactions that may wait to be stored
_PREPARED_AHEAD: Final = 3  # batches under way for each process that prepares


def fetch_bodies(tour: Tour, *, clock: Callable[[], datetime]) -> Flow[None]:
    """Fetch all that is to be fetched, mailbox by mailbox, the newest messages first."""
    waiting = tour.store.imap_messages.waiting(tour.account.id)
    with Arrivals(tour, sum(waiting.values()), clock) as arrivals:
        for id_, mailbox in tour.mailboxes().items():
            if waiting.get(id_) and mailbox.name is not None:
                yield from _bodies_of(tour, mailbox, arrivals)
        arrivals.tell()


def _bodies_of(tour: Tour, mailbox: ImapMailbox, arrivals: Arrivals) -> Flow[None]:
    """Fetch until the server gives no more; what it refused together is asked for one by one."""
    yield from tour.be_in(mailbox)
    items: list[Item] = [*_ITEMS, *tour.identities(), *imap_gmail.items(tour, mailbox.id)]
    window = _WINDOW
    failures: tuple[imap.Failure, ...] = ()
    while expected := tour.store.imap_messages.expected(mailbox.id, limit=_AT_ONCE):
        before = arrivals.done
        arrivals.begin(mailbox.id, expected)
        uids = NumberSet.of(expected)
        failures = yield from imap.fetch(
            tour.conn, uids, items, sink=arrivals.sink, take=arrivals.take, window=window
        )
        arrivals.end()
        if arrivals.done == before and (not failures or window is _ONE_BY_ONE):
            break
        window = _ONE_BY_ONE if failures else window
    for each in failures:
        tour.trouble(mailbox.called, each.error)


@dataclass(frozen=True, slots=True)
class _Arrived:
    mailbox: MailboxId
    uid: int
    flags: frozenset[str]
    size: int
    blob: Blob
    large: Future[Prepared] | None
    received_at: datetime
    labels: frozenset[MailboxId]
    identity: str | None


@dataclass(slots=True)
class Arrivals:
    """Takes bodies as they come and puts them into the store, many in one transaction."""

    tour: Tour
    total: int
    clock: Callable[[], datetime]
    done: int = 0
    octets: int = 0
    _mailbox: MailboxId | None = None
    _expected: set[int] = field(default_factory=set)
    _writer: BlobWriter | None = None
    _waiting: list[_Arrived] = field(default_factory=list)
    _held: int = 0
    _committed: float = field(default_factory=time.monotonic)
    _storing: deque[Future[tuple[int, int]]] = field(default_factory=deque)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _large: list[_Arrived] = field(default_factory=list)
    _aside: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _preparing: Preparing[_Arrived, bytes, Dictionary | None, Prepared] = field(
        default_factory=lambda: Preparing(_prepare_all, ahead=_PREPARED_AHEAD)
    )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.end()
        finally:
            self._thread.shutdown()
            self._aside.shutdown()
            self._preparing.close()

    def begin(self, mailbox_id: MailboxId, expected: Iterable[int]) -> None:
        """Let what comes from now on belong to a mailbox; nothing is taken that is not expected."""
        self._mailbox = mailbox_id
        self._expected = set(expected)

    def sink(self, _: Fetched, body: Body, chunk: bytes, __: bool) -> None:  # noqa: FBT001  # a Sink
        """Take a chunk of a body."""
        if body.section or body.origin is not None:
            return
        if self._writer is None:
            self._writer = self.tour.store.blobs.writer()
        self._writer.write(chunk)

    def take(self, message: Fetched) -> None:
        """Take what else is told of a message, whose body has come before."""
        writer, self._writer = self._writer, None
        if writer is None or self._mailbox is None or message.uid not in self._expected:
            return
        self._expected.remove(message.uid)
        blob = writer.finish()
        is_small = isinstance(blob.pending, bytes)
        large = None if is_small else self._aside.submit(self.tour.store.messages.prepare, blob)
        flags = imap_flags.keywords(message.flags or ())
        size = message.size or blob.size
        when = message.internal_date or self.clock()
        labels = imap_gmail.told(self.tour, self._mailbox, message) or frozenset()
        self._waiting.append(
            _Arrived(
                self._mailbox,
                message.uid,
                flags,
                size,
                blob,
                large,
                when,
                labels,
                identity(message),
            )
        )
        self._held += blob.size
        late = time.monotonic() - self._committed >= _SECONDS
        if late or len(self._waiting) >= _TOGETHER or self._held >= _OCTETS:
            self._hand_over(all_of_it=late)

    def _hand_over(self, *, all_of_it: bool) -> None:
        """Have what has come stored, in a thread, so that the line is not idle meanwhile.

        As long as more comes quickly, some of it may still be prepared while that is waited for;
        ``all_of_it`` is not.
        """
        waiting, self._waiting, self._held = self._waiting, [], 0
        self._committed = time.monotonic()
        while len(self._storing) >= _AHEAD:
            self._settle(self._storing.popleft())
        self._storing.append(self._thread.submit(self._store, waiting, all_of_it=all_of_it))

    def end(self) -> None:
        """Have all stored; what had come of a message that was cut off is dropped."""
        self._writer = None
        if self._waiting or self._storing:
            self._hand_over(all_of_it=True)
        while self._storing:
            self._settle(self._storing.popleft())

    def _settle(self, stored: Future[tuple[int, int]]) -> None:
        messages, octets = stored.result()
        self.done += messages
        self.octets += octets
        self.tell()

    def _store(self, waiting: list[_Arrived], *, all_of_it: bool) -> tuple[int, int]:
        """Have small messages prepared, and store those that are, with large ones that are, too."""
        dictionary = self.tour.store.blobs.dictionary()
        small = [
            (each, octets) for each in waiting if isinstance(octets := each.blob.pending, bytes)
        ]
        ready = list(self._preparing.add(small, dictionary))
        if all_of_it:
            ready += self._preparing.rest(dictionary)
        ready += self._large_ones(waiting, all_of_it=all_of_it)
        self._store_all(ready)
        return len(ready), sum(each.blob.size for each, _ in ready)

    def _large_ones(
        self, waiting: list[_Arrived], *, all_of_it: bool
    ) -> Iterator[tuple[_Arrived, Prepared]]:
        """Yield the large messages that are prepared, or all that have come."""
        here, self._large = [*self._large, *waiting], []
        for each in here:
            if each.large and (all_of_it or each.large.done()):
                yield each, each.large.result()
            elif each.large:
                self._large.append(each)

    def _store_all(self, ready: list[tuple[_Arrived, Prepared]]) -> None:
        if not ready:
            return
        store = self.tour.store
        with store.transaction(whole=True):
            alive = {each.id for each in store.mailboxes.list(self.tour.account.id)}
            new = [_new(each, prepared, alive) for each, prepared in ready]
            ids = store.messages.add_all(self.tour.account.id, new)
            for id_, (each, _) in zip(ids, ready, strict=True):
                self._bind(each, id_)

    def _bind(self, arrived: _Arrived, id_: MessageId) -> None:
        store = self.tour.store
        store.imap_messages.bind(
            arrived.mailbox, arrived.uid, id_, flags=arrived.flags, size=arrived.size
        )
        if arrived.labels:
            store.imap_labels.note(id_, arrived.labels)
        if arrived.identity:
            store.imap_objects.note(id_, arrived.identity)

    def tell(self) -> None:
        """Report how far it has come."""
        self.tour.result.messages, self.tour.result.octets = self.done, self.octets
        self.tour.report(Progress("Fetching", self.done, self.total, self.octets))


def _prepare_all(some: list[bytes], dictionary: Dictionary | None) -> list[Prepared]:
    """Prepare messages, in any process."""
    return [prepare(each, mime.parse(each), dictionary) for each in some]


def _new(arrived: _Arrived, prepared: Prepared, alive: set[MailboxId]) -> New:
    """Return an arrival as the store takes it, in those of its labels that are still here."""
    boxes = (arrived.mailbox, *sorted(arrived.labels & alive))
    return New(prepared, boxes, arrived.received_at, tuple(arrived.flags))
