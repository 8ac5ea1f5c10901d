"""``hongyan.aio.POP3`` and ``hongyan.aio.SMTP``: the same sessions for programs in an event loop.

Every method is one flow, run by the asyncio driver; see `hongyan.client.blocking` for the words.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self, TypeVar

from hongyan import pop3, smtp
from hongyan.client.message import content_of, submissions
from hongyan.client.prepared import Prepared, PreparedPOP3, PreparedSMTP
from hongyan.errors import HongyanError
from hongyan.net.aio import AsyncDriver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from hongyan.client.message import Message, Triple
    from hongyan.flow import Flow

T = TypeVar("T")


class Session(Prepared):
    """What all protocols share: open between ``__aenter__`` and ``__aexit__``."""

    async def __aenter__(self) -> Self:
        """Connect, protect the line and log in."""
        self._driver = AsyncDriver(self._endpoint, recorder=self._recorder, context=self._context)
        try:
            await self._driver.connect(within=self._timeout)
            self._conn = await self._run(self._opening(self._driver.channel))
        except BaseException:
            await self._driver.close()
            raise
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        """Say goodbye, unless something went wrong, and close."""
        try:
            if kind is None:
                await self._run(self._ending())
        finally:
            await self._driver.close()

    async def _run(self, flow: Flow[T]) -> T:
        return await self._driver.run(flow)


class POP3(PreparedPOP3, Session):
    """A POP3 session in an event loop."""

    async def stat(self) -> pop3.Stat:
        """Return how many messages and octets there are."""
        return await self._run(pop3.stat(self._conn))

    async def list(self) -> tuple[pop3.Entry, ...]:
        """Return all messages: number, size in octets, unique id or None."""
        return await self._run(self._entries())

    async def fetch(
        self, entries: Sequence[pop3.Entry], sink: pop3.Sink, *, leave: bool = False
    ) -> tuple[pop3.Failure, ...]:
        """Stream messages to ``sink(entry, chunk, last)``, which must not block."""
        return await self._run(self._fetching(entries, sink, leave=leave))

    async def top(self, entry: pop3.Entry, lines: int = 0) -> bytes:
        """Return the header and the first ``lines`` lines of a message."""
        return await self._run(pop3.top(self._conn, entry, lines))

    async def delete(self, entries: Sequence[pop3.Entry]) -> tuple[pop3.Failure, ...]:
        """Mark messages deleted; they go when the session ends well."""
        return await self._run(pop3.delete(self._conn, entries))

    async def reset(self) -> None:
        """Take all deletion marks back."""
        await self._run(pop3.reset(self._conn))

    async def noop(self) -> None:
        """Keep the session alive."""
        await self._run(pop3.noop(self._conn))


class SMTP(PreparedSMTP, Session):
    """An SMTP submission session in an event loop."""

    async def send(
        self, message: Message, sender: str, recipients: str | Iterable[str]
    ) -> smtp.Receipt:
        """Submit a message; the receipt tells what became of it for each recipient."""
        content = content_of(message)
        envelope = content.envelope(sender, recipients)
        return await self._run(smtp.submit(self._conn, envelope, content.chunks()))

    async def send_many(self, triples: Iterable[Triple]) -> AsyncIterator[smtp.Receipt]:
        """Submit many ``(message, sender, recipients)`` and yield each receipt, in order.

        Whoever leaves the loop early ends the session: part of a message may have left.
        """
        receipts: deque[smtp.Receipt] = deque()
        flow = smtp.submit_many(
            self._conn, submissions(triples), lambda _, receipt: receipts.append(receipt)
        )
        running = await self._driver.start(flow)
        try:
            while await self._driver.step(running):
                while receipts:
                    yield receipts.popleft()
        except HongyanError:
            for receipt in receipts:
                yield receipt
            raise
        for receipt in receipts:
            yield receipt
