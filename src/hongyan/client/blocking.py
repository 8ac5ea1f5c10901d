"""``hongyan.POP3`` and ``hongyan.SMTP``: sessions as context managers, in the thread that calls.

Every method is one flow, run by the blocking driver; `hongyan.aio` runs the same flows.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self, TypeVar

from hongyan import pop3, smtp
from hongyan.client.message import content_of, submissions
from hongyan.client.prepared import Prepared, PreparedPOP3, PreparedSMTP
from hongyan.errors import HongyanError
from hongyan.net.blocking import BlockingDriver

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hongyan.client.message import Message, Triple
    from hongyan.flow import Flow

T = TypeVar("T")


class Session(Prepared):
    """What all protocols share: open between ``__enter__`` and ``__exit__``."""

    def __enter__(self) -> Self:
        """Connect, protect the line and log in.

        Raises `NetworkError`, `ProtocolError`, `Unsafe`, `AuthenticationRefused` or `Refused`.
        """
        self._driver = BlockingDriver(
            self._endpoint, recorder=self._recorder, context=self._context
        )
        try:
            self._driver.connect(within=self._timeout)
            self._conn = self._run(self._opening(self._driver.channel))
        except BaseException:
            self._driver.close()
            raise
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Say goodbye, unless something went wrong, and close."""
        try:
            if kind is None:
                self._run(self._ending())
        finally:
            self._driver.close()

    def _run(self, flow: Flow[T]) -> T:
        return self._driver.run(flow)


class POP3(PreparedPOP3, Session):
    """A POP3 session (RFC 1939); see `Prepared` for the arguments.

    ``with POP3("pop3s://host", user, password) as pop: pop.fetch(pop.list(), sink)``
    """

    def stat(self) -> pop3.Stat:
        """Return how many messages and octets there are."""
        return self._run(pop3.stat(self._conn))

    def list(self) -> tuple[pop3.Entry, ...]:
        """Return all messages: number, size in octets, unique id or None."""
        return self._run(self._entries())

    def fetch(
        self, entries: Sequence[pop3.Entry], sink: pop3.Sink, *, leave: bool = False
    ) -> tuple[pop3.Failure, ...]:
        """Stream messages to ``sink(entry, chunk, last)`` and return those not to be had.

        Many are asked for at once where the server allows it; memory stays constant. With ``leave``
        QUIT goes along, which saves a round trip, and nothing can follow.
        """
        return self._run(self._fetching(entries, sink, leave=leave))

    def top(self, entry: pop3.Entry, lines: int = 0) -> bytes:
        """Return the header and the first ``lines`` lines of a message."""
        return self._run(pop3.top(self._conn, entry, lines))

    def delete(self, entries: Sequence[pop3.Entry]) -> tuple[pop3.Failure, ...]:
        """Mark messages deleted and return those refused; they go when the session ends well."""
        return self._run(pop3.delete(self._conn, entries))

    def reset(self) -> None:
        """Take all deletion marks back."""
        self._run(pop3.reset(self._conn))

    def noop(self) -> None:
        """Keep the session alive."""
        self._run(pop3.noop(self._conn))


class SMTP(PreparedSMTP, Session):
    """An SMTP submission session (RFC 5321, 6409); see `Prepared` for the arguments.

    ``with SMTP("smtps://host", user, password) as smtp: smtp.send(message, sender, recipients)``
    """

    def send(self, message: Message, sender: str, recipients: str | Iterable[str]) -> smtp.Receipt:
        """Submit a message; the receipt tells what became of it for each recipient.

        Raises `Refused` when the sender is not accepted, `InvalidArgument` before anything is sent.
        """
        content = content_of(message)
        envelope = content.envelope(sender, recipients)
        return self._run(smtp.submit(self._conn, envelope, content.chunks()))

    def send_many(self, triples: Iterable[Triple]) -> Iterator[smtp.Receipt]:
        """Submit many ``(message, sender, recipients)``, keep the line full, yield each receipt.

        The receipts come in order; a refused message harms no other. When the session breaks, what
        is decided or uncertain is yielded before the error is raised; the rest was not accepted.
        Whoever leaves the loop early ends the session: part of a message may have left.
        """
        receipts: deque[smtp.Receipt] = deque()
        flow = smtp.submit_many(
            self._conn, submissions(triples), lambda _, receipt: receipts.append(receipt)
        )
        running = self._driver.start(flow)
        try:
            while self._driver.step(running):
                while receipts:
                    yield receipts.popleft()
        except HongyanError:
            yield from receipts
            raise
        yield from receipts
