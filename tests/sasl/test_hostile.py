"""Any mechanism against any server: an answer or a `ProtocolError`, and no false success."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import ProtocolError
from hongyan.sasl import ChannelBinding, Credentials, Mechanism, Service, mechanism

PERSON = Credentials("tim", "tanstaaf", token="tok")
NAMES = ["PLAIN", "LOGIN", "EXTERNAL", "CRAM-MD5", "DIGEST-MD5", "XOAUTH2", "OAUTHBEARER", "NTLM"]
NAMES += ["SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512"]
PROVING = ["DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512"]
PIECES = [b"r=", b",s=", b",i=4096", b"v=", b"e=", b"QSXCR+Q6", b'nonce="', b'"', b"\\", b","]
PIECES += [b"algorithm=md5-sess", b"rspauth=", b'{"status":', b"[", b"\0", b"\xff", b"="]


def made(name: str) -> Mechanism:
    binding = ChannelBinding("tls-exporter", b"octets")
    return mechanism(name, PERSON, binding=binding, service=Service("imap", "mail.example"))


challenges = st.binary() | st.lists(st.sampled_from(PIECES)).map(b"".join)


@given(name=st.sampled_from(NAMES), said=st.lists(challenges, max_size=4))
def test_nothing_but_protocol_errors(name: str, said: list[bytes]) -> None:
    talk = made(name)
    talk.start()
    try:
        for challenge in said:
            answer = talk.respond(challenge)
            assert not set(answer) & {0x0D, 0x0A}
        talk.finish()
    except ProtocolError:
        return
    assert name not in PROVING


@given(name=st.sampled_from(PROVING[1:]), tail=st.binary(max_size=60))
def test_no_signature_by_chance(name: str, tail: bytes) -> None:
    scram = made(name)
    nonce = (scram.start() or b"").rpartition(b"r=")[2]
    scram.respond(b"r=" + nonce + b"x,s=QSXCR+Q6,i=4096")
    with suppress(ProtocolError):
        scram.respond(b"v=" + tail)
    with pytest.raises(ProtocolError):
        scram.finish()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "unit", [b'"', b"\\", b'"\\', b",", b"a=", b"a=b,", b"[", b'{"a":', b" ", b"r=", b"A", b"="]
)
def test_large_challenges_are_quick(name: str, unit: bytes) -> None:
    talk = made(name)
    talk.start()
    began = time.perf_counter()
    with suppress(ProtocolError):
        talk.respond(unit * (1_000_000 // len(unit)))
    assert time.perf_counter() - began < 1.0
