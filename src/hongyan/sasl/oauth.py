"""OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's and Microsoft's form before it): access tokens.

A server that refuses the token says why in a challenge; the client owes it one empty answer before
the refusal itself comes. The reason is kept in ``refusal``, and a success after it is a lie.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, ClassVar, Final

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.guard import shown
from hongyan.sasl.gs2 import escaped

if TYPE_CHECKING:
    from hongyan.sasl.types import Credentials, Service

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")  # wider than RFC 6750 §2.1, as some tokens are
_EXPLAINED: Final = ("status", "error", "scope", "schemes")


class XOAuth2:
    """One XOAUTH2 exchange. Raises `InvalidArgument` without a username or a token."""

    name: ClassVar = "XOAUTH2"
    plaintext: ClassVar = True
    _dummy: ClassVar = b""

    def __init__(self, credentials: Credentials) -> None:
        token = _token(credentials)
        if not credentials.username:
            raise InvalidArgument("username", "is missing")
        self._hold(token, f"user={credentials.username}\1auth=Bearer {token}\1\1")

    def _hold(self, token: str, message: str) -> None:
        self._message = message.encode()
        self.secrets = (token.encode(), self._message)
        self.refusal = ""

    def start(self) -> bytes:
        """Return the one message."""
        return self._message

    def respond(self, challenge: bytes) -> bytes:
        """Keep the server's reason in ``refusal``, and return the answer that lets it refuse."""
        if self.refusal:
            raise ProtocolError(f"the server goes on after it refused {self.name}")
        self.refusal = _reason(challenge)
        return self._dummy

    def finish(self) -> None:
        """Raise `ProtocolError` if the server had refused the token before."""
        if self.refusal:
            raise ProtocolError(f"the server refused {self.name}, then accepted: {self.refusal}")


class OAuthBearer(XOAuth2):
    """One OAUTHBEARER exchange; the username may be empty.

    Raises `InvalidArgument` without a token.
    """

    name: ClassVar = "OAUTHBEARER"
    _dummy: ClassVar = b"\1"  # RFC 7628 §3.2.3

    def __init__(self, credentials: Credentials, *, service: Service | None = None) -> None:
        token = _token(credentials)
        identity = credentials.authzid or credentials.username
        pairs = [f"n,{f'a={escaped(identity)}' if identity else ''},"]
        if service:
            pairs.append(f"host={service.host}")
        if service and service.port is not None:
            pairs.append(f"port={service.port}")
        self._hold(token, "\1".join((*pairs, f"auth=Bearer {token}", "", "")))


def _token(credentials: Credentials) -> str:
    if not _TOKEN.fullmatch(credentials.token or ""):
        raise InvalidArgument("token", "is missing, or is not printable ASCII without spaces")
    return credentials.token or ""


def _reason(challenge: bytes) -> str:
    """Return what the server's JSON says (RFC 7628 §3.2.2), fit for a line on a screen."""
    try:
        told = json.loads(challenge)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        return "no reason given"
    words = (f"{key} {told[key]}" for key in _EXPLAINED if isinstance(told.get(key), str))
    return shown(", ".join(words), limit=300) or "no reason given"
