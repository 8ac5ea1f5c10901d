"""SCRAM: the examples of RFC 5802 §5 and RFC 7677 §3, a server of our own, servers that lie."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.sasl import ChannelBinding, Credentials, Mechanism, Scram

USER = Credentials("user", "pencil")
NONCE = "fyko+d2lbbFgONRv9qkxdawL"
SERVER_FIRST = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
SERVER_FINAL = b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="
END_POINT = ChannelBinding("tls-server-end-point", b"\x00certificate\xff")


def sha1() -> Scram:
    return Scram("SCRAM-SHA-1", USER, nonce=NONCE)


def test_the_example_of_rfc_5802() -> None:
    scram: Mechanism = sha1()
    assert scram.start() == b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"
    assert scram.respond(SERVER_FIRST) == (
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    )
    assert scram.respond(SERVER_FINAL) == b""
    scram.finish()
    for secret in (b"pencil", b"v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", SERVER_FINAL):
        assert secret in scram.secrets
    with pytest.raises(ProtocolError, match="over"):
        scram.respond(SERVER_FINAL)


def test_the_example_of_rfc_7677() -> None:
    scram = Scram("SCRAM-SHA-256", USER, nonce="rOprNGfwEbeRWgbNEkqO")
    nonce = b"rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    assert scram.start() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert scram.respond(b"r=" + nonce + b",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096") == (
        b"c=biws,r=" + nonce + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    scram.respond(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    scram.finish()


class Server:
    """The other side as RFC 5802 §3 describes it: it keeps StoredKey and ServerKey alone."""

    def __init__(self, kind: str, password: str, binding: bytes = b"") -> None:
        self.hash = kind.removeprefix("SCRAM-").removesuffix("-PLUS").replace("SHA-", "sha")
        self.salt = b"\0salt\xff"
        salted = hashlib.pbkdf2_hmac(self.hash, password.encode(), self.salt, 4096)
        client_key = hmac.digest(salted, b"Client Key", self.hash)
        self.stored_key = hashlib.new(self.hash, client_key).digest()
        self.server_key = hmac.digest(salted, b"Server Key", self.hash)
        self.binding = binding

    def first(self, client_first: bytes) -> bytes:
        found = re.fullmatch(rb"([^,]*,[^,]*,)(n=.*,r=([^,]+))", client_first)
        assert found
        self.header, self.bare, nonce = found.groups()
        self.said = b"r=%s-ours,s=%s,i=4096" % (nonce, b64encode(self.salt))
        self.nonce = nonce + b"-ours"
        return self.said

    def final(self, client_final: bytes) -> bytes:
        found = re.fullmatch(rb"(c=([^,]+),r=([^,]+)),p=([^,]+)", client_final)
        assert found
        unproven, bound, nonce, proof = found.groups()
        assert nonce == self.nonce
        assert b64decode(bound) == self.header + self.binding
        message = b",".join((self.bare, self.said, unproven))
        mask = hmac.digest(self.stored_key, message, self.hash)
        key = bytes(a ^ b for a, b in zip(b64decode(proof), mask, strict=True))
        assert hashlib.new(self.hash, key).digest() == self.stored_key
        return b"v=" + b64encode(hmac.digest(self.server_key, message, self.hash))


@pytest.mark.parametrize("kind", ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("plus", [False, True])
def test_with_a_server(kind: str, plus: bool) -> None:
    person = Credentials("a=b,c鸿", "p\u00a0\u2168 雁", authzid="x,y=z")
    name = f"{kind}-PLUS" if plus else kind
    scram = Scram(name, person, binding=END_POINT if plus else None)
    server = Server(kind, "p IX 雁", END_POINT.data if plus else b"")
    flag = b"p=tls-server-end-point" if plus else b"n"
    first = scram.start()
    assert first.startswith(flag + ",a=x=2Cy=3Dz,n=a=3Db=2Cc鸿,r=".encode())
    assert scram.respond(server.final(scram.respond(server.first(first)))) == b""
    scram.finish()


def test_a_binding_that_the_server_does_not_offer_is_told() -> None:
    assert Scram("SCRAM-SHA-1", USER, binding=END_POINT).start().startswith(b"y,,n=user,r=")


def test_no_nonce_is_used_twice() -> None:
    assert len({Scram("SCRAM-SHA-1", USER).start() for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"Rubbish",
        b"r=other3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        b"r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096",
        b"m=new," + SERVER_FIRST,
        SERVER_FIRST.replace(b"i=4096", b"i=4095"),
        SERVER_FIRST.replace(b"i=4096", b"i=1"),
        SERVER_FIRST.replace(b"i=4096", b"i=600001"),
        SERVER_FIRST.replace(b"i=4096", b"i=2147483648"),
        SERVER_FIRST.replace(b"i=4096", b"i=" + b"9" * 5000),
        SERVER_FIRST.replace(b"i=4096", b"i=0"),
        SERVER_FIRST.replace(b"i=4096", b"i=-4096"),
        SERVER_FIRST.replace(b"i=4096", b"i=04096"),
        SERVER_FIRST.replace(b"i=4096", b"i=4096\n"),
        SERVER_FIRST.replace(b"s=QSXCR+Q6sek8bf92", b"s="),
        SERVER_FIRST.replace(b"s=QSXCR+Q6sek8bf92", b"s=QSX"),
        SERVER_FIRST.replace(b"s=QSXCR+Q6sek8bf92", b"s=QSX\xff"),
        b"e=unknown-user",
        SERVER_FINAL,
    ],
)
def test_bad_first_messages(challenge: bytes) -> None:
    with pytest.raises(ProtocolError):
        sha1().respond(challenge)


def test_extensions_are_passed_over() -> None:
    assert sha1().respond(SERVER_FIRST + b",x=later,y=more").startswith(b"c=biws,r=")


@pytest.mark.parametrize(
    "final", [b"v=AAAA", b"v=", b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ", b"", b"x", SERVER_FIRST]
)
def test_a_wrong_signature(final: bytes) -> None:
    scram = sha1()
    scram.respond(SERVER_FIRST)
    with pytest.raises(ProtocolError):
        scram.respond(final)
    with pytest.raises(ProtocolError, match="proven"):
        scram.finish()


def test_success_without_a_signature_is_none() -> None:
    with pytest.raises(ProtocolError):
        sha1().finish()
    scram = sha1()
    scram.respond(SERVER_FIRST)
    with pytest.raises(ProtocolError):
        scram.finish()


def test_a_refusal_within_leaves_the_last_word_to_the_protocol() -> None:
    scram = sha1()
    scram.respond(SERVER_FIRST)
    assert scram.respond(b"e=invalid-proof\x1b[2J") == b""
    assert scram.refusal == "invalid-proof [2J"
    with pytest.raises(ProtocolError):
        scram.respond(SERVER_FINAL)
    with pytest.raises(ProtocolError):
        scram.finish()


def test_what_cannot_be_made() -> None:
    with pytest.raises(InvalidArgument, match="binding"):
        Scram("SCRAM-SHA-1-PLUS", USER)
    with pytest.raises(InvalidArgument, match="mechanism"):
        Scram("SCRAM-MD5", USER)
    with pytest.raises(InvalidArgument, match="password"):
        Scram("SCRAM-SHA-1", Credentials("user", "\u00ad"))


@settings(max_examples=25, deadline=None)
@given(user=st.text(min_size=1, max_size=20), password=st.text(min_size=1, max_size=80))
def test_any_name_and_password(user: str, password: str) -> None:
    try:
        scram = Scram("SCRAM-SHA-256", Credentials(user, password))
    except InvalidArgument:
        return
    server = Server("SCRAM-SHA-256", scram.secrets[1].decode())
    scram.respond(server.final(scram.respond(server.first(scram.start()))))
    scram.finish()
