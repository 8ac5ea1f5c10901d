"""The SASL mechanisms: any challenges give answers or a ProtocolError, and never a false success."""

from __future__ import annotations

from contextlib import suppress

from hongyan.errors import ProtocolError
from hongyan.sasl import ChannelBinding, Credentials, Mechanism, Scram, Service, mechanism

NAMES = ["PLAIN", "LOGIN", "EXTERNAL", "CRAM-MD5", "DIGEST-MD5", "XOAUTH2", "OAUTHBEARER", "NTLM"]
PERSON = Credentials("tim", "tanstaaf", token="tok")
BINDING = ChannelBinding("tls-exporter", b"octets")
SERVICE = Service("imap", "mail.example", 993)
SCRAM = "SCRAM-SHA-1-PLUS"
GOOD_FIRST = {
    "DIGEST-MD5": b'nonce="n",algorithm=md5-sess,charset=utf-8',
    SCRAM: b"r=fyko-ours,s=QSXCR+Q6,i=4096",
}


def one(data: bytes) -> None:
    """Talk as the mechanism that ``data[0]`` picks; LF separates the challenges in ``data[1:]``.

    Odd picks have a good first challenge before them, where there is one, to reach the second.
    """
    if not data:
        return
    pick, odd = divmod(data[0], 2)
    talk = _made(pick % (len(NAMES) + 1))
    talk.start()
    challenges = data[1:].split(b"\n")
    if odd and talk.name in GOOD_FIRST:
        challenges.insert(0, GOOD_FIRST[talk.name])
    with suppress(ProtocolError):
        for challenge in challenges:
            answer = talk.respond(challenge)
            if talk.name != "NTLM":  # binary, and in base64 on the line
                assert not {0x0A, 0x0D} & set(answer), answer
        talk.finish()
        assert talk.name not in GOOD_FIRST, "a server that cannot know the password proved itself"


def _made(pick: int) -> Mechanism:
    if pick < len(NAMES):
        return mechanism(NAMES[pick], PERSON, service=SERVICE)
    return Scram(SCRAM, PERSON, binding=BINDING, nonce="fyko")
