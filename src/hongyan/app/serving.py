"""Running in the background: services that start together, and stop together when asked."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from threading import Event

    from hongyan.store import Store

PROFILE: Final = "profile"


class Service(Protocol):
    """Something that runs in threads of its own from `start` to `stop`."""

    def start(self) -> None:
        """Begin, and return at once."""

    def stop(self) -> None:
        """End within two seconds."""


def serve_until(store: Store, services: Iterable[Service], ended: Event, *, what: str) -> None:
    """Run services until ``ended`` is set, or this thread is interrupted.

    One program at a time serves a profile. Raises `StoreError`, which says who does.
    """
    with store.holds.hold(PROFILE, what=what), ExitStack() as running:
        for service in services:
            running.callback(service.stop)
            service.start()
        ended.wait()
