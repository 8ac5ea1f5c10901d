"""One client of the demo host: lines and octets out of a socket, and the turn to TLS.

Its invariants: a command line ends in CRLF and in nothing else (RFC 5321 §2.3.8); nothing is kept
beyond the limit of a line; what was received before the TLS handshake is thrown away (RFC 3207
§4.2); `abort` may be called from any thread and makes a blocked read return at once.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Final

from hongyan.errors import ConnectionLost, ProtocolError, TimedOut

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from hongyan.dots import Unstuffer

CHUNK: Final = 65_536
HANDSHAKE_SECONDS: Final = 30.0


class Peer:
    """A connected client; the reading side raises `ConnectionLost` or `TimedOut` when it is gone.

    ``idle`` is the patience for one read or write, in seconds.
    """

    def __init__(self, sock: socket.socket, *, idle: float = 600.0) -> None:
        self._sock = sock
        self._idle = idle
        self._data = b""
        self._turning = threading.Lock()
        self._aborted = False
        self.secure = False
        sock.settimeout(idle)

    def line(self, limit: int) -> bytes:
        """Return the next line without its CRLF.

        Raises `ProtocolError`, with the line left behind, when it is longer than ``limit`` octets
        or has a CR or LF of its own; the next call gives the next line.
        """
        line = b""
        overlong = False
        while not line.endswith(b"\n"):
            if not self._data:
                self._data = self._receive()
            end = self._data.find(b"\n") + 1 or len(self._data)
            line += self._data[:end]
            self._data = self._data[end:]
            if len(line) > limit + 2:
                overlong, line = True, line[-1:]
        if overlong:
            raise ProtocolError(f"a line may have {limit} octets at most")
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise ProtocolError("a line ends in CR LF, and has neither elsewhere")
        return line[:-2]

    def content(self, unstuffer: Unstuffer) -> Iterator[bytes]:
        """Give dot-stuffed content in pieces, up to its final dot."""
        while True:
            piece, end = unstuffer.take(self._data, 0)
            self._data = self._data[end:]
            if piece:
                yield piece
            if unstuffer.finished:
                return
            self._data += self._receive()

    def octets(self, count: int) -> Iterator[bytes]:
        """Give exactly ``count`` octets in pieces."""
        while count:
            if not self._data:
                self._data = self._receive()
            piece = self._data[:count]
            self._data = self._data[count:]
            count -= len(piece)
            yield piece

    def send(self, data: bytes) -> None:
        """Send ``data`` whole."""
        try:
            self._sock.sendall(data)
        except TimeoutError as error:
            raise TimedOut("the client does not read") from error
        except OSError as error:
            raise ConnectionLost("the client is gone") from error

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Do the server's part of the handshake; plaintext received before it is discarded."""
        self._data = b""
        try:
            with self._turning:
                if self._aborted:
                    raise ConnectionLost("the host is closing")
                self._sock.settimeout(HANDSHAKE_SECONDS)
                secured = context.wrap_socket(
                    self._sock, server_side=True, do_handshake_on_connect=False
                )
                self._sock = secured
            secured.do_handshake()
            secured.settimeout(self._idle)
        except OSError as error:
            raise ConnectionLost("no TLS with this client") from error
        self.secure = True

    def abort(self) -> None:
        """Break the connection from another thread; the owner's next read or write fails."""
        with self._turning, contextlib.suppress(OSError):
            self._aborted = True
            # SSLSocket.shutdown would also forget its TLS state, under the feet of the owner.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Say goodbye, also to TLS (close_notify, RFC 8446 §6.1), and free the socket."""
        with self._turning, contextlib.suppress(OSError, ValueError):
            self._sock.settimeout(0)
            if self.secure:
                self._sock.unwrap()  # type: ignore[attr-defined]  # an SSLSocket since start_tls
        self._sock.close()

    def _receive(self) -> bytes:
        try:
            data = self._sock.recv(CHUNK)
        except TimeoutError as error:
            raise TimedOut("nothing said for too long") from error
        except OSError as error:
            raise ConnectionLost("the client is gone") from error
        if not data:
            raise ConnectionLost("the client closed the connection")
        return data
