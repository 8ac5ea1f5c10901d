"""NTLM with the server side of the package that carries it, in its own code."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
import spnego

from hongyan.errors import InvalidArgument, ProtocolError, Unsafe
from hongyan.sasl import NTLM, Credentials, Mechanism, Service, choose

SERVICE = Service("pop", "mail.example")
TIM = Credentials("GOOSE\\tim", "鸿雁 wild goose")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> spnego.ContextProxy:
    users = tmp_path / "users"
    users.write_text("GOOSE:tim:鸿雁 wild goose\n", "utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
    return spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)


def test_a_login(server: spnego.ContextProxy) -> None:
    client: Mechanism = NTLM(TIM, service=SERVICE)
    challenge = server.step(client.start())
    assert challenge
    answer = client.respond(challenge)
    server.step(answer)
    assert server.complete
    assert server.client_principal == "GOOSE\\tim"
    client.finish()
    assert {b"\xe9\xb8\xbf\xe9\x9b\x81 wild goose", answer} <= set(client.secrets)
    with pytest.raises(ProtocolError, match="goes on"):
        client.respond(challenge)


def test_a_wrong_password(server: spnego.ContextProxy) -> None:
    client = NTLM(Credentials("GOOSE\\tim", "wrong"), service=SERVICE)
    challenge = server.step(client.start())
    assert challenge
    with pytest.raises(spnego.exceptions.SpnegoError):
        server.step(client.respond(challenge))


@pytest.mark.parametrize("challenge", [b"", b"garbage", b"NTLMSSP\0\2\0\0\0", b"NTLMSSP\0" * 99])
def test_a_challenge_that_makes_no_sense(challenge: bytes) -> None:
    client = NTLM(TIM, service=SERVICE)
    client.start()
    with pytest.raises(ProtocolError):
        client.respond(challenge)
    with pytest.raises(ProtocolError, match="before NTLM is over"):
        client.finish()


def test_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidArgument):
        NTLM(Credentials("tim"), service=SERVICE)
    monkeypatch.setitem(sys.modules, "spnego", None)
    with pytest.raises(Unsafe, match="pyspnego"):
        NTLM(TIM, service=SERVICE)


def test_it_is_no_stronger_than_cram_md5(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = ["NTLM", "PLAIN"]
    assert choose(offered, TIM, secure=True, service=SERVICE).name == "NTLM"
    assert choose([*offered, "CRAM-MD5"], TIM, secure=True, service=SERVICE).name == "CRAM-MD5"
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert choose(offered, TIM, secure=True, service=SERVICE).name == "PLAIN"
