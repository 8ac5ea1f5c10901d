"""PLAIN (RFC 4616): both names and the password in one message, in UTF-8.

The names and the password go as they were typed: preparing them is the server's part (§2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hongyan.errors import ProtocolError

if TYPE_CHECKING:
    from hongyan.sasl.types import Credentials


class Plain:
    """One PLAIN exchange. Raises `InvalidArgument` without a username or a password."""

    name: ClassVar = "PLAIN"
    plaintext: ClassVar = True

    def __init__(self, credentials: Credentials) -> None:
        username, password = credentials.by_password()
        self._message = f"{credentials.authzid}\0{username}\0{password}".encode()
        self.secrets = (password.encode(), self._message)

    def start(self) -> bytes:
        """Return the one message."""
        return self._message

    def respond(self, challenge: bytes) -> bytes:  # noqa: ARG002 - PLAIN answers no challenge
        """Raise `ProtocolError`: PLAIN has no challenge."""
        raise ProtocolError("the server answers PLAIN with a challenge")

    def finish(self) -> None:
        """Do nothing: PLAIN leaves it to TLS to prove the server."""
