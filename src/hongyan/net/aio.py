"""The asyncio driver: runs the very same flows for programs that live in an event loop.

The octets and TLS are the `Channel` that the blocking driver uses too; only waiting differs. One
receive is always allowed to be under way, so it reads while it writes.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
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
from hongyan.net.blocking import HANDSHAKE_SECONDS, why
from hongyan.net.channel import Channel
from hongyan.net.endpoint import Security
from hongyan.reasons import Reason

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from hongyan.flow import Answer, Effect, Flow
    from hongyan.net.endpoint import Endpoint
    from hongyan.net.record import Recorder

T = TypeVar("T")
_BLOCK: Final = 262_144


class AsyncDriver:
    """One connection that runs one flow at a time, in an event loop."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        recorder: Recorder | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.channel = Channel(endpoint, recorder=recorder, context=context)
        self._socket: socket.socket | None = None
        self._receiving: asyncio.Task[bytes] | None = None
        self._wakes = asyncio.Event()
        self._cancelled = False
        self._progress: int | None = None
        self._deadline = 0.0
        self._last = float("inf")
        self._running: Running[Any] | None = None

    async def connect(self, *, within: float = 30.0) -> Self:
        """Open the connection; as `BlockingDriver.connect`."""
        endpoint = self.channel.endpoint
        deadline = self._now() + within
        try:
            self._socket = await self._dial(endpoint, deadline)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if endpoint.security is Security.IMPLICIT:
                await self._start_tls(deadline - self._now())
        except BaseException:
            await self.close()
            raise
        return self

    async def _dial(self, endpoint: Endpoint, deadline: float) -> socket.socket:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ConnectFailed(
                Reason.HOST_UNKNOWN.of(host=endpoint.host, said=why(error))
            ) from None
        reason = "it has no address"
        for index, (family, kind, proto, _, address) in enumerate(found):
            sock = socket.socket(family, kind, proto)
            sock.settimeout(0)
            share = (deadline - self._now()) / (len(found) - index)
            try:
                await asyncio.wait_for(loop.sock_connect(sock, address), share)
            except (OSError, TimeoutError) as error:
                sock.close()
                reason = why(error) or "no answer in time"
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise ConnectFailed(
            Reason.UNREACHABLE.of(host=endpoint.host, port=endpoint.port, said=reason)
        )

    async def close(self) -> None:
        """Close the connection at once; may be called twice."""
        self.channel.close()
        if self._receiving is not None:
            self._receiving.cancel()
            await asyncio.gather(self._receiving, return_exceptions=True)
            self._receiving = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def wake(self) -> None:
        """End a `Wait` now; call it in the event loop's thread."""
        self._wakes.set()

    def cancel(self) -> None:
        """Make the running flow end with `Cancelled`, and every later one too."""
        self._cancelled = True
        self.wake()

    async def run(self, flow: Flow[T], *, total: float | None = None) -> T:
        """Run ``flow`` and return its result; as `BlockingDriver.run`."""
        running = await self.start(flow, total=total)
        while await self.step(running):
            continue
        return running.result

    async def start(self, flow: Flow[T], *, total: float | None = None) -> Running[T]:
        """Begin ``flow``; as `BlockingDriver.start`."""
        if self._running is not None and self._running.effect is not None:
            await self.close()
        self._last = self._now() + total if total is not None else float("inf")
        self._progress = None
        async with self._closed_when_broken():
            self._running = running = Running(flow)
        return running

    async def step(self, running: Running[T]) -> bool:
        """Perform one effect of a flow; as `BlockingDriver.step`."""
        effect = running.effect
        if effect is None:
            return False
        async with self._closed_when_broken():
            try:
                answer = await self._perform(effect)
            except HongyanError as error:
                running.fail(error)
            else:
                running.answer(answer)
        return running.effect is not None

    @asynccontextmanager
    async def _closed_when_broken(self) -> AsyncIterator[None]:
        try:
            yield
        except (NetworkError, ProtocolError, Cancelled, asyncio.CancelledError):
            await self.close()
            raise

    async def _perform(self, effect: Effect) -> Answer:
        match effect:
            case Read():
                return await self._read(effect)
            case Write():
                self._progress = None
                await self._send(self.channel.sealed(effect), self._now() + effect.within)
            case Wait():
                return await self._wait(effect)
            case StartTLS():
                await self._start_tls(HANDSHAKE_SECONDS)
                return self.channel.certificate
            case Compress():
                self.channel.compress(effect.received)
        return None

    async def _read(self, effect: Read) -> bytes:
        if effect.progress != self._progress:
            self._progress = effect.progress
            self._deadline = self._now() + effect.within
        while (data := self.channel.take()) is None:
            await self._receive(self._deadline)
        return data

    async def _wait(self, effect: Wait) -> Wake:
        self._progress = None
        if self.channel.waiting:
            return Wake.DATA
        try:
            await self._until(self._reception(), self._now() + effect.seconds, wakes=True)
        except TimedOut:
            return Wake.TIMEOUT
        if self._reception().done():
            return Wake.DATA
        self._wakes.clear()
        return Wake.CALLED

    async def _start_tls(self, within: float) -> None:
        deadline = self._now() + within
        self.channel.start_tls()
        tunnel = self.channel.tunnel
        while tunnel is not None:
            try:
                done = tunnel.handshake()
            finally:
                await self._send(tunnel.outgoing(), deadline)  # an alert, too, goes out
            if done:
                break
            if not tunnel.unread and not await self._receive(deadline):
                raise TLSFailed(Reason.TLS_CLOSED.of())
        self.channel.tls_ready()

    # -- octets

    async def _send(self, data: bytes, deadline: float) -> None:
        if not data:
            return
        loop = asyncio.get_running_loop()
        sending = asyncio.ensure_future(loop.sock_sendall(self._connected(), data))
        try:
            while not sending.done():
                if self.channel.full:
                    await self._until(sending, deadline)
                else:
                    await self._until(sending, deadline, also=self._reception())
                    self._collect()
            sending.result()
        except OSError as error:
            await self._drain(deadline)
            raise ConnectionLost(Reason.BROKEN.of(said=why(error))) from None
        finally:
            sending.cancel()

    async def _drain(self, deadline: float) -> None:
        """Take the server's last words, which explain why it closed, off the line."""
        try:
            while await self._receive(min(deadline, self._now() + 1)):
                pass
        except NetworkError:
            self.channel.receive(b"")

    def _reception(self) -> asyncio.Task[bytes]:
        if self._receiving is None:
            loop = asyncio.get_running_loop()
            self._receiving = loop.create_task(self._recv(self._connected()))
        return self._receiving

    async def _recv(self, sock: socket.socket) -> bytes:
        return await asyncio.get_running_loop().sock_recv(sock, _BLOCK)

    async def _receive(self, deadline: float) -> bool:
        """Hand one block from the line to the channel; False at the end of the stream."""
        await self._until(self._reception(), deadline)
        return bool(self._collect())

    def _collect(self) -> bytes | None:
        """Hand a finished reception to the channel."""
        task = self._receiving
        if task is None or not task.done():
            return None
        self._receiving = None
        try:
            data = task.result()
        except OSError as error:
            raise ConnectionLost(Reason.BROKEN.of(said=why(error))) from None
        self.channel.receive(data)
        return data

    async def _until(
        self,
        task: asyncio.Future[bytes] | asyncio.Future[None],
        deadline: float,
        *,
        also: asyncio.Task[bytes] | None = None,
        wakes: bool = False,
    ) -> None:
        """Wait for ``task`` or ``also``, the deadline, a cancellation, or with ``wakes`` a call."""
        calling = asyncio.ensure_future(self._wakes.wait())
        tasks = {task, calling} if also is None else {task, also, calling}
        try:
            while not (task.done() or (also is not None and also.done())):
                if self._cancelled:
                    raise Cancelled(Reason.CANCELLED.of())
                left = min(deadline, self._last) - self._now()
                if left <= 0:
                    raise TimedOut(Reason.NO_ANSWER.of(host=self.channel.endpoint.host))
                if calling.done() and wakes:
                    return
                pending = {each for each in tasks if not each.done()}
                await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            calling.cancel()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionLost("not connected")
        return self._socket
