"""The blocking driver: runs flows over a socket, in the thread that calls.

It reads while it writes, so two peers that both have much to say cannot block each other. Deadlines
are on the clock, not on octets: a peer that trickles wins no time. `wake` and `cancel` may be
called from any thread.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from hongyan.errors import (
    Cancelled,
    ConnectFailed,
    ConnectionLost,
    HongyanError,
    NetworkError,
    ProtocolError,
    TimedOut,
    TLSFailed,
)
from hongyan.flow import Compress, Read, Running, StartTLS, Wait, Wake, Write
from hongyan.net.channel import Channel
from hongyan.net.endpoint import Security
from hongyan.net.resolve import resolve
from hongyan.reasons import Reason

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from hongyan.flow import Answer, Effect, Flow
    from hongyan.net.endpoint import Endpoint
    from hongyan.net.record import Recorder
    from hongyan.net.resolve import Resolve

T = TypeVar("T")
_BLOCK: Final = 262_144
_READ: Final = selectors.EVENT_READ
_WRITE: Final = selectors.EVENT_WRITE
HANDSHAKE_SECONDS: Final = 60.0


class BlockingDriver:
    """One connection that runs one flow at a time."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        recorder: Recorder | None = None,
        context: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        self.channel = Channel(endpoint, recorder=recorder, context=context)
        self._resolve = resolve
        self._socket: socket.socket | None = None
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        self._woken.settimeout(0)
        self._waker.settimeout(0)
        self._selector.register(self._woken, _READ)
        self._cancelled = False
        self._called = False
        self._progress: int | None = None
        self._deadline = 0.0
        self._last = float("inf")
        self._running: Running[Any] | None = None

    # -- opening and closing

    def connect(self, *, within: float = 30.0) -> Self:
        """Open the connection, with TLS where the endpoint has it from the start.

        Raises `ConnectFailed`, `TimedOut`, `TLSFailed` or `Cancelled`.
        """
        endpoint = self.channel.endpoint
        deadline = time.monotonic() + within
        try:
            self._socket = self._dial(endpoint, deadline)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if endpoint.security is Security.IMPLICIT:
                self._start_tls(deadline - time.monotonic())
        except HongyanError:
            self.close()
            raise
        return self

    def _dial(self, endpoint: Endpoint, deadline: float) -> socket.socket:
        try:
            found = self._resolve(endpoint.host, endpoint.port)
        except (OSError, UnicodeError) as error:
            raise ConnectFailed(
                Reason.HOST_UNKNOWN.of(host=endpoint.host, said=why(error))
            ) from None
        reason = "it has no address"
        for index, (family, kind, proto, _, address) in enumerate(found):
            share = (deadline - time.monotonic()) / (len(found) - index)
            sock = socket.socket(family, kind, proto)
            try:
                self._try(sock, address, time.monotonic() + share)
            except (OSError, TimedOut) as error:
                sock.close()
                reason = why(error)
            except Cancelled:
                sock.close()
                raise
            else:
                return sock
        raise ConnectFailed(
            Reason.UNREACHABLE.of(host=endpoint.host, port=endpoint.port, said=reason)
        )

    def _try(self, sock: socket.socket, address: tuple[Any, ...], deadline: float) -> None:
        sock.settimeout(0)
        self._selector.register(sock, _WRITE)
        try:
            sock.connect(address)
        except BlockingIOError:
            self._select(sock, _WRITE, deadline)
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, os.strerror(error)) from None
        finally:
            self._selector.unregister(sock)
        self._selector.register(sock, _READ)

    def close(self) -> None:
        """Close the connection at once; may be called twice."""
        self.channel.close()
        self._selector.close()
        self._waker.close()
        self._woken.close()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- from other threads

    def wake(self) -> None:
        """End a `Wait` now."""
        with suppress(OSError):  # it is awake already, or closed
            self._waker.send(b"w")

    def cancel(self) -> None:
        """Make the running flow end with `Cancelled`, and every later one too."""
        self._cancelled = True
        self.wake()

    # -- running

    def run(self, flow: Flow[T], *, total: float | None = None) -> T:
        """Run ``flow`` and return its result; ``total`` bounds the whole of it in seconds.

        When the line or the protocol broke, the connection is closed.
        """
        running = self.start(flow, total=total)
        while self.step(running):
            continue
        return running.result

    def start(self, flow: Flow[T], *, total: float | None = None) -> Running[T]:
        """Begin ``flow`` without performing an effect, for callers that `step` it themselves.

        A flow that was left before its end ends the connection: what were said now could be taken
        for a part of it, and its answers for ours.
        """
        if self._running is not None and self._running.effect is not None:
            self.close()
        self._last = time.monotonic() + total if total is not None else float("inf")
        self._progress = None
        with self._closed_when_broken():
            self._running = running = Running(flow)
        return running

    def step(self, running: Running[T]) -> bool:
        """Perform one effect of a flow; False once it has ended and has its result."""
        effect = running.effect
        if effect is None:
            return False
        with self._closed_when_broken():
            try:
                answer = self._perform(effect)
            except HongyanError as error:
                running.fail(error)
            else:
                running.answer(answer)
        return running.effect is not None

    @contextmanager
    def _closed_when_broken(self) -> Iterator[None]:
        try:
            yield
        except (NetworkError, ProtocolError, Cancelled):
            self.close()
            raise

    def _perform(self, effect: Effect) -> Answer:
        match effect:
            case Read():
                return self._read(effect)
            case Write():
                self._write(effect)
            case Wait():
                return self._wait(effect)
            case StartTLS():
                self._start_tls(HANDSHAKE_SECONDS)
                return self.channel.certificate
            case Compress():
                self.channel.compress(effect.received)
        return None

    def _read(self, effect: Read) -> bytes:
        if effect.progress != self._progress:
            self._progress = effect.progress
            self._deadline = time.monotonic() + effect.within
        while (data := self.channel.take()) is None:
            self._receive(self._deadline)
        return data

    def _write(self, effect: Write) -> None:
        self._progress = None
        self._send(self.channel.sealed(effect), time.monotonic() + effect.within)

    def _wait(self, effect: Wait) -> Wake:
        self._progress = None
        if self.channel.waiting:
            return Wake.DATA
        sock = self._connected()
        try:
            ready = self._select(sock, _READ, time.monotonic() + effect.seconds, wakes=True)
        except TimedOut:
            return Wake.TIMEOUT
        if ready & _READ:
            return Wake.DATA
        self._called = False
        return Wake.CALLED

    def _start_tls(self, within: float) -> None:
        deadline = time.monotonic() + within
        self.channel.start_tls()
        tunnel = self.channel.tunnel
        while tunnel is not None:
            try:
                done = tunnel.handshake()
            finally:
                self._send(tunnel.outgoing(), deadline)  # an alert, too, goes out
            if done:
                break
            if not tunnel.unread and not self._receive(deadline):
                raise TLSFailed(Reason.TLS_CLOSED.of())
        self.channel.tls_ready()

    # -- octets

    def _send(self, data: bytes, deadline: float) -> None:
        sock = self._connected()
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[sock.send(view) :]
                except BlockingIOError:
                    events = _WRITE if self.channel.full else _WRITE | _READ
                    if self._select(sock, events, deadline) & _READ:
                        self._receive(deadline)
        except OSError as error:
            self._drain()
            raise ConnectionLost(Reason.BROKEN.of(said=why(error))) from None

    def _drain(self) -> None:
        """Take the server's last words, which explain why it closed, off the line."""
        sock = self._connected()
        with suppress(OSError):
            while data := sock.recv(_BLOCK):
                self.channel.receive(data)
        self.channel.receive(b"")

    def _receive(self, deadline: float) -> bool:
        """Hand one block from the line to the channel; False at the end of the stream."""
        sock = self._connected()
        while True:
            try:
                data = sock.recv(_BLOCK)
            except BlockingIOError:
                self._select(sock, _READ, deadline)
            except OSError as error:
                raise ConnectionLost(Reason.BROKEN.of(said=why(error))) from None
            else:
                self.channel.receive(data)
                return bool(data)

    def _select(
        self, sock: socket.socket, events: int, deadline: float, *, wakes: bool = False
    ) -> int:
        """Wait until ``sock`` is ready; return its events, or 0 when woken and ``wakes`` is set."""
        self._selector.modify(sock, events)
        while True:
            left = min(deadline, self._last) - time.monotonic()
            if self._cancelled:
                raise Cancelled(Reason.CANCELLED.of())
            if wakes and self._called:
                return 0
            if left <= 0:
                raise TimedOut(Reason.NO_ANSWER.of(host=self.channel.endpoint.host))
            ready = {key.fileobj: mask for key, mask in self._selector.select(left)}
            if self._woken in ready:
                self._called = bool(self._woken.recv(4096))
            if sock in ready and not self._cancelled:
                return ready[sock]

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionLost("not connected")
        return self._socket


def why(error: BaseException) -> str:
    """Return the system's words for an error, without number or address."""
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and number and not isinstance(error, socket.gaierror):
        return os.strerror(number)
    return getattr(error, "strerror", None) or str(error)
