"""Deleting from a maildrop and leaving it (RFC 1939 §5, §6).

It has two phases: DELE marks, and only QUIT removes. A session that ends in any other way removes
nothing, so a doubt between the two costs no mail: RSET takes the marks back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hongyan.errors import ConnectionLost, HongyanError, InvalidArgument
from hongyan.pop3.flows.exchange import ask, command
from hongyan.pop3.flows.window import Failure, Request, pump
from hongyan.pop3.types import Entry, Farewell, Verb, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hongyan.flow import Flow
    from hongyan.pop3.connection import Connection


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of messages to be removed.

    ``removed`` are proven to be gone; ``failures`` the server would not mark; what is in neither is
    still there, or, where ``farewell`` is not committed, may be.
    """

    removed: tuple[Entry, ...]
    failures: tuple[Failure, ...]
    farewell: Farewell


def delete(
    conn: Connection, entries: Sequence[Entry], *, window: Window | None = None
) -> Flow[tuple[Failure, ...]]:
    """Mark messages deleted; they go when `quit_` is committed. Return those refused."""
    requests = (Request(each, Verb.DELE, (str(each.number),)) for each in entries)
    return (yield from pump(conn, requests, window=window))


def reset(conn: Connection) -> Flow[None]:
    """Take all deletion marks back."""
    yield from command(conn, Verb.RSET)


def quit_(conn: Connection) -> Flow[Farewell]:
    """End the session; only a ``+OK`` proves that marked messages were removed (RFC 1939 §6).

    Where QUIT has no place any more, as amid a message that nobody reads on, nothing is removed.
    """
    try:
        reply = yield from ask(conn, Verb.QUIT)
    except (ConnectionLost, InvalidArgument) as error:
        return Farewell(committed=False, words=str(error))
    return Farewell(committed=reply.ok, words=reply.text)


def remove(
    conn: Connection, entries: Sequence[Entry], committed: Callable[[Entry], bool]
) -> Flow[Removal]:
    """Remove those of the messages that are safely kept, and end the session.

    ``committed`` says so of one message. It is asked before DELE and once more before QUIT: when
    one answer has changed, or there is none, RSET comes first and nothing is removed.
    """
    sure = [each for each in entries if committed(each)]
    failures = yield from delete(conn, sure)
    try:
        certain = all(committed(each) for each in sure)
    except HongyanError:
        yield from reset(conn)
        raise
    if not certain:
        yield from reset(conn)
        return Removal((), failures, (yield from quit_(conn)))
    farewell = yield from quit_(conn)
    kept = {failure.entry.number for failure in failures}
    marked = tuple(each for each in sure if each.number not in kept)
    return Removal(marked if farewell.committed else (), failures, farewell)
