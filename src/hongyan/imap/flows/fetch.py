"""UID FETCH (RFC 9051 §6.4.5), windowed and streamed; CONDSTORE and QRESYNC (RFC 7162).

A set is asked for in pieces of bounded size, with a second command in flight while the first is
answered, so the line is never idle and a refused piece names itself. What goes to a sink counts
only when `take` has got the whole response; bodies of messages that were not asked for go nowhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hongyan.errors import InvalidArgument, ProtocolError, Refused
from hongyan.flow import Flow, write
from hongyan.guard import argument
from hongyan.imap.data import Body, BodyChunk, Fetched, Vanished
from hongyan.imap.encoder import Raw, flag
from hongyan.imap.flows.exchange import next_event, tell
from hongyan.imap.refusal import refusal
from hongyan.imap.types import Continuation, Tagged, Verb

if TYPE_CHECKING:
    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.encoder import Argument
    from hongyan.imap.sets import NumberSet

Take: TypeAlias = Callable[[Fetched], None]
"""Takes what a whole response says of a message."""

Sink: TypeAlias = Callable[[Fetched, Body, bytes, bool], None]
"""Takes what is known of a message, which body, a chunk of it, and whether that is the last."""


@dataclass(frozen=True, slots=True)
class Peek:
    r"""Ask for octets of a message without marking it ``\Seen``.

    ``section`` is such as ``""`` for all, ``"HEADER"``, ``"1.2"``, ``"2.MIME"``; with ``fields`` it
    is header fields of that names. ``origin`` and ``count`` ask for a stretch of it; ``binary`` has
    the transfer encoding undone (RFC 3516).
    """

    section: str = ""
    fields: tuple[str, ...] = ()
    origin: int | None = None
    count: int | None = None
    binary: bool = False

    def raw(self) -> Raw:
        """Return it as it stands in a command. Raises `InvalidArgument`."""
        section = argument("section", self.section)
        if not section.isascii() or set(section) & set('[]{}()"%* '):
            raise InvalidArgument("section", f"{section!r} is none")
        if self.fields:
            names = " ".join(flag(each).octets.decode() for each in self.fields)
            section = f"{section or 'HEADER.FIELDS'} ({names})"
        part = f"<{self.origin or 0}.{self.count}>" if self.count is not None else ""
        return Raw(f"{'BINARY' if self.binary else 'BODY'}.PEEK[{section}]{part}".encode())


@dataclass(frozen=True, slots=True)
class Window:
    """How much may be asked for before it has come: commands, and messages of each."""

    commands: int = 2
    messages: int = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """Messages of which the server would not give all, and its words."""

    uids: NumberSet
    error: Refused


def fetch(  # noqa: PLR0913 - what to ask for, and who takes which part of the answer
    conn: Connection,
    uids: NumberSet,
    items: Sequence[str | Peek],
    *,
    take: Take | None = None,
    sink: Sink | None = None,
    changed_since: int | None = None,
    vanished: Callable[[Vanished], None] | None = None,
    window: Window | None = None,
) -> Flow[tuple[Failure, ...]]:
    """Ask for ``items`` of the messages ``uids``; return the pieces that the server refused.

    ``items`` are names such as ``"FLAGS"``, and `Peek`. Every body goes to ``sink``, in chunks, and
    then what is known of its message to ``take``; without a sink ``take`` finds bodies up to the
    limit ``held`` in `Fetched.bodies`, larger ones are dropped. ``changed_since`` is a
    mod-sequence; with it and ``vanished``, where QRESYNC is enabled, come those that are gone.
    """
    asking = _asking(items, changed_since, vanished)
    receiver = _Receiver(conn, uids, take, sink, vanished)
    window = window or Window()
    pieces = deque(uids.pieces(numbers=window.messages))
    asked: dict[str, NumberSet] = {}
    failures: list[Failure] = []
    while pieces or asked:
        while pieces and len(asked) < window.commands:
            piece = pieces.popleft()
            octets = conn.send(Verb.UID_FETCH, piece, *asking)
            asked[conn.last_tag] = piece
            yield from write(octets)
        reply = yield from _reply(conn, receiver)
        piece = asked.pop(reply.tag)  # servers may answer in any order (RFC 9051 §5.5)
        if not reply.ok:
            failures.append(Failure(piece, refusal(reply)))
    return tuple(failures)


def _asking(
    items: Sequence[str | Peek],
    changed_since: int | None,
    vanished: Callable[[Vanished], None] | None,
) -> list[Argument]:
    """Return the arguments after the set; UID comes with every answer, unasked."""
    wanted = [each.raw() if isinstance(each, Peek) else flag(each) for each in items]
    asking: list[Argument] = [wanted or [Raw(b"UID")]]
    if changed_since is not None:
        modifiers: list[Argument] = [Raw(b"CHANGEDSINCE"), changed_since]
        asking.append([*modifiers, Raw(b"VANISHED")] if vanished else modifiers)
    return asking


class _Receiver:
    """Gives what comes to whom it belongs."""

    def __init__(
        self,
        conn: Connection,
        uids: NumberSet,
        take: Take | None,
        sink: Sink | None,
        vanished: Callable[[Vanished], None] | None,
    ) -> None:
        self._conn = conn
        self._uids = uids
        self._take = take
        self._sink = sink
        self._vanished = vanished

    def receive(self, event: Event) -> None:
        match event:
            case BodyChunk():
                if self._sink is not None and self._asked(event.message.uid):
                    self._sink(event.message, event.body, event.data, event.last)
            case Fetched() if event.uid is not None and self._asked(event.uid):
                self._fetched(event)
            case Vanished() if self._vanished is not None:
                self._vanished(event)
            case _:
                tell(self._conn, event)

    def _asked(self, uid: int | None) -> bool:
        """Whether a message is one of those asked for; one without its UID may still be."""
        return uid is None or uid in self._uids

    def _fetched(self, message: Fetched) -> None:
        if self._sink is not None:
            for body in message.bodies:
                if body.data is not None:
                    self._sink(message, body, body.data, True)  # noqa: FBT003 - the last chunk
        if self._take is not None:
            self._take(message)


def _reply(conn: Connection, receiver: _Receiver) -> Flow[Tagged]:
    while not isinstance(event := (yield from next_event(conn)), Tagged):
        if isinstance(event, Continuation):
            raise ProtocolError("the server asks to go on where nothing is to come")
        receiver.receive(event)
    return event
