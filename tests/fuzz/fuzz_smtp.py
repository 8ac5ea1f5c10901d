"""The SMTP parser: any octets give replies, a wish for more, or a ProtocolError."""

from __future__ import annotations

from contextlib import suppress

from hongyan.errors import ProtocolError
from hongyan.smtp import Connection, Protocol, Verb, wire


def one(data: bytes) -> None:
    """Feed ``data[1:]`` in pieces of ``data[0]`` octets to a busy session."""
    if not data:
        return
    size, stream = max(1, data[0]), data[1:]
    conn = Connection(protocol=Protocol.LMTP if size % 3 else Protocol.SMTP)
    for verb in (Verb.EHLO, Verb.AUTH, Verb.MAIL, Verb.RCPT, Verb.RCPT):
        conn.send(verb)
    conn.send_chunk(b"", last=size % 2 == 0)
    conn.send_chunk(b"", last=True)
    for verb in (Verb.RSET, Verb.MAIL, Verb.RCPT, Verb.DATA):
        conn.send(verb)
    with suppress(ProtocolError):
        for at in range(0, len(stream), size):
            conn.receive(stream[at : at + size])
            while (reply := conn.next_event()) is not None:
                wire.refusal(reply)
                wire.extensions(reply.lines)
                if reply.code == 334:
                    with suppress(ProtocolError):
                        wire.challenge(reply)
