"""What CAPA says as typed values, and what refusals tell the person."""

from __future__ import annotations

import pytest

from hongyan.errors import AuthenticationRefused, Refused
from hongyan.pop3 import Capabilities, Expire, Verb, wire


@pytest.mark.parametrize(
    ("line", "expire"),
    [
        ("EXPIRE NEVER", Expire(None)),
        ("expire never", Expire(None)),
        ("EXPIRE 0", Expire(0)),
        ("EXPIRE 30 USER", Expire(30)),
        ("EXPIRE", None),
        ("EXPIRE30", None),
        ("EXPIRE -1", None),
        ("EXPIRE 99999999999", None),
        ("EXPIRE ٣", None),
        ("", None),
    ],
)
def test_how_long_mail_is_kept(line: str, expire: Expire | None) -> None:
    assert wire.capabilities(f"{line}\r\n".encode()).expire == expire


@pytest.mark.parametrize(
    ("line", "delay", "personal"),
    [
        ("LOGIN-DELAY 900", 900, False),
        ("LOGIN-DELAY 900 USER", 900, True),
        ("LOGIN-DELAY 900 user", 900, True),
        ("EXPIRE 3 USER", None, True),
        ("EXPIRE USER", None, False),
        ("LOGIN-DELAY soon", None, False),
    ],
)
def test_how_often_one_may_come(line: str, delay: int | None, personal: bool) -> None:
    capabilities = wire.capabilities(f"{line}\r\n".encode())
    assert capabilities.login_delay == delay
    assert capabilities.personal == personal


def test_capabilities_in_any_case_and_twice() -> None:
    found = wire.capabilities(b"Sasl PLAIN\r\nSASL LOGIN\r\npipelining\r\nUTF8 user\r\n\r\n")
    assert found.mechanisms == ("PLAIN", "LOGIN")
    assert found.pipelining
    assert found.utf8_login
    assert "UTF8" in found
    assert not Capabilities({"UTF8": ()}).utf8_login


@pytest.mark.parametrize(
    ("verb", "words", "kind", "says", "temporary"),
    [
        (Verb.PASS, "[IN-USE] busy", Refused, "another program has this mailbox open", True),
        (Verb.PASS, "[LOGIN-DELAY] no", Refused, "wants 900 seconds between two logins", True),
        (Verb.AUTH, "[SYS/TEMP] no", Refused, "should pass; try again later", True),
        (Verb.AUTH, "[SYS/TEMP/LDAP] no", Refused, "should pass; try again later", True),
        (Verb.APOP, "[SYS/PERM] no", Refused, "tell its operator", False),
        (Verb.PASS, "[AUTH] no", AuthenticationRefused, "no", False),
        (Verb.PASS, "no", AuthenticationRefused, "^no$", False),
        (Verb.PASS, "[X-ODD] no", AuthenticationRefused, "^X-ODD no$", False),
        (Verb.PASS, "[SYSTEM] no", AuthenticationRefused, "^SYSTEM no$", False),
        (Verb.RETR, "[SYS/TEMP] no", Refused, "try again later", True),
        (Verb.RETR, "", Refused, "the server refused RETR", False),
    ],
)
def test_a_refusal_tells_the_next_step(
    verb: Verb, words: str, kind: type[Refused], says: str, temporary: bool
) -> None:
    error = wire.refusal(wire.status(verb, f"-ERR {words}".encode()), delay=900)
    with pytest.raises(kind, match=says) as raised:
        raise error
    assert type(raised.value) is kind
    assert raised.value.temporary == temporary


def test_a_delay_that_the_server_keeps_to_itself() -> None:
    error = wire.refusal(wire.status(Verb.PASS, b"-ERR [LOGIN-DELAY] no"))
    assert "wants some time between two logins" in str(error)


@pytest.mark.parametrize(
    ("words", "capabilities", "form"),
    [
        ("invalid command argument", (), True),
        ("Syntax error", (), True),
        ("authentication failed", (), False),
        ("authentication failed", ("AUTH-RESP-CODE",), True),
        ("[AUTH] bad arguments", ("AUTH-RESP-CODE",), False),
        ("[IN-USE] syntax", (), False),
    ],
)
def test_a_second_attempt_only_where_the_password_was_not_refused(
    words: str, capabilities: tuple[str, ...], form: bool
) -> None:
    reply = wire.status(Verb.AUTH, f"-ERR {words}".encode())
    assert wire.about_form(reply, Capabilities(dict.fromkeys(capabilities, ()))) == form
