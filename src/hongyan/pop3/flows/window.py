"""Many commands in flight, bounded so that neither side can block the other (RFC 2449 §6.6).

This is what makes Hongyan quick: the line is never idle. The bound is in commands, which fit any
socket's buffer, and in octets to come, which fit the driver's. Without PIPELINING the window is one
command wide.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import ProtocolError, Refused
from hongyan.flow import Flow, write
from hongyan.pop3 import wire
from hongyan.pop3.flows.exchange import next_event, next_reply
from hongyan.pop3.flows.login import riding
from hongyan.pop3.types import Content, Entry, Verb, Window

if TYPE_CHECKING:
    from hongyan.pop3.connection import Connection

_TOGETHER: Final = 128  # commands in one write: the server begins while the next are written

Sink: TypeAlias = Callable[[Entry, bytes, bool], None]
"""Takes an entry, a chunk of its message and whether that is the last."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that the server would not give, or not delete, and its words."""

    entry: Entry
    error: Refused


@dataclass(frozen=True, slots=True)
class Request:
    """A command about one message, and how many octets its reply should have."""

    entry: Entry
    verb: Verb
    arguments: tuple[str, ...]
    octets: int = 0


def pump(
    conn: Connection,
    requests: Iterable[Request],
    *,
    window: Window | None,
    take: Callable[[Entry], Flow[None]] | None = None,
    riders: tuple[Verb, ...] = (),
) -> Flow[tuple[Failure, ...]]:
    """Send the requests, in order, and have ``take`` read what follows each ``+OK``.

    Returns those that were refused. ``riders`` go with the last requests where the server offers
    PIPELINING; their replies are in flight at the end.
    """
    window = (window or Window()) if conn.capabilities.pipelining else Window(commands=1)
    remaining = iter(requests)
    waiting = next(remaining, None)
    asked: deque[Request] = deque()
    failures: list[Failure] = []
    octets = 0

    def fitting() -> Iterator[bytes]:
        nonlocal octets, waiting
        while waiting and _fits(window, len(asked), octets + waiting.octets):
            request, waiting = waiting, next(remaining, None)
            asked.append(request)
            octets += request.octets
            yield conn.send(request.verb, *request.arguments)

    while waiting or asked:
        if len(asked) <= window.commands // 2:
            while commands := b"".join(islice(fitting(), _TOGETHER)):
                last = b"" if waiting else riding(conn, riders)
                yield from write(commands + last)
        reply = yield from next_reply(conn)
        if not reply.ok:
            failures.append(Failure(asked[0].entry, wire.refusal(reply)))
        elif take is not None:
            yield from take(asked[0].entry)
        octets -= asked.popleft().octets
    return tuple(failures)


def _fits(window: Window, commands: int, octets: int) -> bool:
    return commands == 0 or (commands < window.commands and octets <= window.octets)


def retrieve(
    conn: Connection,
    entries: Sequence[Entry],
    sink: Sink,
    *,
    window: Window | None = None,
    riders: tuple[Verb, ...] = (),
) -> Flow[tuple[Failure, ...]]:
    """Stream the messages to ``sink``, in order; return those that the server would not give.

    An error that ends the flow may leave one message begun and not ended: it must not be kept. With
    QUIT among the ``riders`` (see `pump`) call `quit_` next; a server that removes what it has
    given (EXPIRE 0, RFC 2449 §6.7) may then do so before the message is safe.
    """
    most = conn.limits.message

    def stream(entry: Entry) -> Flow[None]:
        size = 0
        last = False
        while not last:
            event = yield from next_event(conn)
            if not isinstance(event, Content):
                raise ProtocolError("the server broke off a message")
            last = event.last
            size += len(event.data)
            if size > most:
                raise ProtocolError(f"message {entry.number} is longer than {most} octets")
            sink(entry, event.data, last)

    requests = (Request(each, Verb.RETR, (str(each.number),), each.size) for each in entries)
    return (yield from pump(conn, requests, window=window, take=stream, riders=riders))
