"""SCRAM with SHA-1, SHA-256 and SHA-512, and the -PLUS forms (RFC 5802, 7677; 5929, 9266).

Both sides prove that they know the password, or a key made from it, and neither shows it. The
invariant: `Scram.finish` returns only after the server's signature has been checked.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar, Final

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.guard import shown
from hongyan.sasl import gs2
from hongyan.sasl.prep import saslprep

if TYPE_CHECKING:
    from hongyan.sasl.types import ChannelBinding, Credentials

HASHES: Final = {"SCRAM-SHA-512": "sha512", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1"}
FEWEST_ITERATIONS: Final = 4096  # RFC 5802 §5.1, RFC 7677 §4: fewer make guessing cheap
MOST_ITERATIONS: Final = 600_000  # half a second; more would let a server hold us up
_NONCE_OCTETS: Final = 24
_SERVER_FIRST: Final = re.compile(
    rb"r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/=]+),i=([1-9][0-9]{0,9})(?:,.*)?", re.DOTALL
)
_SERVER_FINAL: Final = re.compile(rb"v=([A-Za-z0-9+/=]+)(?:,.*)?", re.DOTALL)


class Step(Enum):
    """Where an exchange stands."""

    PROVE = auto()
    VERIFY = auto()
    VERIFIED = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class _ServerFirst:
    """What the server says first: the joint ``nonce``, the ``salt``, the count of iterations."""

    nonce: bytes
    salt: bytes
    iterations: int


class Scram:
    """One SCRAM exchange by the mechanism ``name``.

    A ``binding`` binds a -PLUS form to its TLS connection; for a plain form it says that the
    server offers no -PLUS form though we could. ``nonce`` is for test vectors. Raises
    `InvalidArgument` for an unknown name, a -PLUS form without a binding, unusable credentials.
    """

    plaintext: ClassVar = False

    def __init__(
        self,
        name: str,
        credentials: Credentials,
        *,
        binding: ChannelBinding | None = None,
        nonce: str | None = None,
    ) -> None:
        base = name.removesuffix("-PLUS")
        bound = base != name
        if base not in HASHES:
            raise InvalidArgument("mechanism", "is no SCRAM that Hongyan knows")
        if bound and binding is None:
            raise InvalidArgument("binding", f"is missing, and {name} needs one")
        username, password = credentials.by_password()
        self.name = name
        self._hash = HASHES[base]
        self._password = saslprep("password", password).encode()
        self._nonce = nonce or secrets.token_urlsafe(_NONCE_OCTETS)
        self._header = gs2.header(credentials.authzid, binding, bound=bound).encode()
        self._bound = binding.data if binding and bound else b""
        name_sent = gs2.escaped(saslprep("username", username))
        self._first = f"n={name_sent},r={self._nonce}".encode()
        self._step = Step.PROVE
        self._signature = b""
        self.refusal = ""
        self.secrets: tuple[bytes, ...] = (password.encode(), self._password)

    def start(self) -> bytes:
        """Return the client's first message."""
        return self._header + self._first

    def respond(self, challenge: bytes) -> bytes:
        """Prove the password to the server's first message; check its last and return nothing."""
        if self._step is Step.PROVE:
            return self._prove(challenge)
        if self._step is Step.VERIFY:
            return self._verify(challenge)
        raise ProtocolError(f"the server goes on after {self.name} is over")

    def finish(self) -> None:
        """Raise `ProtocolError` unless the server has proven that it knows the password."""
        if self._step is not Step.VERIFIED:
            raise ProtocolError(
                f"the server reports success without having proven itself by {self.name}"
            )

    def _prove(self, challenge: bytes) -> bytes:
        server = self._server_first(challenge)
        binding = b64encode(self._header + self._bound)
        unproven = b"c=" + binding + b",r=" + server.nonce
        message = b",".join((self._first, challenge, unproven))
        proof, self._signature = self._keys(server, message)
        self._step = Step.VERIFY
        final = b"v=" + b64encode(self._signature)
        # The server's answer serves who guesses passwords just as well as ours.
        self.secrets += (b64encode(proof), final, b64encode(final))
        return unproven + b",p=" + b64encode(proof)

    def _server_first(self, challenge: bytes) -> _ServerFirst:
        found = _SERVER_FIRST.fullmatch(challenge)
        if not found:  # also where a mandatory extension stands first, RFC 5802 §5.1
            raise ProtocolError(f"the server's first {self.name} message cannot be read")
        nonce, iterations = found[1], int(found[3])
        ours = self._nonce.encode()
        if not nonce.startswith(ours) or nonce == ours:
            raise ProtocolError(f"the server's {self.name} nonce does not continue ours")
        if not FEWEST_ITERATIONS <= iterations <= MOST_ITERATIONS:
            raise ProtocolError(
                f"the server asks for {iterations} iterations of {self.name}; "
                f"{FEWEST_ITERATIONS} to {MOST_ITERATIONS} are accepted"
            )
        return _ServerFirst(nonce, _decoded(found[2]), iterations)

    def _keys(self, server: _ServerFirst, message: bytes) -> tuple[bytes, bytes]:
        """Return the client's proof and the server's signature over ``message`` (RFC 5802 §3)."""
        salted = hashlib.pbkdf2_hmac(self._hash, self._password, server.salt, server.iterations)
        client_key = hmac.digest(salted, b"Client Key", self._hash)
        stored_key = hashlib.new(self._hash, client_key).digest()
        mask = hmac.digest(stored_key, message, self._hash)
        proof = bytes(key ^ octet for key, octet in zip(client_key, mask, strict=True))
        server_key = hmac.digest(salted, b"Server Key", self._hash)
        return proof, hmac.digest(server_key, message, self._hash)

    def _verify(self, challenge: bytes) -> bytes:
        if challenge.startswith(b"e="):
            self._step = Step.REFUSED
            self.refusal = shown(challenge[2:].decode("utf-8", "replace"), limit=300)
            return b""
        found = _SERVER_FINAL.fullmatch(challenge)
        if not found or not hmac.compare_digest(_decoded(found[1]), self._signature):
            raise ProtocolError(
                f"the server's {self.name} signature is wrong: it does not know the password"
            )
        self._step = Step.VERIFIED
        return b""


def _decoded(encoded: bytes) -> bytes:
    try:
        return b64decode(encoded, validate=True)
    except binascii.Error:
        raise ProtocolError("the server's SCRAM message holds bad base64") from None
