"""The wire records of the last connections, for people who want to look at them.

Bounded in connections, lines and octets. Of a large block only its beginning and its end are kept,
in whole lines, so that recording costs a fetch of many megabytes next to nothing. Secrets are
blotted out before a line gets here, see `hongyan.net.record`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.net.record import Direction, Line, Recorder

if TYPE_CHECKING:
    from datetime import datetime

CONNECTIONS: Final = 50
LINES: Final = 1_000
LONGEST: Final = 2_000  # octets kept of a line
_WHOLE: Final = 4_096  # octets of a block that are looked at line by line
_END: Final = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connection: its server, when it was opened and closed; lines and octets in all.

    ``round_trips`` are the answers that came after something was said.
    """

    id: str
    account_id: str
    url: str
    opened_at: datetime
    closed_at: datetime | None = None
    lines: int = 0
    octets_sent: int = 0
    octets_received: int = 0
    round_trips: int = 0

    @property
    def open(self) -> bool:
        """Whether it still is."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class Numbered:
    """A line of the connection ``of``, counted from 1."""

    of: str
    number: int
    line: Line


Take: TypeAlias = Callable[[Numbered], None]


class Ring:
    """The records; safe to use from many threads."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0
        self._connections: OrderedDict[str, Connection] = OrderedDict()
        self._lines: dict[str, deque[Numbered]] = {}
        self._speaking: set[str] = set()  # those that said something not yet answered
        self._subscribers: dict[object, Take] = {}

    def recorder(self, url: str, *, account_id: str = "") -> Recorder:
        """Return a recorder for a new connection to ``url``."""
        with self._lock:
            self._count += 1
            name = f"w{self._count}"
            self._connections[name] = Connection(
                id=name, account_id=account_id, url=url, opened_at=self._clock()
            )
            self._lines[name] = deque(maxlen=LINES)
            while len(self._connections) > CONNECTIONS:
                oldest, _ = self._connections.popitem(last=False)
                del self._lines[oldest]
        return _Abridging(
            lambda line: self._keep(name, line),
            count=lambda direction, octets: self._count_octets(name, direction, octets),
            closed=lambda: self._close(name),
        )

    def connections(self) -> tuple[Connection, ...]:
        """Return the last connections, the newest first."""
        with self._lock:
            return tuple(reversed(self._connections.values()))

    def connection(self, connection_id: str) -> Connection | None:
        """Return one of the connections, or None when it is unknown or forgotten."""
        with self._lock:
            return self._connections.get(connection_id)

    def lines(self, connection_id: str, *, after: int = 0) -> tuple[Numbered, ...]:
        """Return the lines kept of a connection behind number ``after``; none when unknown."""
        with self._lock:
            return tuple(each for each in self._lines.get(connection_id, ()) if each.number > after)

    def subscribe(self, take: Take) -> Callable[[], None]:
        """Hand every line from now on to ``take``, which neither blocks nor raises."""
        token = object()
        with self._lock:
            self._subscribers[token] = take

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers.pop(token, None)

        return unsubscribe

    def _keep(self, name: str, line: Line) -> None:
        with self._lock:
            connection = self._connections.get(name)
            if connection is None:  # so many came after it that it is forgotten
                return
            kept = Numbered(name, connection.lines + 1, replace(line, data=line.data[:LONGEST]))
            self._connections[name] = replace(connection, lines=kept.number)
            self._lines[name].append(kept)
            subscribers = tuple(self._subscribers.values())
        for take in subscribers:
            take(kept)

    def _count_octets(self, name: str, direction: Direction, octets: int) -> None:
        with self._lock:
            known = self._connections.get(name)
            if known is None:
                return
            if direction is Direction.CLIENT:
                self._speaking.add(name)
                counted = replace(known, octets_sent=known.octets_sent + octets)
            else:
                answered = name in self._speaking
                self._speaking.discard(name)
                counted = replace(
                    known,
                    octets_received=known.octets_received + octets,
                    round_trips=known.round_trips + answered,
                )
            self._connections[name] = counted

    def _close(self, name: str) -> None:
        with self._lock:
            self._speaking.discard(name)
            if name in self._connections:
                self._connections[name] = replace(self._connections[name], closed_at=self._clock())


class _Abridging(Recorder):
    """A recorder that looks at the two ends of a large block alone."""

    def __init__(
        self,
        sink: Callable[[Line], None],
        *,
        count: Callable[[Direction, int], None],
        closed: Callable[[], None],
    ) -> None:
        super().__init__(sink)
        self._count = count
        self._closed = closed

    def _say(self, direction: Direction, data: bytes) -> None:
        self._count(direction, len(data))
        if len(data) <= _WHOLE:
            super()._say(direction, data)
            return
        head = data[: data.rfind(b"\n", 0, _WHOLE - _END) + 1]
        start = data.find(b"\n", len(data) - _END) + 1 or len(data)
        super()._say(direction, head)
        self.note(f"{start - len(head)} octets more")
        super()._say(direction, data[start:])

    def close(self) -> None:
        """Emit what is left; the connection is over."""
        super().close()
        self._closed()
