"""CRAM-MD5 (RFC 2195): a keyed digest of the server's challenge instead of the password.

Better than a password in clear, and no more: the server proves nothing, and who records the
exchange can try passwords at leisure.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, ClassVar

from hongyan.errors import ProtocolError

if TYPE_CHECKING:
    from hongyan.sasl.types import Credentials


class CramMD5:
    """One CRAM-MD5 exchange. Raises `InvalidArgument` without a username or a password."""

    name: ClassVar = "CRAM-MD5"
    plaintext: ClassVar = False

    def __init__(self, credentials: Credentials) -> None:
        self._username, self._password = (part.encode() for part in credentials.by_password())
        self._answered = False
        self.secrets: tuple[bytes, ...] = (self._password,)

    def start(self) -> None:
        """Return None: the server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """Return the user name and the digest of ``challenge``."""
        if self._answered or not challenge:
            raise ProtocolError("the server sent an empty or a second CRAM-MD5 challenge")
        self._answered = True
        digest = hmac.new(self._password, challenge, "md5").hexdigest().encode()
        self.secrets += (digest,)
        return self._username + b" " + digest

    def finish(self) -> None:
        """Do nothing: CRAM-MD5 leaves it to TLS to prove the server."""
