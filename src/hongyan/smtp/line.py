"""A session's transactions on their way: what is sent when, and whose each reply is.

RFC 2920 (PIPELINING), RFC 3030 (BDAT), RFC 5321 §3.3. Its invariants: replies are taken in the
order of the commands; an RSET stands between transactions wherever the one before might be open, so
no message can reach another's recipients; how much is unconfirmed is bounded by a `Window`.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.dots import Normaliser, Stuffer
from hongyan.errors import (
    Cancelled,
    HongyanError,
    InvalidArgument,
    NetworkError,
    ProtocolError,
    Refused,
)
from hongyan.flow import Flow, write
from hongyan.smtp import parameters, wire
from hongyan.smtp.content import AsIs, blocks, chunks
from hongyan.smtp.flows import next_reply
from hongyan.smtp.transaction import Transaction
from hongyan.smtp.types import State, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hongyan.smtp.connection import Connection
    from hongyan.smtp.content import Chunk
    from hongyan.smtp.envelope import Receipt, Submission

_BLOCK_WAIT: Final = 180.0  # RFC 5321 §4.5.3.2.5
_LAST_WORDS_WAIT: Final = 1.0
_SMALL: Final = 256 * 1024  # octets that are sooner sent than somebody who wants them is waited for


@dataclass(frozen=True, slots=True)
class Window:
    """How much may be on its way unconfirmed, which is also how much a lost line leaves uncertain.

    At most ``first`` messages are in flight at once, one more with each that is accepted, half as
    many with each that nobody gets, up to ``messages``; with ``octets`` of their content, and
    ``chunks`` of a large one. After ``refusals`` messages that nobody got no content is sent before
    a recipient is accepted: servers that count refusals (Exim ends a session with the eleventh
    RSET that follows no message) must not take others down with them.
    """

    first: int = 16
    messages: int = 128
    octets: int = 4 * 1024 * 1024
    chunks: int = 4
    refusals: int = 4


class Line:
    """A session's transactions on their way, oldest first."""

    def __init__(
        self, conn: Connection, settled: Callable[[Submission, Receipt], None], window: Window
    ) -> None:
        self._conn = conn
        self._settled = settled
        self._window = window
        self._under_way: deque[Transaction] = deque()
        self._most = min(window.first, window.messages)
        self._refusals = 0
        self._held: tuple[Transaction, bytes] | None = None

    def send(self, submission: Submission) -> Flow[None]:
        """Send one message, its content's end included unless it is refused before."""
        conn, envelope = self._conn, submission.envelope
        transaction = Transaction(submission, conn.protocol)
        try:
            opening = parameters.opening(conn.extensions, envelope, secure=conn.secure)
        except (InvalidArgument, Refused) as error:
            transaction.error = error
            self._under_way.append(transaction)
            self._finish(transaction)
            return
        if conn.spent:
            words = f"the server takes no more than {conn.transactions} messages in one session"
            raise Refused(words, temporary=True)
        transaction.opening = opening
        offered = conn.extensions
        if envelope.binary or (offered.chunking and offered.pipelining):
            yield from self._by_chunks(transaction)
        else:
            yield from self._by_data(transaction)

    # -- DATA

    def _by_data(self, transaction: Transaction) -> Flow[None]:
        yield from self._open(transaction, Verb.DATA)
        yield from self.drain()
        if self._conn.owes_content and not transaction.hopeless:
            transaction.submission.before_content()
            stuffer = Stuffer()
            for block in blocks(transaction.submission.content, stuffer):
                yield from write(block, within=_BLOCK_WAIT)
            yield from self._end_of_data(transaction, stuffer.finish())
        elif self._conn.owes_content:  # RFC 2920 §3.1: 354 although there is nobody to give it to
            yield from self._end_of_data(transaction, b".\r\n")
        self._finish(transaction)

    def _end_of_data(self, transaction: Transaction, octets: bytes) -> Flow[None]:
        """End the content; where the next commands may ride along, together with them.

        Apart they would be answered apart, and the second answer be held back by the server's
        kernel until ours confirms the first: some 40 ms a message (Nagle, delayed ACK).
        """
        self._conn.end_of_data()
        transaction.owed += 1
        self._held = (transaction, octets)
        if not self._conn.extensions.pipelining:
            yield from self._write()

    def _write(self, octets: bytes = b"") -> Flow[None]:
        """Send ``octets``, behind the end of the content that was held for them."""
        if self._held is not None:
            transaction, end = self._held
            self._held = None
            transaction.ended = True
            octets = end + octets
        if octets:
            yield from write(octets, within=_BLOCK_WAIT)

    # -- BDAT

    def _by_chunks(self, transaction: Transaction) -> Flow[None]:
        """Send a small message unasked; a larger one waits until somebody wants it.

        Waiting costs no more than a round trip, for the opening rides behind the content before.
        """
        submission = transaction.submission
        through = AsIs() if submission.envelope.binary else Normaliser()
        parts = chunks(submission.content, through)
        first = next(parts)
        if first.last and first.size <= _SMALL and self._eager:
            yield from self._make_room(first.size)
            submission.before_content()
            opening = self._opening(transaction)
            yield from self._send_chunk(transaction, opening, first)
            self._finish(transaction)
            return
        yield from self._open(transaction)
        yield from self.drain()
        if not transaction.hopeless:
            submission.before_content()
            yield from self._send_chunk(transaction, b"", first)
            yield from self._more_chunks(transaction, parts)
        self._finish(transaction)

    @property
    def _eager(self) -> bool:
        return self._conn.extensions.pipelining and self._refusals < self._window.refusals

    def _more_chunks(self, transaction: Transaction, parts: Iterator[Chunk]) -> Flow[None]:
        """Send the rest, unless a chunk is refused: then no other may follow (RFC 3030 §2)."""
        most = self._window.chunks if self._conn.extensions.pipelining else 1
        for chunk in parts:
            while transaction.owed >= most:
                yield from self._take_reply()
            if transaction.hopeless:
                return
            yield from self._send_chunk(transaction, b"", chunk)

    def _send_chunk(self, transaction: Transaction, before: bytes, chunk: Chunk) -> Flow[None]:
        transaction.owed += 1
        transaction.octets = chunk.size
        command = self._conn.send_chunk(chunk.size, last=chunk.last)
        first, *others = chunk.blocks
        *earlier, end = (before + command + first, *others)
        for block in earlier:
            yield from self._write(block)
        transaction.ended = chunk.last
        yield from self._write(end)

    def _make_room(self, octets: int) -> Flow[None]:
        """Wait until one more message may be in flight."""
        while self._under_way and (
            len(self._under_way) >= self._most
            or sum(each.octets for each in self._under_way) + octets > self._window.octets
        ):
            yield from self._take_reply()

    # -- opening a transaction

    def _commands(self, transaction: Transaction, last: Verb | None) -> Iterator[tuple[Verb, str]]:
        if not self._conn.clean:
            yield Verb.RSET, ""
        yield Verb.MAIL, transaction.opening.mail
        for rcpt in transaction.opening.rcpts:
            yield Verb.RCPT, rcpt
        if last is not None:
            yield last, ""

    def _opening(self, transaction: Transaction, last: Verb | None = None) -> bytes:
        """Return the opening commands in one flight; from here on it is under way."""
        self._under_way.append(transaction)
        octets: list[bytes] = []
        for verb, argument in list(self._commands(transaction, last)):
            octets.append(self._conn.send(verb, *filter(None, [argument])))
            transaction.owed += 1
        return b"".join(octets)

    def _open(self, transaction: Transaction, last: Verb | None = None) -> Flow[None]:
        """Send the opening commands, one by one where the server wants that."""
        if self._conn.extensions.pipelining:
            yield from self._write(self._opening(transaction, last))
            return
        yield from self.drain()
        self._under_way.append(transaction)
        for verb, argument in list(self._commands(transaction, last)):
            if transaction.hopeless:
                return
            transaction.owed += 1
            yield from self._write(self._conn.send(verb, *filter(None, [argument])))
            yield from self._take_reply()

    # -- replies

    def drain(self) -> Flow[None]:
        """Wait for all replies."""
        while any(each.owed for each in self._under_way):
            yield from self._take_reply()

    def _take_reply(self, *, within: float | None = None) -> Flow[None]:
        yield from self._write()
        conn = self._conn
        transaction = next(each for each in self._under_way if each.owed)
        before = conn.in_flight
        reply = yield from next_reply(conn, within=within)
        transaction.owed -= before - conn.in_flight  # 0 when LMTP answers the content once more
        transaction.take(reply)
        if conn.state is State.CLOSED:
            transaction.closing = reply
            raise wire.refusal(reply)
        self._settle()

    def _finish(self, transaction: Transaction) -> None:
        """Note that nothing more will be sent of a message."""
        transaction.finished = True
        self._settle()

    def _settle(self) -> None:
        """Give the receipts of what is over, in order."""
        while self._under_way and self._under_way[0].over:
            transaction = self._under_way.popleft()
            if not transaction.hopeless:
                self._most = min(self._most + 1, self._window.messages)
            elif transaction.opening.rcpts:
                self._most = max(self._most // 2, 1)
                self._refusals += 1
            self._settled(transaction.submission, transaction.receipt())

    # -- when the session breaks

    def salvage(self, error: HongyanError) -> Flow[None]:
        """Settle what is decided, and what may have been accepted, before the session ends.

        A server that broke the line off has often said why; that is read first.
        """
        broken = isinstance(error, NetworkError | Cancelled)
        if broken:
            self._held = None
            self._expect_last_words()
        if self._conn.state is not State.CLOSED and not isinstance(error, ProtocolError):
            with suppress(HongyanError):
                while any(each.owed for each in self._under_way):
                    yield from self._take_reply(within=_LAST_WORDS_WAIT if broken else None)
        for transaction in self._under_way:
            if isinstance(error, ProtocolError) and transaction.owed:
                transaction.disbelieve()
            if transaction.ended or transaction.refused:
                self._settled(transaction.submission, transaction.receipt())
            if transaction.closing:
                break  # the server did nothing more

    def _expect_last_words(self) -> None:
        """Await the reply with which a server ends content that it does not want."""
        if self._conn.owes_content and self._under_way:
            self._conn.end_of_data()
            self._under_way[-1].owed += 1
