"""What both drivers share: a connection's octets between the line and the flow, without a socket.

Plaintext or TLS, compressed within or not, recorded or not. Its invariant: plaintext that arrived
before TLS is never given to a flow after it (RFC 3207 §4.2, RFC 2595 §4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.errors import ProtocolError, TLSFailed
from hongyan.net.deflate import Deflation
from hongyan.net.tls import Tunnel

if TYPE_CHECKING:
    import ssl

    from hongyan.flow import Write
    from hongyan.net.endpoint import Endpoint
    from hongyan.net.record import Recorder

INBOX_LIMIT: Final = 64 * 1024 * 1024


class Channel:
    """The state of one connection; the driver moves its octets."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        recorder: Recorder | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._recorder = recorder
        self._context = context
        self._inbox: list[bytes] = []
        self._held = 0
        self._ended = False
        self._deflation: Deflation | None = None
        self.tunnel: Tunnel | None = None

    @property
    def full(self) -> bool:
        """Whether so much waits for the flow that nothing more should be taken from the line."""
        compressed = self._deflation.held if self._deflation else 0
        return self._held + compressed >= INBOX_LIMIT

    def start_tls(self) -> None:
        """Begin TLS. Raises `ProtocolError` when plaintext was injected after the reply."""
        if self._inbox:
            raise ProtocolError("the server sent data between its reply and the TLS handshake")
        self.tunnel = Tunnel(self.endpoint, self._context)

    def tls_ready(self) -> None:
        """Go on in TLS: note what was agreed on, and read what came with the handshake's end."""
        tunnel = self.tunnel
        if tunnel is None or tunnel.session is None:
            raise TLSFailed("the TLS handshake is not done")
        if self._recorder:
            self._recorder.note(f"TLS {tunnel.session.version} {tunnel.session.cipher}")
        plaintext = tunnel.decrypt()
        if plaintext is not None:
            self._keep(plaintext)

    def compress(self, received: bytes) -> None:
        """Compress from here on; ``received`` and all that waits came after the agreement."""
        if self._deflation is not None:
            raise ProtocolError("the connection is compressed already")
        waiting = received + b"".join(self._inbox)
        self._inbox.clear()
        self._held = 0
        self._deflation = Deflation()
        if self._recorder:
            self._recorder.note("DEFLATE")
        if waiting:
            self._keep(waiting)

    @property
    def certificate(self) -> bytes:
        """The server's certificate in DER; ``b""`` without TLS."""
        session = self.tunnel.session if self.tunnel else None
        return session.certificate if session else b""

    def sealed(self, effect: Write) -> bytes:
        """Return the octets of ``effect`` as the line carries them."""
        if self._recorder:
            self._recorder.sent(effect.data, effect.secrets)
        data = self._deflation.compress(effect.data) if self._deflation else effect.data
        return self.tunnel.encrypt(data) if self.tunnel else data

    def receive(self, data: bytes) -> None:
        """Take what the line brought; ``b""`` is its end."""
        if self.tunnel is None:
            self._keep(data)
            return
        self.tunnel.receive(data)
        if self.tunnel.session is not None:
            plaintext = self.tunnel.decrypt()
            if plaintext is not None:
                self._keep(plaintext)
            if not data:
                self._ended = True

    def take(self) -> bytes | None:
        """Return what a read may have: octets, None when there are none yet, ``b""`` at the end."""
        if self._inbox:
            data = self._inbox[0] if len(self._inbox) == 1 else b"".join(self._inbox)
            self._inbox.clear()
            self._held = 0
            self._inflate()
            return data
        return b"" if self._ended else None

    @property
    def waiting(self) -> bool:
        """Whether a read would be answered at once."""
        return bool(self._inbox) or self._ended

    def close(self) -> None:
        """Finish the record."""
        if self._recorder:
            self._recorder.close()

    def _keep(self, plaintext: bytes) -> None:
        if not plaintext:
            self._ended = True
        elif self._deflation is None:
            self._hold(plaintext)
        else:
            self._deflation.feed(plaintext)
            self._inflate()

    def _inflate(self) -> None:
        """Have a block ready, where nothing is; what is compressed stays so until it is wanted."""
        while self._deflation and self._deflation.held and not self._inbox:
            plain = self._deflation.take()
            if not plain:
                return
            self._hold(plain)

    def _hold(self, data: bytes) -> None:
        if self._recorder:
            self._recorder.received(data)
        self._inbox.append(data)
        self._held += len(data)
