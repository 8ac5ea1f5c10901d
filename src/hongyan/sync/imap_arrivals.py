"""What comes of messages, headers or all of it, on its way into the store.

Messages are committed some at a time; the server keeps them all, so a crash loses none.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Self

from hongyan import mime
from hongyan.store import New, prepare
from hongyan.store.preparing import Preparing
from hongyan.sync import imap_flags, imap_gmail
from hongyan.sync.imap_pace import NONE_YET, Pace
from hongyan.sync.imap_tour import identity
from hongyan.sync.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from hongyan.imap import Body, Fetched
    from hongyan.store import Blob, BlobWriter, MailboxId, MessageId, Prepared
    from hongyan.store.packing import Dictionary
    from hongyan.sync.imap_tour import Tour

_TOGETHER: Final = 100
_OCTETS: Final = 16 << 20
_SECONDS: Final = 1.0
_AHEAD: Final = 2  # transactions that may wait to be stored
_PREPARED_AHEAD: Final = 3  # batches under way for each process that prepares


class Stage(Enum):
    """What is being fetched of messages, as progress names it."""

    HEADERS = "Headers"
    BODIES = "Fetching"


@dataclass(slots=True)
class Count:
    """How many are stored, their octets, and how many there will be."""

    total: int
    done: int = 0
    octets: int = 0


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What came of a message: ``known`` is its id where its header is here, and its body came."""

    stage: Stage
    mailbox: MailboxId
    uid: int
    known: MessageId | None
    flags: frozenset[str]
    size: int
    blob: Blob
    large: Future[Prepared] | None
    received_at: datetime
    labels: frozenset[MailboxId]
    identity: str | None


@dataclass(slots=True)
class Arrivals:
    """Takes messages as they come and puts them into the store, many in one transaction."""

    tour: Tour
    counts: Mapping[Stage, Count]
    clock: Callable[[], datetime]
    pace: Pace = NONE_YET
    _stage: Stage = Stage.BODIES
    _began: float | None = None
    _mailbox: MailboxId | None = None
    _expected: dict[int, MessageId | None] = field(default_factory=dict)
    _writer: BlobWriter | None = None
    _waiting: list[_Arrived] = field(default_factory=list)
    _held: int = 0
    _committed: float = field(default_factory=time.monotonic)
    _storing: deque[Future[list[_Arrived]]] = field(default_factory=deque)
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

    def begin(
        self, stage: Stage, mailbox_id: MailboxId, expected: Mapping[int, MessageId | None]
    ) -> None:
        """Let what comes from now on belong to a mailbox; nothing is taken that is not expected."""
        self._stage = stage
        self._mailbox = mailbox_id
        self._expected = dict(expected)

    def sink(self, _: Fetched, body: Body, chunk: bytes, __: bool) -> None:  # noqa: FBT001  # a Sink
        """Take a chunk of a header or of a whole message."""
        wanted = "HEADER" if self._stage is Stage.HEADERS else ""
        if body.section.upper() != wanted or body.origin is not None:
            return
        if self._writer is None:
            self._writer = self.tour.store.blobs.writer()
        self._began = self._began or time.monotonic()
        self._writer.write(chunk)

    def take(self, message: Fetched) -> None:
        """Take what else is told of a message, whose octets have come before."""
        writer, self._writer = self._writer, None
        if writer is None or self._mailbox is None or message.uid not in self._expected:
            return
        known = self._expected.pop(message.uid)
        blob = writer.finish()
        is_small = isinstance(blob.pending, bytes)
        large = None if is_small else self._aside.submit(self.tour.store.messages.prepare, blob)
        flags = imap_flags.keywords(message.flags or ())
        size = message.size or blob.size
        when = message.internal_date or self.clock()
        labels = imap_gmail.told(self.tour, self._mailbox, message) or frozenset()
        self._waiting.append(
            _Arrived(
                self._stage,
                self._mailbox,
                message.uid,
                known,
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
        self._note_pace(blob.size)
        late = time.monotonic() - self._committed >= _SECONDS
        if late or len(self._waiting) >= _TOGETHER or self._held >= _OCTETS:
            self._hand_over(all_of_it=late)

    def _note_pace(self, octets: int) -> None:
        if self._stage is Stage.BODIES and self._began is not None:
            was, seconds = self.pace, time.monotonic() - self._began
            self.pace = Pace(was.messages + 1, was.octets + octets, seconds)

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

    def _settle(self, stored: Future[list[_Arrived]]) -> None:
        for each in stored.result():
            count = self.counts[each.stage]
            count.done += 1
            count.octets += each.blob.size
        self.tell()

    def _store(self, waiting: list[_Arrived], *, all_of_it: bool) -> list[_Arrived]:
        """Have small messages prepared, and store those that are, with large ones that are, too."""
        dictionary = self.tour.store.blobs.dictionary()
        small = [
            (each, octets) for each in waiting if isinstance(octets := each.blob.pending, bytes)
        ]
        ready = list(self._preparing.add(small, dictionary))
        if all_of_it:
            ready += self._preparing.rest(dictionary)
        ready += self._large_ones(waiting, all_of_it=all_of_it)
        if ready:
            self._store_all(ready)
        return [each for each, _ in ready]

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
        store = self.tour.store
        new = [(each, prepared) for each, prepared in ready if each.known is None]
        with store.transaction(whole=True):
            alive = {each.id for each in store.mailboxes.list(self.tour.account.id)}
            ids = store.messages.add_all(
                self.tour.account.id, [_new(each, prepared, alive) for each, prepared in new]
            )
            for id_, (each, _) in zip(ids, new, strict=True):
                self._bind(each, id_)
            store.messages.complete((each.known, its) for each, its in ready if each.known)

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
        bodies = self.counts[Stage.BODIES]
        self.tour.result.messages, self.tour.result.octets = bodies.done, bodies.octets
        self.tour.result.headers = self.counts[Stage.HEADERS].done
        now = self.counts[self._stage]
        self.tour.report(Progress(self._stage.value, now.done, now.total, now.octets))


def _prepare_all(some: list[bytes], dictionary: Dictionary | None) -> list[Prepared]:
    """Prepare messages, in any process."""
    return [prepare(each, mime.parse(each), dictionary) for each in some]


def _new(arrived: _Arrived, prepared: Prepared, alive: set[MailboxId]) -> New:
    """Return an arrival as the store takes it, in those of its labels that are still here."""
    boxes = (arrived.mailbox, *sorted(arrived.labels & alive))
    header_of = arrived.size if arrived.stage is Stage.HEADERS else None
    when, flags = arrived.received_at, tuple(arrived.flags)
    return New(prepared, boxes, when, flags, header_of=header_of)
