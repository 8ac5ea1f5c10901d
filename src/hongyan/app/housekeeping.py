"""What a profile needs once a day while it is served: old changes and stray uploads go."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hongyan.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hongyan.store import Store

CHANGES_KEPT: Final = timedelta(days=30)
UPLOADS_KEPT: Final = timedelta(days=1)  # RFC 8620 §6.1: at least an hour
_A_DAY: Final = 86_400.0


class Housekeeping:
    """A service: see `hongyan.app.serving.Service`."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin, with a first round at once."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join(1)

    def tidy(self) -> None:
        """Do it once. Raises `StoreError`."""
        now = self._clock()
        self._store.changes.prune(now - CHANGES_KEPT)
        self._store.blobs.sweep(now - UPLOADS_KEPT)

    def _run(self) -> None:
        while True:
            with suppress(StoreError):  # busy, or the disk is full: the next day will do
                self.tidy()
            if self._ended.wait(_A_DAY):
                return
