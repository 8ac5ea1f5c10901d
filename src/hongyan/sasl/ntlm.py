"""NTLM ([MS-NLMP], [MS-POP3], [MS-SMTPNTLM]) by the optional package ``pyspnego``.

For old Exchange servers: its digests resist guessing no better than CRAM-MD5's, and the server
proves nothing, so it stands beside that on the ladder. No signing or sealing: TLS is the layer.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, ClassVar

from hongyan.errors import ProtocolError, Unsafe

if TYPE_CHECKING:
    from hongyan.sasl.types import Credentials, Service


class NTLM:
    r"""One NTLM exchange; the username may be ``DOMAIN\name``.

    Raises `InvalidArgument` without a username or a password, `Unsafe` without ``pyspnego``.
    """

    name: ClassVar = "NTLM"
    plaintext: ClassVar = False

    def __init__(self, credentials: Credentials, *, service: Service) -> None:
        username, password = credentials.by_password()
        library = _library()
        self._context = library.client(
            username,
            password,
            hostname=service.host,
            service=service.name,
            protocol="ntlm",
            options=library.NegotiateOptions.use_ntlm,  # its own code, not the system's
        )
        self.secrets: tuple[bytes, ...] = (password.encode(),)

    def start(self) -> bytes:
        """Return the first message, which says what this side can."""
        return bytes(self._context.step())

    def respond(self, challenge: bytes) -> bytes:
        """Return the digests that answer the server's challenge."""
        if self._context.complete:
            raise ProtocolError("the server goes on after NTLM is over")
        try:
            answer = bytes(self._context.step(challenge) or b"")
        except Exception:  # noqa: BLE001  # the library lets what its parser meets pass through
            raise ProtocolError("the server's NTLM challenge makes no sense") from None
        self.secrets += (answer,)
        return answer

    def finish(self) -> None:
        """Raise `ProtocolError` when the server did not even ask; NTLM proves no server."""
        if not self._context.complete:
            raise ProtocolError("the server reports success before NTLM is over")


def _library() -> Any:  # noqa: ANN401 - an optional package, which may be absent when types are checked
    try:
        return importlib.import_module("spnego")
    except ImportError:
        raise Unsafe("NTLM needs the Python package pyspnego, which is not installed") from None
