"""FAULTS 16 for a login: no line break in a name, password or token reaches a mechanism."""

from __future__ import annotations

import pytest

from hongyan.errors import InvalidArgument
from hongyan.sasl import Credentials, Service, mechanism
from tests.support.corpus import newlines

NAMES = ["PLAIN", "LOGIN", "EXTERNAL", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-256", "XOAUTH2"]
NAMES += ["OAUTHBEARER"]
PERSON = {"username": "tim", "password": "pw", "token": "tok"}
SINKS = ["username", "password", "token", "authzid"]


def messages(name: str, values: dict[str, str]) -> list[bytes]:
    made = mechanism(name, Credentials(**values), service=Service("smtp", "mail.example"))
    first = made.start()
    if first is not None:
        return [first]
    prompts = {"DIGEST-MD5": [b'nonce="n",algorithm=md5-sess,charset=utf-8']}
    return [made.respond(prompt) for prompt in prompts.get(name, [b"prompt"])]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sink", SINKS)
@pytest.mark.parametrize("newline", newlines(breaking=True))
def test_what_breaks_a_line_is_refused(name: str, sink: str, newline: str) -> None:
    with pytest.raises(InvalidArgument):
        messages(name, {**PERSON, sink: f"value{newline}RCPT TO:<evil@example.com>"})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sink", SINKS)
def test_what_goes_out_is_one_line(name: str, sink: str) -> None:
    for newline in newlines(breaking=False):
        try:
            sent = b"".join(messages(name, {**PERSON, sink: f"value{newline}QUIT"}))
        except InvalidArgument:
            continue
        assert not set(sent) & {0x0D, 0x0A}
        assert sent.count(b"\0") == (2 if name == "PLAIN" else 0)
