"""GSSAPI (RFC 4752), Kerberos by the optional package ``gssapi``; no security layer.

TLS protects the line, so the last step takes part in nothing but the authentication. Errors of the
library become `Unsafe` (ours: no ticket) or `ProtocolError` (the server's token is bad).
"""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, ClassVar, Final

from hongyan.errors import ProtocolError, Unsafe
from hongyan.guard import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.errors import HongyanError
    from hongyan.sasl.types import Credentials, Service

_NO_LAYER: Final = b"\1\0\0\0"  # RFC 4752 §3.1: no security layer, hence no buffer
_NO_LAYER_BIT: Final = 1


class Step(Enum):
    """Where an exchange stands."""

    CONTEXT = auto()
    LAYER = auto()
    DONE = auto()


class GSSAPI:
    """One GSSAPI exchange with ``service``. Raises `Unsafe` when ``gssapi`` is not installed."""

    name: ClassVar = "GSSAPI"
    plaintext: ClassVar = False
    secrets: ClassVar[tuple[bytes, ...]] = ()

    def __init__(self, credentials: Credentials, *, service: Service) -> None:
        self._library = _library()
        self._authzid = credentials.authzid.encode()
        self._step = Step.CONTEXT
        kind = self._library.NameType.hostbased_service
        with self._errors_as(Unsafe, "Kerberos cannot be used"):
            target = self._library.Name(f"{service.name}@{service.host}", kind)
            self._context = self._library.SecurityContext(name=target, usage="initiate")

    def start(self) -> bytes:
        """Return the first token. Raises `Unsafe` when there is no ticket to make it of."""
        with self._errors_as(Unsafe, "Kerberos gives no ticket for this server"):
            return self._next(None)

    def respond(self, challenge: bytes) -> bytes:
        """Return the next token, and at the end the choice of no security layer."""
        with self._errors_as(ProtocolError, "the server's GSSAPI token is bad"):
            if self._step is Step.CONTEXT:
                return self._next(challenge)
            if self._step is Step.LAYER:
                return self._decline_layer(challenge)
        raise ProtocolError("the server goes on after GSSAPI is over")

    def finish(self) -> None:
        """Raise `ProtocolError` unless both sides have been proven."""
        if self._step is not Step.DONE:
            raise ProtocolError("the server reports success before GSSAPI is over")

    @contextmanager
    def _errors_as(self, kind: type[HongyanError], meaning: str) -> Iterator[None]:
        try:
            yield
        except self._library.exceptions.GSSError as error:
            raise kind(f"{meaning}: {shown(str(error), limit=300)}") from None

    def _next(self, challenge: bytes | None) -> bytes:
        token = self._context.step(challenge)
        if self._context.complete:
            self._step = Step.LAYER
        return bytes(token or b"")

    def _decline_layer(self, challenge: bytes) -> bytes:
        offer = self._context.unwrap(challenge).message
        if len(offer) != 4 or not offer[0] & _NO_LAYER_BIT:
            raise ProtocolError("the server insists on a GSSAPI security layer")
        self._step = Step.DONE
        return bytes(self._context.wrap(_NO_LAYER + self._authzid, encrypt=False).message)


def _library() -> Any:  # noqa: ANN401 - an optional package, which may be absent when types are checked
    try:
        return importlib.import_module("gssapi")
    except ImportError:
        raise Unsafe("GSSAPI needs the Python package gssapi, which is not installed") from None
