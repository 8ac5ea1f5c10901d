"""Running in the background: services that start together, and stop together when asked."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hongyan.store import Store

PROFILE: Final = "profile"
_ENDINGS: Final = (signal.SIGTERM, signal.SIGINT)


class Service(Protocol):
    """Something that runs in threads of its own from `start` to `stop`."""

    def start(self) -> None:
        """Begin, and return at once."""

    def stop(self) -> None:
        """End within two seconds."""


def serve_until_told(store: Store, services: Iterable[Service], *, what: str) -> None:
    """Run services until SIGTERM or Ctrl-C; called in the main thread.

    One program at a time serves a profile. Raises `StoreError`, which says who does.
    """
    with store.holds.hold(PROFILE, what=what), _ending() as wait, ExitStack() as running:
        for service in services:
            running.callback(service.stop)
            service.start()
        wait()


@contextmanager
def _ending() -> Iterator[Callable[[], object]]:
    """Yield what waits for the first SIGTERM or Ctrl-C of the block; the next ones act as usual.

    An exception would come in the midst of anything, and where that is a finalizer it is lost.
    """
    reading, writing = os.pipe()
    before: dict[signal.Signals, Any] = {}

    def usual() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    def note(*_: object) -> None:
        usual()
        os.write(writing, b"!")

    for each in _ENDINGS:
        before[each] = signal.getsignal(each) or signal.SIG_DFL
        signal.signal(each, note)
    try:
        yield lambda: os.read(reading, 1)
    finally:
        usual()
        os.close(reading)
        os.close(writing)
