"""PLAIN: the examples of RFC 4616 §4."""

from __future__ import annotations

import pytest

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.sasl import Credentials, Plain


@pytest.mark.parametrize(
    ("credentials", "message"),
    [
        (Credentials("tim", "tanstaaftanstaaf"), b"\0tim\0tanstaaftanstaaf"),
        (Credentials("Kurt", "xipj3plmq", authzid="Ursel"), b"Ursel\0Kurt\0xipj3plmq"),
        (Credentials("鸿", "雁 ü"), "\0鸿\0雁 ü".encode()),
    ],
)
def test_the_message(credentials: Credentials, message: bytes) -> None:
    plain = Plain(credentials)
    assert plain.start() == message
    assert message in plain.secrets
    assert (credentials.password or "").encode() in plain.secrets
    plain.finish()


def test_it_answers_no_challenge() -> None:
    with pytest.raises(ProtocolError):
        Plain(Credentials("tim", "x")).respond(b"")


def test_it_needs_a_password() -> None:
    with pytest.raises(InvalidArgument, match="password"):
        Plain(Credentials("tim", token="t"))
