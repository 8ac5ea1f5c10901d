"""DIGEST-MD5: the two examples of RFC 2831 §4, charsets, quoting, and servers that lie."""

from __future__ import annotations

import hashlib

import pytest

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.sasl import Credentials, DigestMD5, Mechanism, Service

IMAP = Service("imap", "elwood.innosoft.com")
CHRIS = Credentials("chris", "secret")
OFFER = (
    b'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",'
    b"algorithm=md5-sess,charset=utf-8"
)


def imap() -> DigestMD5:
    return DigestMD5(CHRIS, service=IMAP, nonce="OA6MHXh6VqTrRk")


def test_the_imap_example() -> None:
    digest: Mechanism = imap()
    assert digest.start() is None
    assert digest.respond(OFFER) == (
        b'charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",'
        b'nc=00000001,cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",'
        b"response=d388dad90d4bbd760a152321f2143af7,qop=auth"
    )
    assert digest.respond(b"rspauth=ea40f60335c427b5527b84dbabcdfffd") == b""
    digest.finish()
    assert b"d388dad90d4bbd760a152321f2143af7" in digest.secrets
    assert b"rspauth=ea40f60335c427b5527b84dbabcdfffd" in digest.secrets
    with pytest.raises(ProtocolError):
        digest.respond(b"rspauth=ea40f60335c427b5527b84dbabcdfffd")


def test_the_acap_example() -> None:
    service = Service("acap", "elwood.innosoft.com")
    digest = DigestMD5(CHRIS, service=service, nonce="OA9BSuZWMSpW8m")
    offer = (
        b'realm="elwood.innosoft.com",nonce="OA9BSXrbuRhWay",qop="auth",'
        b"algorithm=md5-sess,charset=utf-8"
    )
    assert b"response=6084c6db3fede7352c551284490fd0fc," in digest.respond(offer)
    assert digest.respond(b'rspauth="2f0b3d7c3c2e486600ef710726aa2eae"') == b""
    digest.finish()


def test_an_identity_to_act_as() -> None:
    chris = Credentials("chris", "secret", authzid="boss")
    digest = DigestMD5(chris, service=IMAP, nonce="c")
    answer = digest.respond(b'nonce="n",algorithm=md5-sess')

    def md5(text: bytes) -> bytes:
        return hashlib.md5(text).digest()

    key = md5(md5(b"chris::secret") + b":n:c:boss").hex()
    uri = md5(b"AUTHENTICATE:imap/elwood.innosoft.com").hex()
    wanted = md5(f"{key}:n:00000001:c:auth:{uri}".encode()).hex()
    assert b"realm" not in answer
    assert answer.endswith(b'response=%s,qop=auth,authzid="boss"' % wanted.encode())


def test_quoting() -> None:
    digest = DigestMD5(Credentials('a"b\\c', "x"), service=IMAP, nonce="c")
    answer = digest.respond(b' , realm = "r\\"s" ,, NONCE="n\\\\", algorithm=MD5-SESS , ')
    assert b'username="a\\"b\\\\c",realm="r\\"s",nonce="n\\\\"' in answer


def test_names_beyond_latin_1_need_utf_8() -> None:
    goose = Credentials("鸿雁", "x")
    with pytest.raises(InvalidArgument, match="UTF-8"):
        DigestMD5(goose, service=IMAP).respond(b'nonce="n",algorithm=md5-sess')
    answer = DigestMD5(goose, service=IMAP).respond(OFFER)
    assert 'username="鸿雁"'.encode() in answer
    latin = DigestMD5(Credentials("Zoë", "x"), service=IMAP)
    assert b'username="Zo\xeb"' in latin.respond(b'nonce="n",algorithm=md5-sess')


@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"Rubbish",
        b'nonce="n"',
        b'nonce="n",algorithm=md5',
        b'nonce="",algorithm=md5-sess',
        b'nonce="n",nonce="m",algorithm=md5-sess',
        b'nonce="n",algorithm=md5-sess,qop="auth-conf"',
        b'nonce="n,algorithm=md5-sess',
        b'nonce="n" x,algorithm=md5-sess',
        b'nonce="n",algorithm=md5-sess,realm="\xff",charset=utf-8',
        b'nonce="' + b"n" * 2048 + b'",algorithm=md5-sess',
    ],
)
def test_bad_challenges(challenge: bytes) -> None:
    with pytest.raises(ProtocolError):
        imap().respond(challenge)


@pytest.mark.parametrize(
    "proof", [b"rspauth=" + b"0" * 32, b"", b"rspauth=\xff", b"a=b", b"rspauth=a,rspauth=b", OFFER]
)
def test_the_server_must_prove_itself(proof: bytes) -> None:
    digest = imap()
    digest.respond(OFFER)
    with pytest.raises(ProtocolError):
        digest.respond(proof)
    with pytest.raises(ProtocolError, match="proven"):
        digest.finish()


def test_success_without_proof_is_none() -> None:
    with pytest.raises(ProtocolError):
        imap().finish()
    digest = imap()
    digest.respond(OFFER)
    with pytest.raises(ProtocolError):
        digest.finish()
