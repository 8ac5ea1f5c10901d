"""Preparing messages in other processes while this one stores them.

Reading a message takes as long as storing it, so a second core doubles the pace. A pool is begun
only when there is enough to do, for each of its processes has to load the program first; without
one, or when it breaks, the same is done here.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from hongyan import mime
from hongyan.store import Prepared, prepare
from hongyan.store.arrival import arrival_of
from hongyan.transfer import sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future
    from datetime import datetime
    from pathlib import Path

TOGETHER: Final = 100
_WORTH: Final = 500  # messages before which no pool is begun
_AHEAD: Final = 4  # batches under way for each process
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
        self._processes = min(_MOST, (os.cpu_count() or 1) - 1)
        self._count = 0
        self._under_way: deque[tuple[list[Task], Future[list[Done]] | None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def add(
        self, tasks: list[Task], dictionary: Path | None, now: datetime
    ) -> Iterator[tuple[Task, Done]]:
        """Take tasks; yield those that are done and have to make room."""
        self._count += len(tasks)
        if self._pool is None and self._processes and self._count >= _WORTH:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._processes, context, _leave_with_parent)
        self._under_way.append((tasks, self._submitted(tasks, dictionary, now)))
        while len(self._under_way) > (_AHEAD * self._processes if self._pool else 0):
            yield from self._oldest(dictionary, now)

    def _submitted(
        self, tasks: list[Task], dictionary: Path | None, now: datetime
    ) -> Future[list[Done]] | None:
        if self._pool is None:
            return None
        try:
            return self._pool.submit(work, [task.octets for task in tasks], dictionary, now)
        except BrokenProcessPool:
            self._give_up()
            return None

    def _give_up(self) -> None:
        self._pool, self._processes = None, 0

    def rest(self, dictionary: Path | None, now: datetime) -> Iterator[tuple[Task, Done]]:
        """Yield all that are not done yet."""
        while self._under_way:
            yield from self._oldest(dictionary, now)

    def _oldest(self, dictionary: Path | None, now: datetime) -> Iterator[tuple[Task, Done]]:
        tasks, future = self._under_way.popleft()
        try:
            done = future.result() if future else None
        except BrokenProcessPool:
            self._give_up()
            done = None
        if done is None:
            done = work([task.octets for task in tasks], dictionary, now)
        yield from zip(tasks, done, strict=True)


def _leave_with_parent() -> None:
    """End this process when the one that began it ends in any way."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
