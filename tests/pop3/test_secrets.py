"""The record of a login, failed or not, holds no password in any of its forms."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import partial
from typing import TYPE_CHECKING

import pytest

from hongyan.errors import HongyanError
from hongyan.flow import Read, Running, Write
from hongyan.net.record import Recorder
from hongyan.sasl import Credentials
from tests.pop3.cases import ANNA, TIM, pop3_apop, pop3_check, pop3_login
from tests.pop3.test_cuts import spoken

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.flow import Flow

TOKEN = "t" * 200


def recorded(flow: Flow[object], turns: list[bytes]) -> str:
    """The record of ``flow`` against the server's turns, which says all back that it was told."""
    lines: list[str] = []
    recorder = Recorder(lambda line: lines.append(str(line)))
    running = Running(flow)
    told = b""
    left = list(reversed(turns))
    try:
        while (effect := running.effect) is not None:
            if isinstance(effect, Write):
                recorder.sent(effect.data, effect.secrets)
                told += effect.data
                running.answer(None)
            else:
                assert isinstance(effect, Read)
                said = left.pop() if left else b""
                recorder.received(said)
                running.answer(said)
    except HongyanError as error:
        lines.append(f"{error!r} {error}")
    recorder.received(b"-ERR you said: " + told.replace(b"\r\n", b" ") + b"\r\n")
    recorder.flush()
    return "\n".join(lines)


def forms(username: str, secret: str) -> set[str]:
    """What would give a secret away: itself, and it in base64 alone and in PLAIN."""
    octets = secret.encode()
    plain = b"\0" + username.encode() + b"\0" + octets
    return {secret, *(base64.b64encode(each).decode().rstrip("=") for each in (octets, plain))}


@pytest.mark.parametrize(
    ("name", "flow", "who"),
    [
        (
            "wrong_password",
            partial(pop3_login, Credentials("anna", "wrong-one")),
            ("anna", "wrong-one"),
        ),
        ("session", partial(pop3_login, ANNA), ("anna", "secret")),
        ("auth_login", partial(pop3_login, ANNA), ("anna", "secret")),
        ("auth_two_steps", partial(pop3_login, ANNA), ("anna", "secret")),
        ("auth_refused_once", partial(pop3_login, ANNA), ("anna", "secret")),
        ("auth_long", partial(pop3_login, Credentials("anna", token=TOKEN)), ("anna", TOKEN)),
        ("auth_cram_md5", partial(pop3_login, TIM), ("tim", "tanstaaftanstaaf")),
        ("apop", pop3_apop, ("mrose", "tanstaaf")),
        ("check", pop3_check, ("anna", "secret")),
        ("check_refused", pop3_check, ("anna", "secret")),
    ],
)
def test_no_form_of_the_secret_is_in_the_record(
    name: str, flow: Callable[[], Flow[object]], who: tuple[str, str]
) -> None:
    record = recorded(flow(), spoken(name))
    assert "<secret>" in record
    left = record.replace("<secret>", "")
    assert not [form for form in forms(*who) if form in left]


def test_no_digest_is_in_the_record() -> None:
    """Digests serve who guesses passwords, so they are secrets too."""
    digest = hashlib.md5(b"<1896.697170952@dbc.mtview.ca.us>tanstaaf").hexdigest()
    assert digest not in recorded(pop3_apop(), spoken("apop"))
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    digest = hmac.new(TIM.password.encode(), challenge, "md5").hexdigest() if TIM.password else ""
    record = recorded(pop3_login(TIM), spoken("auth_cram_md5"))
    assert digest not in record
    assert base64.b64encode(f"tim {digest}".encode()).decode() not in record
