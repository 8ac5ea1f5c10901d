"""From the store's commits to the streams of events: one thread looks, every listener is told.

A commit of this process wakes the thread at once; what other processes change it finds by looking
at the counters, twice a second, and only while somebody listens.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hongyan.errors import HongyanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.store import Store

    Json = dict[str, Any]

LOOK_SECONDS: Final = 0.5
Counters: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class Happening:
    """An event for a stream: its name, its data, and the place from which to go on after it."""

    name: str
    data: Any
    place: str = ""


@dataclass(eq=False, slots=True)
class Listener:
    """Somebody who wants events: ``tell`` is called with each, from the hub's thread.

    ``session`` is the browser session that lets it in; None where none does.
    """

    tell: Callable[[Happening], None]
    types: frozenset[str] | None
    extras: frozenset[str] = frozenset()
    session: str | None = None
    seen: Counters = field(default_factory=dict)


class Hub:
    """The listeners, and the thread that tells them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)

    def open(self) -> None:
        """Begin to look."""
        self._store.on_commit(self._wake.set)
        self._thread.start()

    def close(self) -> None:
        """End it, and tell every listener so by an event without a name."""
        self._ended.set()
        self._wake.set()
        self._thread.join(5)
        self.tell(self._all(), Happening("", None))

    def add(self, listener: Listener, place: str) -> None:
        """Tell a listener from now on, or from the place where it was before."""
        listener.seen = {**self.counters(), **read_place(place)}
        with self._lock:
            self._listeners.add(listener)
        self._wake.set()

    def remove(self, listener: Listener) -> None:
        """Tell it no more."""
        with self._lock:
            self._listeners.discard(listener)

    def end(self, session: str) -> None:
        """Tell the listeners of a browser session that it is over: an event without a name."""
        its = [each for each in self._all() if each.session == session]
        self.tell(its, Happening("", None))

    def publish(self, name: str, data: Any) -> None:  # noqa: ANN401  # JSON
        """Tell those who asked for events of that name."""
        wanted = [each for each in self._all() if name in each.extras]
        self.tell(wanted, Happening(name, data))

    def wants(self, name: str) -> bool:
        """Whether anybody asked for events of that name."""
        return any(name in each.extras for each in self._all())

    @staticmethod
    def tell(listeners: Iterable[Listener], happening: Happening) -> None:
        """Tell some."""
        for each in listeners:
            each.tell(happening)

    def counters(self) -> Counters:
        """Return the change counter of each account."""
        changes = self._store.changes
        return {each.id: changes.state(each.id) for each in self._store.accounts.list()}

    def _all(self) -> list[Listener]:
        with self._lock:
            return list(self._listeners)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wake.wait(LOOK_SECONDS if self._all() else None)
            self._wake.clear()
            try:
                self._look()
            except HongyanError:
                continue  # a store that is busy or being mended: the next look finds the rest

    def _look(self) -> None:
        listeners = self._all()
        if not listeners:
            return
        counters = self.counters()
        for listener in listeners:
            changed = self._changed(listener, counters)
            listener.seen = counters
            if changed:
                state = {"@type": "StateChange", "changed": changed}
                listener.tell(Happening("state", state, place(counters)))

    def _changed(self, listener: Listener, counters: Counters) -> Json:
        """Return the new states of what a listener wants, by account and type."""
        found: Json = {}
        for account, counter in counters.items():
            before = listener.seen.get(account, "0")
            if before == counter:
                continue
            kinds = self._store.changes.kinds_since(account, before)
            states = {
                kind.value: state
                for kind, state in kinds.items()
                if listener.types is None or kind.value in listener.types
            }
            if states:
                found[account] = states
        return found


def place(counters: Counters) -> str:
    """Return the id of an event, from which a listener can go on (``Last-Event-ID``)."""
    return " ".join(f"{account}.{counter}" for account, counter in counters.items())


def read_place(text: str) -> Counters:
    """Return the counters of such an id; what is none is left out."""
    pairs = (each.partition(".") for each in text[:10_000].split())
    return {
        account: counter
        for account, _, counter in pairs
        if counter.isascii() and counter.isdecimal() and len(counter) < 19
    }
