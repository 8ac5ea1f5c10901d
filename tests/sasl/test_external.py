"""EXTERNAL: an identity or nothing."""

from __future__ import annotations

import pytest

from hongyan.errors import ProtocolError
from hongyan.sasl import Credentials, External


@pytest.mark.parametrize(
    ("credentials", "message"),
    [
        (Credentials(""), b""),
        (Credentials("fred@example.org"), b"fred@example.org"),
        (Credentials("fred", authzid="list"), b"list"),
    ],
)
def test_the_identity(credentials: Credentials, message: bytes) -> None:
    external = External(credentials)
    assert external.start() == message
    external.finish()
    with pytest.raises(ProtocolError):
        external.respond(b"")
