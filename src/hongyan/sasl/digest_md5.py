"""DIGEST-MD5 (RFC 2831, historic by RFC 6331), for authentication alone (qop ``auth``).

Kept for old servers that offer nothing better. The server proves itself by ``rspauth``;
`DigestMD5.finish` returns only after that has been checked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar, Final

from hongyan.errors import InvalidArgument, ProtocolError

if TYPE_CHECKING:
    from hongyan.sasl.types import Credentials, Service

_LONGEST: Final = 2048  # RFC 2831 §2.1.1
_DIRECTIVE: Final = re.compile(
    rb"[\s,]*([!#-'*+.0-9A-Z^_`a-z|~-]+)[ \t]*=[ \t]*"
    rb'(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))[ \t]*(?=,|\Z)',
    re.DOTALL,
)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)
_SPECIAL: Final = re.compile(rb'(["\\])')


class Step(Enum):
    """Where an exchange stands."""

    PROVE = auto()
    VERIFY = auto()
    VERIFIED = auto()


@dataclass(frozen=True, slots=True)
class _Challenge:
    """The server's offer; ``realm`` is None when it named none."""

    nonce: bytes
    realm: bytes | None
    utf8: bool


class DigestMD5:
    """One DIGEST-MD5 exchange with ``service``; ``nonce`` is for test vectors.

    Raises `InvalidArgument` without a username or a password.
    """

    name: ClassVar = "DIGEST-MD5"
    plaintext: ClassVar = False

    def __init__(
        self, credentials: Credentials, *, service: Service, nonce: str | None = None
    ) -> None:
        self._username, self._password = credentials.by_password()
        self._authzid = credentials.authzid.encode()
        self._uri = f"{service.name}/{service.host}".encode()
        self._nonce = (nonce or secrets.token_urlsafe(24)).encode()
        self._step = Step.PROVE
        self._proof_wanted = b""
        self.secrets: tuple[bytes, ...] = (self._password.encode(),)

    def start(self) -> None:
        """Return None: the server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """Return the digest for the server's challenge; check its proof and return nothing."""
        directives = _directives(challenge)
        if self._step is Step.PROVE:
            return self._prove(_challenge(directives))
        if self._step is Step.VERIFY:
            return self._verify(directives)
        raise ProtocolError("the server goes on after DIGEST-MD5 is over")

    def finish(self) -> None:
        """Raise `ProtocolError` unless the server has proven that it knows the password."""
        if self._step is not Step.VERIFIED:
            raise ProtocolError(
                "the server reports success without having proven itself by DIGEST-MD5"
            )

    def _prove(self, offer: _Challenge) -> bytes:
        key = self._key(offer)
        proof = self._digest(key, b"AUTHENTICATE:" + self._uri, offer)
        self._proof_wanted = self._digest(key, b":" + self._uri, offer)
        self._step = Step.VERIFY
        answer = b"rspauth=" + self._proof_wanted
        self.secrets += (proof, answer, b64encode(answer))
        return b",".join(self._response(offer, proof))

    def _key(self, offer: _Challenge) -> bytes:
        """Return H(A1), hexadecimal (RFC 2831 §2.1.2.1)."""
        realm = _text(offer.realm or b"", utf8=offer.utf8)
        texts = (self._username, realm, self._password)
        inner = _md5(b":".join(_latin1_or_utf8(text, utf8=offer.utf8) for text in texts))
        parts = [inner, offer.nonce, self._nonce]
        return _md5(b":".join([*parts, self._authzid] if self._authzid else parts)).hex().encode()

    def _digest(self, key: bytes, a2: bytes, offer: _Challenge) -> bytes:
        parts = (key, offer.nonce, b"00000001", self._nonce, b"auth", _md5(a2).hex().encode())
        return _md5(b":".join(parts)).hex().encode()

    def _response(self, offer: _Challenge, proof: bytes) -> list[bytes]:
        username = self._username.encode("utf-8" if offer.utf8 else "latin-1")
        response = [b"charset=utf-8"] if offer.utf8 else []
        response.append(b"username=" + _quoted(username))
        if offer.realm is not None:
            response.append(b"realm=" + _quoted(offer.realm))
        response += [b"nonce=" + _quoted(offer.nonce), b"nc=00000001"]
        response += [b"cnonce=" + _quoted(self._nonce), b"digest-uri=" + _quoted(self._uri)]
        response += [b"response=" + proof, b"qop=auth"]
        if self._authzid:
            response.append(b"authzid=" + _quoted(self._authzid))
        return response

    def _verify(self, directives: dict[bytes, list[bytes]]) -> bytes:
        proofs = directives.get(b"rspauth", [])
        if len(proofs) != 1 or not hmac.compare_digest(proofs[0].lower(), self._proof_wanted):
            raise ProtocolError("the server's rspauth is wrong: it does not know the password")
        self._step = Step.VERIFIED
        return b""


def _directives(challenge: bytes) -> dict[bytes, list[bytes]]:
    """Return the values of each directive, by its name in lower case (RFC 2831 §7.1)."""
    if len(challenge) > _LONGEST:
        raise ProtocolError(f"the server's DIGEST-MD5 message exceeds {_LONGEST} octets")
    found: dict[bytes, list[bytes]] = {}
    at, end = 0, len(challenge.rstrip(b" \t\r\n,"))
    while at < end:
        directive = _DIRECTIVE.match(challenge, at, end)
        if not directive:
            raise ProtocolError("the server's DIGEST-MD5 message cannot be read")
        at = directive.end()
        quoted, token = directive[2], directive[3]
        value = token if quoted is None else _ESCAPED.sub(rb"\1", quoted)
        found.setdefault(directive[1].lower(), []).append(value)
    return found


def _challenge(directives: dict[bytes, list[bytes]]) -> _Challenge:
    nonces = directives.get(b"nonce", [])
    if len(nonces) != 1 or not nonces[0]:
        raise ProtocolError("the server's DIGEST-MD5 challenge has not exactly one nonce")
    if [value.lower() for value in directives.get(b"algorithm", [])] != [b"md5-sess"]:
        raise ProtocolError("the server's DIGEST-MD5 challenge has not the algorithm md5-sess")
    offered = b",".join(directives.get(b"qop", [b"auth"])).lower().split(b",")
    if b"auth" not in (each.strip() for each in offered):
        raise ProtocolError("the server's DIGEST-MD5 challenge wants protection of each message")
    utf8 = [value.lower() for value in directives.get(b"charset", [])] == [b"utf-8"]
    realms = directives.get(b"realm", [])
    return _Challenge(nonces[0], realms[0] if realms else None, utf8)


def _text(octets: bytes, *, utf8: bool) -> str:
    try:
        return octets.decode("utf-8" if utf8 else "latin-1")
    except UnicodeDecodeError:
        raise ProtocolError("the server's DIGEST-MD5 realm is not UTF-8") from None


def _latin1_or_utf8(text: str, *, utf8: bool) -> bytes:
    """Return the octets that are hashed: ISO 8859-1 where it suffices (RFC 2831 §2.1.2.1)."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        encoded = text.encode() if utf8 else None
    if encoded is None:
        raise InvalidArgument("username or password", "needs UTF-8, which the server cannot read")
    return encoded


def _md5(octets: bytes) -> bytes:
    return hashlib.md5(octets, usedforsecurity=False).digest()


def _quoted(octets: bytes) -> bytes:
    return b'"' + _SPECIAL.sub(rb"\\\1", octets) + b'"'
