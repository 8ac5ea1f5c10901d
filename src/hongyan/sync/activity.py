"""What every account is doing now, as frozen values for whoever shows it.

A worker publishes; the command line, the page and tests subscribe. The hub keeps the latest value
of each account and nothing else, so a subscriber that comes late knows at once how things stand.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    from hongyan.sync.progress import Progress

_WINDOW: Final = 10.0  # seconds over which a speed is measured
_BETWEEN: Final = 0.1  # seconds at least between two values of one piece of work


class Doing(Enum):
    """What an account's worker is about."""

    IDLE = "idle"
    CONNECTING = "connecting"
    SYNCING = "syncing"
    SENDING = "sending"
    WAITING = "waiting"  # for a network or a server that will be back by itself
    FAILED = "failed"  # until the person does something, although it is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One account at one moment.

    ``per_second`` is in octets; ``seconds_left`` None when nobody can say. ``next_at`` is when it
    will be looked at again; ``words`` say what it waits for, ``remedy`` what a person can do,
    ``code`` what kind of error it is (`hongyan.errors.code_of`).
    """

    account_id: str
    state: Doing
    what: str = ""
    done: int = 0
    total: int = 0
    octets: int = 0
    total_octets: int = 0
    per_second: float = 0.0
    seconds_left: float | None = None
    next_at: datetime | None = None
    words: str = ""
    remedy: str = ""
    code: str = ""


Take: TypeAlias = Callable[[Activity], None]


class Activities:
    """The hub; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: dict[str, Activity] = {}
        self._subscribers: dict[object, Take] = {}

    def publish(self, activity: Activity) -> None:
        """Keep a value as its account's latest and hand it to every subscriber."""
        with self._lock:
            self._latest[activity.account_id] = activity
            subscribers = tuple(self._subscribers.values())
        for take in subscribers:
            take(activity)

    def latest(self) -> tuple[Activity, ...]:
        """Return the latest value of each account."""
        with self._lock:
            return tuple(self._latest.values())

    def subscribe(self, take: Take) -> Callable[[], None]:
        """Hand every value from now on to ``take``; return what ends that.

        ``take`` is called in the worker's thread: it must neither block nor raise.
        """
        token = object()
        with self._lock:
            self._subscribers[token] = take

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers.pop(token, None)

        return unsubscribe

    def forget(self, account_id: str) -> None:
        """Drop an account that is no more."""
        with self._lock:
            self._latest.pop(account_id, None)


_STATES: Final = {"Connecting": Doing.CONNECTING, "Sending": Doing.SENDING}


class Meter:
    """A `Report` that turns progress into published activity, with speed and time left."""

    def __init__(self, account_id: str, publish: Take, *, monotonic: Callable[[], float]) -> None:
        self._account_id = account_id
        self._publish = publish
        self._monotonic = monotonic
        self._what = ""
        self._told = 0.0
        self._seen: deque[tuple[float, int]] = deque()

    def __call__(self, progress: Progress) -> None:
        """Publish ``progress``, unless something was published just now and this is not the end."""
        now = self._monotonic()
        if progress.what != self._what:
            self._what, self._told = progress.what, 0.0
            self._seen.clear()
        self._seen.append((now, progress.octets))
        while now - self._seen[0][0] > _WINDOW and len(self._seen) > 2:
            self._seen.popleft()
        if self._told and now - self._told < _BETWEEN and progress.done != progress.total:
            return
        self._told = now
        self._publish(self._activity(progress))

    def _activity(self, progress: Progress) -> Activity:
        speed = self._speed()
        left = max(0, progress.total_octets - progress.octets)
        return Activity(
            account_id=self._account_id,
            state=_STATES.get(progress.what, Doing.SYNCING),
            what=progress.what,
            done=progress.done,
            total=progress.total,
            octets=progress.octets,
            total_octets=progress.total_octets,
            per_second=speed,
            seconds_left=left / speed if speed else None,
        )

    def _speed(self) -> float:
        (began, before), (now, octets) = self._seen[0], self._seen[-1]
        return max(0.0, (octets - before) / (now - began)) if now > began else 0.0
