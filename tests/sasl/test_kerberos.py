"""GSSAPI against a stand-in for the package ``gssapi``, which needs a Kerberos realm."""

from __future__ import annotations

import importlib
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from hongyan.errors import ProtocolError, Unsafe
from hongyan.sasl import GSSAPI, Credentials, Mechanism, Service

SERVICE = Service("imap", "mail.example")


class GSSError(Exception):
    """The library's own error."""


class Context:
    """Two tokens, then a wrapped offer of layers, as in RFC 4752 §3.1."""

    def __init__(self, name: str, usage: str) -> None:
        assert (name, usage) == ("imap@mail.example", "initiate")
        self.complete = False

    def step(self, token: bytes | None) -> bytes | None:
        if token == b"bad":
            raise GSSError("token\x1bis defective")
        self.complete = token is not None
        return None if self.complete else b"first"

    def unwrap(self, message: bytes) -> SimpleNamespace:
        if not message.startswith(b"sealed "):
            raise GSSError("not sealed")
        return SimpleNamespace(message=message.removeprefix(b"sealed "))

    def wrap(self, message: bytes, *, encrypt: bool) -> SimpleNamespace:
        assert not encrypt
        return SimpleNamespace(message=b"sealed " + message)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Any:
    stand_in = SimpleNamespace(
        Name=lambda name, kind: name,
        NameType=SimpleNamespace(hostbased_service="host"),
        SecurityContext=Context,
        exceptions=SimpleNamespace(GSSError=GSSError),
    )
    monkeypatch.setitem(sys.modules, "gssapi", stand_in)
    return stand_in


def gssapi(authzid: str = "") -> GSSAPI:
    return GSSAPI(Credentials("", authzid=authzid), service=SERVICE)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("authzid", ["", "boss"])
def test_a_login(authzid: str) -> None:
    mechanism: Mechanism = gssapi(authzid)
    assert mechanism.start() == b"first"
    assert mechanism.respond(b"second") == b""
    with pytest.raises(ProtocolError, match="before"):
        mechanism.finish()
    answer = mechanism.respond(b"sealed \x07\x00\x10\x00")
    assert answer == b"sealed \x01\x00\x00\x00" + authzid.encode()
    mechanism.finish()
    with pytest.raises(ProtocolError, match="over"):
        mechanism.respond(b"")


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("offer", [b"sealed \x06\0\0\0", b"sealed \x07", b"open"])
def test_layers_that_cannot_be_declined(offer: bytes) -> None:
    mechanism = gssapi()
    mechanism.start()
    mechanism.respond(b"second")
    with pytest.raises(ProtocolError):
        mechanism.respond(offer)


@pytest.mark.usefixtures("library")
def test_a_bad_token_of_the_server() -> None:
    mechanism = gssapi()
    mechanism.start()
    with pytest.raises(ProtocolError, match="token is defective"):
        mechanism.respond(b"bad")


def test_no_ticket(library: Any) -> None:
    def no_ticket(name: str, usage: str) -> Context:
        raise GSSError("No credentials cache found")

    library.SecurityContext = no_ticket
    with pytest.raises(Unsafe, match="No credentials cache"):
        gssapi()


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(Unsafe, match="not installed"):
        gssapi()
