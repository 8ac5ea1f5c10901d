"""EXTERNAL (RFC 4422, appendix A): the TLS client certificate says who logs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hongyan.errors import ProtocolError

if TYPE_CHECKING:
    from hongyan.sasl.types import Credentials


class External:
    """One EXTERNAL exchange; it names ``authzid``, or else the user, or nobody."""

    name: ClassVar = "EXTERNAL"
    plaintext: ClassVar = False
    secrets: ClassVar[tuple[bytes, ...]] = ()

    def __init__(self, credentials: Credentials) -> None:
        self._identity = (credentials.authzid or credentials.username).encode()

    def start(self) -> bytes:
        """Return the identity to act as; empty for the one in the certificate."""
        return self._identity

    def respond(self, challenge: bytes) -> bytes:  # noqa: ARG002 - EXTERNAL answers none
        """Raise `ProtocolError`: EXTERNAL has no challenge."""
        raise ProtocolError("the server answers EXTERNAL with a challenge")

    def finish(self) -> None:
        """Do nothing: TLS has proven the server."""
