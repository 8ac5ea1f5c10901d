"""A listening socket on loopback: one thread that accepts, one for each client.

Its invariant: after `close` no thread and no socket of it is left, whatever the clients do.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Final

from hongyan.demo.peer import Peer
from hongyan.errors import NetworkError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

LOOPBACK: Final = "127.0.0.1"
CLIENTS_AT_ONCE: Final = 64
JOIN_SECONDS: Final = 5.0


class Listener:
    """Serves each client with ``serve``; with ``tls`` given, from the first octet under TLS."""

    def __init__(
        self, name: str, serve: Callable[[Peer], None], *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._serve = serve
        self._tls = tls
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._clients: dict[Peer, threading.Thread] = {}
        self._socket = socket.create_server((LOOPBACK, 0))
        self.port: int = self._socket.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name=f"{name}-accept", daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """Stop, break what is still connected, and wait for the threads; harmless when repeated."""
        if self._closing.is_set():
            return
        self._closing.set()
        with contextlib.suppress(OSError):  # closing a socket does not wake its accept everywhere
            socket.create_connection((LOOPBACK, self.port), timeout=1).close()
        self._acceptor.join(JOIN_SECONDS)
        self._socket.close()
        with self._lock:
            clients = dict(self._clients)
        for peer in clients:
            peer.abort()
        for thread in clients.values():
            thread.join(JOIN_SECONDS)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _ = self._socket.accept()
            except OSError:  # such as no descriptor left: wait for better times, do not spin
                self._closing.wait(0.1)
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._closing.is_set() or len(self._clients) >= CLIENTS_AT_ONCE:
                sock.close()
            else:
                self._welcome(Peer(sock))

    def _welcome(self, peer: Peer) -> None:
        thread = threading.Thread(target=self._attend, args=(peer,), daemon=True)
        with self._lock:
            self._clients[peer] = thread
        thread.start()

    def _attend(self, peer: Peer) -> None:
        try:
            if self._tls:
                peer.start_tls(self._tls)
            self._serve(peer)
        except NetworkError:
            pass  # the client went away: its right, and nothing to tell anybody
        finally:
            peer.close()
            with self._lock:
                del self._clients[peer]
