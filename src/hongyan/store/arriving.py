"""Messages that arrive quickly, made durable some at a time instead of each for itself.

One transaction waits for the disk once, whether one message is in it or fifty. What has been given
to `Arriving.add` is durable when ``stored`` has been called with it, and not before: a DELE is sent
for that alone. After a crash the rest is fetched again, as it is still on the server.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

from hongyan.store.adding import New

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hongyan.store.spool import Blob
    from hongyan.store.store import Store
    from hongyan.store.types import MessageId

T = TypeVar("T")

_OCTETS: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    token: T
    new: New


class Arriving(Generic[T]):
    """A context manager; at its end all that was added is durable, also when the line was lost.

    ``stored`` is called after each commit with the token and the id of every message in it. A
    commit comes with the ``together``-th message, or the first one ``seconds`` after the last
    commit, or when 16 MB wait. Used by one thread.
    """

    def __init__(
        self,
        store: Store,
        account_id: str,
        *,
        stored: Callable[[T, MessageId], None],
        together: int = 50,
        seconds: float = 1.0,
    ) -> None:
        self._store = store
        self._account_id = account_id
        self._stored = stored
        self._together = together
        self._seconds = seconds
        self._waiting: list[_Waiting[T]] = []
        self._octets = 0
        self._committed = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.commit()

    def add(
        self,
        token: T,
        mailbox_id: str,
        content: bytes | Blob,
        *,
        received_at: datetime,
        uidl: str | None = None,
    ) -> None:
        """Take a message; see `Messages.add`. Raises `StoreError`, `NotFound` of a commit."""
        blob = self._store.blobs.hold(content)
        self._waiting.append(_Waiting(token, New(blob, (mailbox_id,), received_at, uidl=uidl)))
        self._octets += blob.size
        if (
            len(self._waiting) >= self._together
            or self._octets >= _OCTETS
            or time.monotonic() - self._committed >= self._seconds
        ):
            self.commit()

    def commit(self) -> None:
        """Make durable what waits, in one transaction; when it fails, all of it waits no more."""
        waiting, self._waiting, self._octets = self._waiting, [], 0
        ids: list[MessageId] = []
        if waiting:
            with self._store.transaction(whole=True):
                new = [each.new for each in waiting]
                ids = self._store.messages.add_all(self._account_id, new)
        self._committed = time.monotonic()
        for each, id_ in zip(waiting, ids, strict=True):
            self._stored(each.token, id_)
