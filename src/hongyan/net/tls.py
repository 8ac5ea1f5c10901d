"""TLS as a value that moves octets: ciphertext in, plaintext out, no socket in sight.

Both drivers put the same `Tunnel` between themselves and the flow. TLS 1.2 is the floor (RFC 8997);
the system's authorities and the host name decide, or exactly one pinned certificate does.
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hongyan.errors import TLSFailed
from hongyan.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hongyan.net.endpoint import Endpoint

_PLAIN_BLOCK: Final = 262_144
_DER: Final = 2  # `_ssl.ENCODING_DER`

Context: TypeAlias = ssl.SSLContext


def client_context(*, pinned: bool = False) -> ssl.SSLContext:
    """Return a context with the system's trust, or one that leaves the verdict to a pin."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if pinned:  # `Tunnel` compares the one certificate instead, before an octet is sent
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True, slots=True)
class Session:
    """What was agreed on: ``version`` and ``cipher`` by their names, ``certificate`` as DER.

    ``issuers`` are the other certificates that the server sent; empty where Python does not tell.
    """

    version: str
    cipher: str
    certificate: bytes
    issuers: tuple[bytes, ...] = ()


class Tunnel:
    """One TLS connection over memory; raises `TLSFailed` and nothing else."""

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext | None = None) -> None:
        self._pin = endpoint.pin
        self._host = endpoint.host
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        context = context or client_context(pinned=endpoint.pin is not None)
        try:
            self._tls = context.wrap_bio(
                self._incoming, self._outgoing, server_hostname=endpoint.host
            )
        except ValueError as error:
            raise TLSFailed(f"{endpoint.host!r} is not a host name for TLS: {error}") from None
        self.session: Session | None = None

    def handshake(self) -> bool:
        """Go on with the handshake; True once it is done."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLCertVerificationError as error:
            raise TLSFailed(
                Reason.CERTIFICATE_UNTRUSTED.of(host=self._host, said=_why(error))
            ) from None
        except ssl.SSLError as error:
            raise TLSFailed(Reason.TLS_FAILED.of(host=self._host, said=_why(error))) from None
        self._settle()
        return True

    def _settle(self) -> None:
        certificate = self._tls.getpeercert(binary_form=True) or b""
        if self._pin:
            found = hashlib.sha256(certificate).hexdigest()
            if not hmac.compare_digest(found, self._pin):
                raise TLSFailed(Reason.CERTIFICATE_OTHER.of(host=self._host, found=found))
        cipher = self._tls.cipher()
        self.session = Session(
            self._tls.version() or "",
            cipher[0] if cipher else "",
            certificate,
            _sent(self._tls)[1:],
        )

    def receive(self, ciphertext: bytes) -> None:
        """Take octets from the line; ``b""`` is its end."""
        if ciphertext:
            self._incoming.write(ciphertext)
        else:
            self._incoming.write_eof()

    @property
    def unread(self) -> bool:
        """Whether octets have come in that nothing has looked at yet."""
        return self._incoming.pending > 0

    def outgoing(self) -> bytes:
        """Return the octets that the line must carry now."""
        return self._outgoing.read()

    def encrypt(self, plaintext: bytes) -> bytes:
        """Return the ciphertext of ``plaintext``."""
        try:
            for at in range(0, len(plaintext), _PLAIN_BLOCK):
                self._tls.write(plaintext[at : at + _PLAIN_BLOCK])
        except ssl.SSLError as error:
            raise TLSFailed(Reason.TLS_BROKEN.of(host=self._host, said=_why(error))) from None
        return self._outgoing.read()

    def decrypt(self) -> bytes | None:
        """Return plaintext, None when there is none yet, or ``b""`` at the end of the stream."""
        blocks: list[bytes] = []
        try:
            while True:
                block = self._tls.read(_PLAIN_BLOCK)
                if not block:
                    break
                blocks.append(block)
        except ssl.SSLWantReadError:
            return b"".join(blocks) or None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            pass
        except ssl.SSLError as error:
            raise TLSFailed(Reason.TLS_BROKEN.of(host=self._host, said=_why(error))) from None
        return b"".join(blocks)


def _sent(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates that the server sent, its own first, as DER; nothing if untold.

    Python tells since 3.13; before that its inner object does.
    """
    inner = tls if hasattr(tls, "get_unverified_chain") else getattr(tls, "_sslobj", None)
    tell: Callable[[], Sequence[Any]] | None = getattr(inner, "get_unverified_chain", None)
    sent = (tell() or ()) if tell else ()
    return tuple(each if isinstance(each, bytes) else each.public_bytes(_DER) for each in sent)


def _why(error: ssl.SSLError) -> str:
    """Return OpenSSL's reason in words, without file and line of its source."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or str(error)).replace("_", " ").lower()
