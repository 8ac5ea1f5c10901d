"""Preparing messages in other processes while this one stores them.

Reading a message takes as long as storing it, so a second core doubles the pace. A pool is begun
only when there is enough to do, for each of its processes has to load the program first. Until they
have, when they have enough to do, without them, and when they break, the same is done here.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from hongyan import mime
from hongyan.store import Prepared, prepare
from hongyan.store.arrival import arrival_of
from hongyan.transfer import sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

TOGETHER: Final = 100
_WORTH: Final = 500  # messages before which no pool is begun
_AHEAD: Final = 20  # batches that wait for each process
_MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Task:
    """A message to prepare: what it came out of, and its octets."""

    item: sources.Item
    octets: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """A message that is prepared: with its time of arrival, and the keywords that its head tells.

    ``told`` is None for a message that is deleted where it lies.
    """

    content: Prepared
    received_at: datetime
    told: frozenset[str] | None


def work(octets: Sequence[bytes], dictionary: Path | None, now: datetime) -> list[Done]:
    """Prepare some messages, in any process."""
    return [_done(each, mime.parse(each), dictionary, now) for each in octets]


def _done(octets: bytes, message: mime.Message, dictionary: Path | None, now: datetime) -> Done:
    prepared = prepare(octets, message, dictionary)
    return Done(prepared, arrival_of(message, now), sources.told(message))


class Preparing:
    """Prepares messages in the order in which they come; a context manager."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._loaded: Future[None] | None = None
        self._processes = min(_MOST, (os.cpu_count() or 1) - 1)
        self._count = 0
        self._under_way: deque[tuple[list[Task], Future[list[Done]]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def add(
        self, tasks: list[Task], dictionary: Path | None, now: datetime
    ) -> Iterator[tuple[Task, Done]]:
        """Take tasks; yield those that are done, and those that have to make room."""
        self._count += len(tasks)
        if self._pool is None and self._processes and self._count >= _WORTH:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._processes, context, _leave_with_parent)
            self._loaded = self._pool.submit(_load)
        self._under_way.append((tasks, self._begun(tasks, dictionary, now)))
        while self._under_way and (self._under_way[0][1].done() or self._is_far_ahead):
            yield from self._oldest(dictionary, now)

    @property
    def _is_far_ahead(self) -> bool:
        return len(self._under_way) > 2 * _AHEAD * self._processes

    def _begun(
        self, tasks: list[Task], dictionary: Path | None, now: datetime
    ) -> Future[list[Done]]:
        """Hand tasks to the pool; do them here when there is none, or it has enough to do."""
        octets = [task.octets for task in tasks]
        if self._pool is not None and self._has_room:
            try:
                return self._pool.submit(work, octets, dictionary, now)
            except BrokenProcessPool:
                self._give_up()
        done: Future[list[Done]] = Future()
        done.set_result(work(octets, dictionary, now))
        return done

    @property
    def _has_room(self) -> bool:
        if self._loaded is None or not self._loaded.done():
            return False  # it is not there yet: it has to load the program first
        waiting = sum(not future.done() for _, future in self._under_way)
        return waiting < _AHEAD * self._processes

    def _give_up(self) -> None:
        self._pool, self._processes = None, 0

    def rest(self, dictionary: Path | None, now: datetime) -> Iterator[tuple[Task, Done]]:
        """Yield all that are not done yet."""
        while self._under_way:
            yield from self._oldest(dictionary, now)

    def _oldest(self, dictionary: Path | None, now: datetime) -> Iterator[tuple[Task, Done]]:
        tasks, future = self._under_way.popleft()
        try:
            done = future.result()
        except BrokenProcessPool:
            self._give_up()
            done = work([task.octets for task in tasks], dictionary, now)
        yield from zip(tasks, done, strict=True)


def _load() -> None:
    """Be called: for this the module, and with it the program, has been loaded."""


def _leave_with_parent() -> None:
    """End this process when the one that began it ends in any way."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
