"""UID FETCH (RFC 9051 §6.4.5), windowed and streamed; CONDSTORE and QRESYNC (RFC 7162).

A set is asked for in pieces of bounded size, with a second command in flight while the first is
answered, so the line is never idle and a refused piece names itself. What goes to a sink counts
only when `take` has got the whole response; bodies of messages that were not asked for go nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import InvalidArgument, Refused
from hongyan.guard import argument
from hongyan.imap.data import Body, BodyChunk, Fetched, Vanished
from hongyan.imap.encoder import Raw, flag
from hongyan.imap.flows.exchange import Request, ask_each, nothing, require
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.encoder import Argument
    from hongyan.imap.sets import Uids

LAZY_PREVIEW: Final = Raw(b"PREVIEW (LAZY)")
"""Ask for a preview only where the server has it ready (RFC 8970 §4)."""

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


Item: TypeAlias = str | Raw | Peek
"""What to fetch: a name such as ``"FLAGS"``, words as they stand, or octets of the message."""


@dataclass(frozen=True, slots=True)
class Window:
    """How much may be asked for before it has come: commands, and messages of each.

    Every command costs a server a look at the whole mailbox, and what comes goes to a sink in
    pieces, so many messages a command cost nobody memory. With ``newest_first`` the commands go
    from the highest UIDs down; each still counts up. ``stop`` is asked before each command: once it
    says so, no more are sent.
    """

    commands: int = 2
    messages: int = 2000
    newest_first: bool = False
    stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Failure:
    """Messages of which the server would not give all, and its words."""

    uids: Uids
    error: Refused


def fetch(  # noqa: PLR0913 - what to ask for, and who takes which part of the answer
    conn: Connection,
    uids: Uids,
    items: Sequence[Item],
    *,
    take: Take | None = None,
    sink: Sink | None = None,
    changed_since: int | None = None,
    vanished: Callable[[Vanished], None] | None = None,
    partial: tuple[int, int] | None = None,
    window: Window | None = None,
    leave: bool = False,
) -> Flow[tuple[Failure, ...]]:
    """Ask for ``items`` of the messages ``uids``; return the pieces that the server refused.

    ``items`` are names such as ``"FLAGS"``, and `Peek`. Every body goes to ``sink``, in chunks, and
    then what is known of its message to ``take``; without a sink ``take`` finds bodies up to the
    limit ``held`` in `Fetched.bodies`, larger ones are dropped. ``changed_since`` is a
    mod-sequence; with it and ``vanished``, where QRESYNC is enabled, come those that are gone.
    ``partial`` takes a stretch of the messages, counted from 1, or from -1 backwards (RFC 9394).
    With ``leave`` LOGOUT goes behind the last command: the session is over then.
    """
    window = window or Window()
    asking = _asking(items, changed_since, vanished)
    if partial is not None:
        require(conn, "PARTIAL")
        asking.append([Raw(b"PARTIAL"), Raw(b"%d:%d" % partial)])
    pieces: list[Uids] = [uids] if partial else list(uids.pieces(numbers=window.messages))
    if window.newest_first:
        pieces.reverse()
    asked: list[Uids] = []

    def requests() -> Iterator[Request[None]]:
        for piece in pieces:
            if window.stop():
                return
            asked.append(piece)
            yield Request(Verb.UID_FETCH, [piece, *asking], nothing, receiver.claim)

    receiver = _Receiver(uids, take, sink, vanished)
    outcomes = yield from ask_each(conn, requests(), at_once=window.commands, leave=leave)
    return tuple(
        Failure(piece, outcome)
        for piece, outcome in zip(asked, outcomes, strict=True)
        if outcome is not None
    )


def fetch_request(
    uids: Uids,
    items: Sequence[Item],
    *,
    take: Take | None = None,
    sink: Sink | None = None,
) -> Request[None]:
    """Return one command of `fetch`, to be asked with others, such as behind a SELECT."""
    claim = _Receiver(uids, take, sink, None).claim
    return Request(Verb.UID_FETCH, [uids, *_asking(items, None, None)], nothing, claim)


def _asking(
    items: Sequence[Item],
    changed_since: int | None,
    vanished: Callable[[Vanished], None] | None,
) -> list[Argument]:
    """Return the arguments after the set; UID comes with every answer, unasked."""
    asking: list[Argument] = [wanted(items) or [Raw(b"UID")]]
    if changed_since is not None:
        modifiers: list[Argument] = [Raw(b"CHANGEDSINCE"), changed_since]
        asking.append([*modifiers, Raw(b"VANISHED")] if vanished else modifiers)
    return asking


def wanted(items: Sequence[Item]) -> list[Raw]:
    """Return what to fetch as it stands in a command. Raises `InvalidArgument`."""
    return [_item(each) for each in items]


def _item(item: Item) -> Raw:
    if isinstance(item, str):
        return flag(item)
    return item.raw() if isinstance(item, Peek) else item


class _Receiver:
    """Gives what comes to whom it belongs."""

    __slots__ = ("_sink", "_take", "_uids", "_vanished")

    def __init__(
        self,
        uids: Uids,
        take: Take | None,
        sink: Sink | None,
        vanished: Callable[[Vanished], None] | None,
    ) -> None:
        self._uids = uids
        self._take = take
        self._sink = sink
        self._vanished = vanished

    def claim(self, event: Event) -> bool:
        match event:
            case BodyChunk(message=Fetched(uid=uid)):
                return self._asked(uid) and self._chunk(event)
            case Fetched(uid=uid) if uid is not None:
                return self._asked(uid) and self._fetched(event)
            case Vanished() if self._vanished is not None:
                self._vanished(event)
                return True
        return False

    def _asked(self, uid: int | None) -> bool:
        """Whether a message is one of those asked for; one without its UID may still be."""
        return uid is None or uid in self._uids

    def _chunk(self, chunk: BodyChunk) -> bool:
        if self._sink is not None:
            self._sink(chunk.message, chunk.body, chunk.data, chunk.last)
        return True

    def _fetched(self, message: Fetched) -> bool:
        if self._sink is not None:
            for body in message.bodies:
                if body.data is not None:
                    self._sink(message, body, body.data, True)  # noqa: FBT003 - the last chunk
        if self._take is not None:
            self._take(message)
        return True
