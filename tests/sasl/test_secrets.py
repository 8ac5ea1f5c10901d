"""FAULTS C: with its `secrets` blotted out, an exchange shows nothing that a guesser could use."""

from __future__ import annotations

from base64 import b64encode

import pytest

from hongyan.sasl import Credentials, DigestMD5, Mechanism, Scram, Service, mechanism

PERSON = Credentials("tim", "tanstaaftanstaaf", token="ya29.token")
DIGEST = DigestMD5(Credentials("chris", "secret"), service=Service("imap", "elwood.innosoft.com"),
                   nonce="OA6MHXh6VqTrRk")  # fmt: skip
SCRAM = Scram("SCRAM-SHA-1", Credentials("user", "pencil"), nonce="fyko+d2lbbFgONRv9qkxdawL")

DIGEST_LEFT = (
    b'username="chris",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk",'
    b'digest-uri="imap/elwood.innosoft.com",response=*,qop=auth'
)


def blotted(octets: bytes, talk: Mechanism) -> bytes:
    for secret in sorted(talk.secrets, key=len, reverse=True):
        octets = octets.replace(secret, b"*")
    return octets


@pytest.mark.parametrize(
    ("talk", "said", "left"),
    [
        (mechanism("PLAIN", PERSON), [], [b"*"]),
        (mechanism("LOGIN", PERSON), [b"", b""], [b"tim", b"*"]),
        (mechanism("XOAUTH2", PERSON), [], [b"*"]),
        (mechanism("OAUTHBEARER", PERSON), [], [b"*"]),
        (mechanism("CRAM-MD5", PERSON), [b"<1@host>"], [b"tim *"]),
        (
            SCRAM,
            [b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"],
            [
                b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
                b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=*",
            ],
        ),
        (
            DIGEST,
            [b'nonce="OA6MG9tEQGm2hh",algorithm=md5-sess'],
            [DIGEST_LEFT],
        ),
    ],
    ids=lambda value: value.name if hasattr(value, "name") else "",
)
def test_what_is_left(talk: Mechanism, said: list[bytes], left: list[bytes]) -> None:
    first = talk.start()
    sent = [] if first is None else [first]
    sent += [talk.respond(challenge) for challenge in said]
    assert [blotted(each, talk) for each in sent] == left


def test_the_servers_proof_is_known_before_it_comes() -> None:
    scram = Scram("SCRAM-SHA-1", Credentials("user", "pencil"), nonce="fyko+d2lbbFgONRv9qkxdawL")
    scram.respond(b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096")
    proof = b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="
    assert blotted(b"+ " + b64encode(proof), scram) == b"+ *"
    assert blotted(proof, scram) == b"*"
