"""Who holds what: locks that say who has them, across threads and processes.

The lock itself is the one of `hongyan.store.owner`: the system lets go of it when its holder ends
in any way. Beside it stands in words who that is; the words may be stale, the lock never is.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hongyan.errors import Busy, StoreError
from hongyan.reasons import Reason
from hongyan.store.database import storage_errors
from hongyan.store.owner import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import apsw

_LOOK: Final = 0.1  # seconds between two looks whether it is free


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that holds something: its name for people, its process, and since when."""

    what: str
    process: int
    since: datetime

    def __str__(self) -> str:
        return f"{self.what} (process {self.process}, since {self.since.astimezone():%H:%M:%S})"


def nobody(holder: Holder) -> None:
    """Tell nobody that one waits."""


class Holds:
    """The locks of a profile, files in ``folder``."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._clock = clock

    @contextmanager
    def hold(
        self,
        name: str,
        *,
        what: str,
        within: float = 0.0,
        waiting: Callable[[Holder], None] = nobody,
    ) -> Iterator[None]:
        """Hold ``name`` for the block; ``what`` is who we are, in words.

        While another has it, for at most ``within`` seconds, one waits, and ``waiting`` is told
        once who has it. Raises `Busy`, which says the same, and `StoreError`.
        """
        path = self._folder / name
        deadline = time.monotonic() + within
        told = False
        while (lock := self._lock(path)) is None:
            holder = self._holder(path)
            if time.monotonic() >= deadline:
                raise Busy(Reason.OTHERS_BUSY.of(holder=holder))
            if not told:
                waiting(holder)
                told = True
            time.sleep(_LOOK)
        try:
            self._say(path, what)
            yield
        finally:
            lock.close()

    def holder(self, name: str) -> Holder | None:
        """Return who holds ``name``, or None when nobody does. Raises `StoreError`."""
        path = self._folder / name
        lock = self._lock(path)
        if lock is None:
            return self._holder(path)
        lock.close()
        return None

    def _lock(self, path: Path) -> apsw.Connection | None:
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self._folder}: {error.strerror or error}") from error
        with storage_errors(path):
            return locked(path)

    def _say(self, path: Path, what: str) -> None:
        words = {"what": what, "process": os.getpid(), "since": self._clock().isoformat()}
        new = path.with_suffix(f".{os.getpid()}")
        try:
            new.write_text(json.dumps(words), "utf-8")
            new.replace(path.with_suffix(".who"))
        except OSError as error:
            raise StoreError(f"{new}: {error.strerror or error}") from error

    def _holder(self, path: Path) -> Holder:
        with suppress(OSError, ValueError, KeyError, TypeError):
            words = json.loads(path.with_suffix(".who").read_text("utf-8"))
            since = datetime.fromisoformat(words["since"])
            return Holder(str(words["what"]), int(words["process"]), since)
        return Holder("another program", 0, self._clock())
