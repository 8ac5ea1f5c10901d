"""A TCP relay on loopback that puts distance between a client and a server, or cuts the line.

It adds a one-way delay to each direction, and passes on only so many octets a second where it has a
pace; else what is under way is bounded only by what the receiver takes. It counts octets and turns,
and can cut one connection exactly after the k-th octet of a direction, by FIN or by RST. One
thread serves all connections.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import socket
import struct
import termios
import threading
import time
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Self

CHUNK = 1 << 18
PACED = 1 << 12


class Way(Enum):
    """A direction through the relay."""

    UP = "from the client to the server"
    DOWN = "from the server to the client"


class How(Enum):
    """How a connection is cut."""

    FIN = "both sides see the end of the stream"
    RST = "both sides see a reset"


@dataclass(frozen=True, slots=True)
class Cut:
    """Cut a connection once ``after`` octets have gone ``way``; not one more is passed on."""

    way: Way
    after: int
    how: How = How.FIN


def stride(usual: int) -> int:
    """At every how many octets a session is cut: each, where HONGYAN_EVERY_OCTET is set."""
    return 1 if os.environ.get("HONGYAN_EVERY_OCTET") else usual


@dataclass(slots=True)
class Counts:
    """What has passed: connections, octets each way, and how often the client had to wait.

    ``round_trips`` counts the answers that came after something the client had said, as seen at the
    relay; commands sent in one go count once.
    """

    connections: int = 0
    up: int = 0
    down: int = 0
    round_trips: int = 0


class Relay:
    """Relays ``127.0.0.1:port`` to ``127.0.0.1:target``; a context manager."""

    def __init__(self, target: int, *, delay: float = 0.0, pace: float | None = None) -> None:
        """Start with ``delay`` seconds added in each direction.

        ``pace`` is in octets a second, of each direction of each connection.
        """
        self.target = target
        self.delay = delay
        self.pace = pace
        self.counts = Counts()
        self._next_cut: Cut | None = None
        self._lines: set[_Line] = set()
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.setblocking(False)
        self._waker, self._wakee = socket.socketpair()
        self.port: int = self._listener.getsockname()[1]
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wakee, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cut_next(self, cut: Cut) -> None:
        """Cut the next connection so; the ones after it are whole again."""
        self._next_cut = cut

    def close(self) -> None:
        """Close every connection and the port."""
        self._waker.send(b"x")
        self._thread.join()
        self._waker.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select(self._idle()):
                if key.fileobj is self._wakee:
                    self._end()
                    return
                if key.fileobj is self._listener:
                    self._accept()
                elif isinstance(key.data, _Line) and key.data in self._lines:
                    key.data.touch(key.fileobj)
            for line in list(self._lines):
                line.pump()

    def _idle(self) -> float | None:
        """Return the seconds until some octets are due, or None when none are under way."""
        due = [when for line in self._lines for when in line.due()]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            _reset(client)
            return
        self.counts.connections += 1
        cut, self._next_cut = self._next_cut, None
        line = _Line(self, client, server, cut)
        self._lines.add(line)
        line.pump()

    def _end(self) -> None:
        for line in list(self._lines):
            line.close()
        self._selector.close()
        self._listener.close()
        self._wakee.close()

    def watch(self, line: _Line, sock: socket.socket, events: int) -> None:
        """Have ``line`` touched on ``events`` of a socket, or on nothing."""
        known = sock in self._selector.get_map()
        if events and known:
            self._selector.modify(sock, events, line)
        elif events:
            self._selector.register(sock, events, line)
        elif known:
            self._selector.unregister(sock)

    def forget(self, line: _Line) -> None:
        """Drop a connection that is over."""
        self._lines.discard(line)


class _Lane:
    """One direction of a connection: octets under way, each with the time it is due."""

    def __init__(self, way: Way, source: socket.socket, sink: socket.socket) -> None:
        self.way = way
        self.source = source
        self.sink = sink
        self.under_way: deque[tuple[float, memoryview]] = deque()
        self.passed = 0
        self.ended = False  # the source has said its last
        self.closed = False  # and the sink has been told
        self.full = False  # the sink takes no more for now
        self.free = 0.0  # when all that is under way will have passed

    def take(self, delay: float, pace: float | None) -> int:
        """Read what the source has; returns the number of octets."""
        try:
            data = self.source.recv(PACED if pace else CHUNK)
        except BlockingIOError:
            return 0
        self.ended = not data
        due = time.monotonic() + delay
        if pace:
            due = self.free = max(due, self.free) + len(data) / pace
        self.under_way.append((due, memoryview(data)))
        return len(data)

    def give(self, limit: int | None) -> None:
        """Pass on what is due, up to ``limit`` octets in all; an empty chunk is the end."""
        self.full = False
        while self.under_way and self.under_way[0][0] <= time.monotonic() and self.passed != limit:
            due, data = self.under_way.popleft()
            if not data:
                self.sink.shutdown(socket.SHUT_WR)
                self.closed = True
                return
            allowed = data if limit is None else data[: limit - self.passed]
            sent = self._send(allowed)
            self.passed += sent
            if sent < len(data):
                self.under_way.appendleft((due, data[sent:]))
            if sent < len(allowed):
                self.full = True
                return

    def _send(self, data: memoryview) -> int:
        try:
            return self.sink.send(data)
        except BlockingIOError:
            return 0


class _Line:
    """One connection: two lanes and perhaps a cut."""

    def __init__(
        self, relay: Relay, client: socket.socket, server: socket.socket, cut: Cut | None
    ) -> None:
        self._relay = relay
        self._sockets = (client, server)
        self._lanes = (_Lane(Way.UP, client, server), _Lane(Way.DOWN, server, client))
        self._cut = cut
        self._client_spoke = False
        self._drained: set[socket.socket] | None = None
        for sock in self._sockets:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def due(self) -> list[float]:
        """Return when the next octets are due, of each lane that waits for nothing else."""
        return [lane.under_way[0][0] for lane in self._lanes if lane.under_way and not lane.full]

    def touch(self, sock: object) -> None:
        """Read what ``sock`` has to say."""
        try:
            if self._drained is not None:
                self._drain(sock)
                return
            for lane in self._lanes:
                if lane.source is sock and not lane.ended and not lane.full:
                    self._count(lane.way, lane.take(self._relay.delay, self._relay.pace))
        except OSError:
            self._hang_up()

    def pump(self) -> None:
        """Pass on what is due, then cut, close or wait."""
        if self._drained is not None:
            return
        try:
            for lane in self._lanes:
                lane.give(self._cut.after if self._cut and self._cut.way is lane.way else None)
                if self._cut and self._cut.way is lane.way and lane.passed == self._cut.after:
                    self._do_cut(self._cut.how)
                    return
        except OSError:
            self._hang_up()
            return
        if all(lane.closed for lane in self._lanes):
            self.close()
            return
        for sock in self._sockets:
            self._relay.watch(self, sock, self._interest(sock))

    def close(self) -> None:
        """Close both sockets."""
        self._relay.forget(self)
        for sock in self._sockets:
            if sock.fileno() >= 0:
                self._relay.watch(self, sock, 0)
                sock.close()

    def _interest(self, sock: socket.socket) -> int:
        """Return what to wait for; a sink that takes no more also stops its source."""
        events = 0
        for lane in self._lanes:
            if lane.source is sock and not lane.ended and not lane.full:
                events |= selectors.EVENT_READ
            if lane.sink is sock and lane.full:
                events |= selectors.EVENT_WRITE
        return events

    def _count(self, way: Way, octets: int) -> None:
        counts = self._relay.counts
        if way is Way.UP:
            counts.up += octets
            self._client_spoke = self._client_spoke or octets > 0
        elif octets:
            counts.down += octets
            counts.round_trips += self._client_spoke
            self._client_spoke = False

    def _do_cut(self, how: How) -> None:
        if how is How.RST:
            self._hang_up()
            return
        self._drained = set()
        for sock in self._sockets:
            sock.shutdown(socket.SHUT_WR)
            self._relay.watch(self, sock, selectors.EVENT_READ)

    def _drain(self, sock: object) -> None:
        """Throw away what still comes after a FIN, for a close with unread octets would reset."""
        if self._drained is None or not isinstance(sock, socket.socket) or sock.recv(CHUNK):
            return
        self._drained.add(sock)
        self._relay.watch(self, sock, 0)
        if len(self._drained) == len(self._sockets):
            self.close()

    def _hang_up(self) -> None:
        """Reset both sides, once the kernel has carried what was passed on."""
        self._relay.forget(self)
        for sock in self._sockets:
            self._relay.watch(self, sock, 0)
            _flush(sock)
            _reset(sock)


def _flush(sock: socket.socket, *, within: float = 1.0) -> None:
    """Wait until the peer's kernel has all that was sent: a reset drops the rest."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        unsent = struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0]
        if not unsent:
            return
        time.sleep(0.001)


def _reset(sock: socket.socket) -> None:
    """Close with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
