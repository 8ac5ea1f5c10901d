"""A server that plays a transcript over a real socket, for what real servers will not do."""

from __future__ import annotations

import socket
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Self, cast

from hongyan.net.record import BLOT, Direction
from hongyan.net.replay import Item, parse

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator


class ScriptedServer:
    """Plays one connection of ``transcript``, its own octets ``chunk`` at a time (0: all at once).

    With ``after_dot`` an ``* EOF`` waits for the end of whatever content the client sends.
    ``errors`` holds what the client did otherwise than written; look at it after `close`.
    """

    def __init__(
        self,
        transcript: str,
        *,
        chunk: int = 0,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        linger: float = 5.0,
        after_dot: bool = False,
    ) -> None:
        self._items = parse(transcript)
        self._chunk = chunk
        self._tls = tls
        self._implicit = implicit
        self._linger = linger
        self._after_dot = after_dot
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.errors: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone does not end an accept
        self._listener.close()
        self._thread.join(10)
        assert not self._thread.is_alive(), "the scripted server hangs"

    def _serve(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return
        with sock:
            sock.settimeout(10)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._play(sock)
            except (OSError, EOFError) as error:
                self.errors.append(repr(error))

    def _play(self, sock: socket.socket) -> None:
        if self._implicit:
            assert self._tls
            sock = self._tls.wrap_socket(sock, server_side=True)
        try:
            for item in _joined(self._items) if not self._chunk else self._items:
                if item.direction is Direction.CLIENT:
                    self._expect(sock, item)
                elif item.direction is Direction.SERVER:
                    self._say(sock, item.data)
                elif item.data == b"TLS":
                    assert self._tls
                    sock.getpeername()  # a client that is gone: wrapping would lose the socket
                    sock = self._tls.wrap_socket(sock, server_side=True)
                elif item.data == b"DEFLATE":
                    sock = cast("socket.socket", Deflating(sock))
                else:
                    while self._after_dot and _line(sock) != b".\r\n":
                        continue
                    return
            self._wait_for_end(sock)
        finally:
            sock.close()

    def _expect(self, sock: socket.socket, item: Item) -> None:
        if BLOT in item.data:
            while _octet(sock) != b"\n":
                pass
            return
        got = b""
        while len(got) < len(item.data) and item.data.startswith(got):
            got += _octet(sock)
        if got != item.data:
            raise EOFError(f"line {item.number}: expected {item.data!r}, got {got!r}")

    def _say(self, sock: socket.socket, data: bytes) -> None:
        size = self._chunk or len(data)
        for at in range(0, len(data), size):
            sock.sendall(data[at : at + size])
            if self._chunk:
                time.sleep(0)  # lets the client see the chunk alone

    def _wait_for_end(self, sock: socket.socket) -> None:
        """Keep the line open until the client closes it."""
        sock.settimeout(self._linger)
        try:
            rest = sock.recv(4096)
        except OSError:
            return
        if rest:
            self.errors.append(f"the transcript is over, but the client says {rest!r}")


class Deflating:
    """As much of a socket as is needed here, compressed in both directions (RFC 4978)."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._deflate = zlib.compressobj(wbits=-15)
        self._inflate = zlib.decompressobj(wbits=-15)
        self._plain = b""
        self.settimeout = sock.settimeout
        self.close = sock.close

    def sendall(self, data: bytes) -> None:
        self._sock.sendall(self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH))

    def recv(self, size: int) -> bytes:
        while not self._plain and (data := self._sock.recv(4096)):
            self._plain = self._inflate.decompress(data)
        taken, self._plain = self._plain[:size], self._plain[size:]
        return taken


def _joined(items: Iterable[Item]) -> Iterator[Item]:
    """What the server says in one breath goes out in one piece, as a real server's answer does.

    Line by line it would meet a client that has all it waited for and is gone: a reset.
    """
    for direction, run in groupby(items, attrgetter("direction")):
        if direction is not Direction.SERVER:
            yield from run
            continue
        lines = list(run)
        yield replace(lines[0], data=b"".join(line.data for line in lines))


def _line(sock: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += _octet(sock)
    return line


def _octet(sock: socket.socket) -> bytes:
    octet = sock.recv(1)
    if not octet:
        raise EOFError("the client closed")
    return octet
