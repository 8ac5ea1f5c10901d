"""SMTP: any octets give replies, a wish for more, or a ProtocolError; any replies honest receipts."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hongyan.errors import HongyanError, ProtocolError
from hongyan.flow import Read, Running
from hongyan.smtp import (
    Connection,
    Envelope,
    Protocol,
    Receipt,
    Submission,
    Verb,
    Window,
    hello,
    quit_,
    submit_many,
    wire,
)
from hongyan.smtp.flows import greet

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.flow import Flow

OFFERS = (b"", b"250-PIPELINING\r\n", b"250-PIPELINING\r\n250-CHUNKING\r\n", b"250-CHUNKING\r\n")
SAID = (
    *(b"250 ok\r\n",) * 8, b"354 go\r\n", b"354 go\r\n", b"550 5.1.1 no\r\n", b"552 full\r\n",
    b"452 later\r\n", b"503 order\r\n", b"421 bye\r\n", b"250-more\r\n", b"334 \r\n", b"25",
)  # fmt: skip
LETTERS = [
    Submission(Envelope("a@b.c", ("d@b.c", "e@b.c")[: 1 + n % 2]), [b"x\r\n.\r\n" * (1 + n)])
    for n in range(6)
]


def one(data: bytes) -> None:
    """Try both: ``data`` as what a server sends, and as a choice among what servers say."""
    if data:
        any_octets(max(1, data[0]), data[1:])
        any_replies(data[0], data[1:])


def any_octets(size: int, stream: bytes) -> None:
    """Feed ``stream`` in pieces of ``size`` octets to a busy session."""
    conn = Connection(protocol=Protocol.LMTP if size % 3 else Protocol.SMTP)
    for verb in (Verb.EHLO, Verb.AUTH, Verb.MAIL, Verb.RCPT, Verb.RCPT):
        conn.send(verb)
    conn.send_chunk(0, last=size % 2 == 0)
    conn.send_chunk(0, last=True)
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


def any_replies(kind: int, choices: bytes) -> None:
    """Send six messages to a server whose every reply is chosen by an octet."""
    protocol = Protocol.LMTP if kind & 4 else Protocol.SMTP
    replies = [
        b"220 hi\r\n",
        b"250-m\r\n" + OFFERS[kind % 4] + b"250 SIZE\r\n",
        *(SAID[octet % len(SAID)] for octet in choices),
    ]
    settled: list[Submission] = []

    def note(submission: Submission, receipt: Receipt) -> None:
        settled.append(submission)
        if len(receipt.deliveries) != len(submission.envelope.recipients):
            raise AssertionError(receipt)
        for each in receipt.deliveries:
            if not (each.reply or each.note):
                raise AssertionError(f"nothing says why: {each}")

    with suppress(HongyanError):
        _play(_session(Connection(protocol=protocol), note), replies)
    if settled != [each for each in LETTERS if each in settled]:
        raise AssertionError("receipts out of order, or twice")


def _session(conn: Connection, note: Callable[[Submission, Receipt], None]) -> Flow[None]:
    yield from greet(conn)
    yield from hello(conn)
    yield from submit_many(conn, LETTERS, note, window=Window(first=2))
    yield from quit_(conn)


def _play(flow: Flow[None], replies: list[bytes]) -> None:
    running = Running(flow)
    left = iter(replies)
    while (effect := running.effect) is not None:
        running.answer(next(left, b"") if isinstance(effect, Read) else None)
