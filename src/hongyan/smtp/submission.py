"""Sending, one message or many, written once as a `Flow` (RFC 5321, 2920, 3030, 2033).

What the server offers decides how fast: with CHUNKING and PIPELINING message after message goes out
without waiting; with PIPELINING alone the next message's commands ride behind this one's content, a
round trip each; else step by step. Whatever happens, what may have been accepted gets a receipt
that says so, and what got none was certainly not accepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.errors import HongyanError
from hongyan.smtp.envelope import Envelope, Receipt, Submission
from hongyan.smtp.line import Line, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.flow import Flow
    from hongyan.smtp.connection import Connection

_USUAL: Final = Window()


def submit(
    conn: Connection,
    envelope: Envelope,
    content: Iterable[bytes],
    *,
    before_content: Callable[[], None] = lambda: None,
) -> Flow[Receipt]:
    """Submit one message; the receipt tells each recipient's outcome. See `Submission`.

    Raises `Refused` when the sender is not accepted, `InvalidArgument` before anything is sent, and
    a `NetworkError` or `ProtocolError` only while the message cannot have been accepted.
    """
    receipts: list[Receipt] = []
    submission = Submission(envelope, content, before_content)
    try:
        yield from submit_many(conn, [submission], lambda _, receipt: receipts.append(receipt))
    except HongyanError:
        if not receipts:
            raise
    (receipt,) = receipts
    if receipt.error is not None:
        raise receipt.error
    return receipt


def submit_many(
    conn: Connection,
    submissions: Iterable[Submission],
    settled: Callable[[Submission, Receipt], None],
    *,
    window: Window = _USUAL,
) -> Flow[None]:
    """Submit many messages and keep the line full; ``settled`` is told each receipt, in order.

    A message that is refused, as a whole or in part, harms no other. The last message taken from
    ``submissions`` may be under way until the next is asked for. Raises what ended the session
    early: a `NetworkError`, `ProtocolError` or `Cancelled`, `Refused` when the server went away
    (421) or wants no more messages in this session (RFC 9422). Whatever was not settled then was
    not accepted, nor will be.
    """
    line = Line(conn, settled, window)
    try:
        for submission in submissions:
            yield from line.send(submission)
        yield from line.drain()
    except HongyanError as error:
        yield from line.salvage(error)
        raise
