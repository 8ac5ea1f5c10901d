"""Preparing messages in other processes while this one stores them.

Reading a message takes as long as storing it, so a second core doubles the pace. A pool is begun
only when there is enough to do, for each of its processes has to load the program first. Until they
have, without them, when they break, and instead of waiting for them, the same is done here.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
S = TypeVar("S")
K = TypeVar("K")
D = TypeVar("D")
_WORTH: Final = 500  # messages before which no pool is begun
_BUSY: Final = 2  # batches that a process has: one to do, one waiting
_MOST: Final = 4


@dataclass(frozen=True, slots=True)
class _Batch(Generic[T, S, D]):
    """Tasks, and what will come of them; `Preparing` tells who does them."""

    tasks: Sequence[tuple[T, S]]
    future: Future[list[D]] = field(default_factory=Future)

    @property
    def sources(self) -> list[S]:
        return [source for _, source in self.tasks]


class Preparing(Generic[T, S, K, D]):
    """Does ``work`` on tasks in the order in which they come; a context manager.

    A task is a token, which stays here, and what ``work`` is given: a module's function, called
    with those of a batch and with what is ``known``. ``ahead`` batches may be under way for each
    process, so that the pool has enough to do while those that came out are stored. Used by one
    thread.

    The pool and this process each take the oldest batch that nobody has begun: the pool whenever
    it has ended one, in its own thread, this process when it had to wait otherwise.
    """

    def __init__(self, work: Callable[[list[S], K], list[D]], *, ahead: int) -> None:
        self._work = work
        self._ahead = ahead
        self._pool: ProcessPoolExecutor | None = None
        self._loaded: Future[None] | None = None
        self._processes = min(_MOST, (os.cpu_count() or 1) - 1)
        self._count = 0
        self._under_way: deque[_Batch[T, S, D]] = deque()
        self._left: deque[_Batch[T, S, D]] = deque()  # those that nobody has begun
        self._known: K

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the pool; what is under way is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def add(self, tasks: Sequence[tuple[T, S]], known: K) -> Iterator[tuple[T, D]]:
        """Take a batch of tasks; yield the tokens, with what came of them, that make room."""
        self._known = known
        self._count += len(tasks)
        batch: _Batch[T, S, D] = _Batch(tasks)
        self._under_way.append(batch)
        self._left.append(batch)
        if self._pool is None and self._processes and self._count >= _WORTH:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._processes, context, _leave_with_parent)
            self._loaded = self._pool.submit(_load)
            self._loaded.add_done_callback(self._feed)
        self._feed(self._loaded)
        while len(self._under_way) > self._ahead * max(1, self._processes):
            yield from self._oldest()

    def rest(self, known: K) -> Iterator[tuple[T, D]]:
        """Yield all that are not yielded yet."""
        self._known = known
        while self._under_way:
            yield from self._oldest()

    def _feed(self, loaded: Future[None] | None) -> None:
        """Let each process of the pool, once it is there, have a batch to do, and one waiting."""
        if self._pool is None or loaded is None or not loaded.done():
            return  # what it had before, this process would have to wait for
        under_way = tuple(self._under_way)
        busy = sum(not batch.future.done() for batch in under_way) - len(self._left)
        for _ in range(busy, _BUSY * self._processes):
            self._hand_over(self._pool)

    def _hand_over(self, pool: ProcessPoolExecutor) -> None:
        """Let the pool do the next batch, if there is one; called in any thread."""
        try:
            batch = self._left.popleft()
        except IndexError:
            return

        def end(done: Future[list[D]]) -> None:
            error = CancelledError() if done.cancelled() else done.exception()
            if error is None:
                batch.future.set_result(done.result())
                self._hand_over(pool)
            else:
                batch.future.set_exception(error)

        try:
            begun = pool.submit(self._work, batch.sources, self._known)
        except RuntimeError as error:  # it is broken, or has been shut down meanwhile
            batch.future.set_exception(error)
        else:
            begun.add_done_callback(end)

    def _oldest(self) -> Iterator[tuple[T, D]]:
        batch = self._under_way[0]
        while self._left and not batch.future.done():
            self._do_here()
        self._under_way.popleft()
        try:
            done = batch.future.result()
        except BrokenProcessPool:
            done = self._work(batch.sources, self._known)
        yield from zip((token for token, _ in batch.tasks), done, strict=True)

    def _do_here(self) -> None:
        with suppress(IndexError):  # the pool has been quicker
            batch = self._left.popleft()
            batch.future.set_result(self._work(batch.sources, self._known))


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
