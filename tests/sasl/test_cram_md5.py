"""CRAM-MD5: the example of RFC 2195 §2, and keys longer than a block (RFC 2104 §2)."""

from __future__ import annotations

import hashlib

import pytest

from hongyan.errors import ProtocolError
from hongyan.sasl import CramMD5, Credentials, Mechanism

CHALLENGE = b"<1896.697170952@postoffice.reston.mci.net>"


def by_hand(key: bytes, text: bytes) -> str:
    """HMAC-MD5 as RFC 2104 §2 spells it."""
    if len(key) > 64:
        key = hashlib.md5(key).digest()
    key = key.ljust(64, b"\0")
    inner = hashlib.md5(bytes(octet ^ 0x36 for octet in key) + text).digest()
    return hashlib.md5(bytes(octet ^ 0x5C for octet in key) + inner).hexdigest()


def test_the_example() -> None:
    cram: Mechanism = CramMD5(Credentials("tim", "tanstaaftanstaaf"))
    assert cram.start() is None
    assert cram.respond(CHALLENGE) == b"tim b913a602c7eda7a495b4e6e7334d3890"
    assert b"tanstaaftanstaaf" in cram.secrets
    assert b"b913a602c7eda7a495b4e6e7334d3890" in cram.secrets
    cram.finish()


@pytest.mark.parametrize("length", [1, 63, 64, 65, 128, 1000])
def test_keys_of_any_length(length: int) -> None:
    password = "ñ" * length
    answer = CramMD5(Credentials("tim", password)).respond(CHALLENGE)
    assert answer.decode() == f"tim {by_hand(password.encode(), CHALLENGE)}"


def test_bad_challenges() -> None:
    cram = CramMD5(Credentials("tim", "x"))
    with pytest.raises(ProtocolError):
        cram.respond(b"")
    cram.respond(CHALLENGE)
    with pytest.raises(ProtocolError):
        cram.respond(CHALLENGE)
