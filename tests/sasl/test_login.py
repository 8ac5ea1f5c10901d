"""LOGIN: the name, then the password, whatever the prompts say."""

from __future__ import annotations

import pytest

from hongyan.errors import ProtocolError
from hongyan.sasl import Credentials, Login, Mechanism


@pytest.mark.parametrize("prompts", [(b"User Name\0", b"Password\0"), (b"", b""), (b"\xff", b"?")])
def test_the_order_decides(prompts: tuple[bytes, bytes]) -> None:
    login: Mechanism = Login(Credentials("tim", "gehëim"))
    assert login.start() is None
    assert login.respond(prompts[0]) == b"tim"
    assert login.respond(prompts[1]) == "gehëim".encode()
    assert login.secrets == ("gehëim".encode(),)
    login.finish()
    with pytest.raises(ProtocolError):
        login.respond(b"Once more:")
