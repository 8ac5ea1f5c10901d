"""Looking into a maildrop: how much there is, its names, its headers (RFC 1939 §5, §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.flow import Flow, write
from hongyan.pop3 import wire
from hongyan.pop3.flows.exchange import accepted, ask, command, content
from hongyan.pop3.flows.window import Failure, Request, pump
from hongyan.pop3.types import Entry, Stat, Verb, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hongyan.pop3.connection import Connection

_USUAL_HEADER: Final = 65_536  # octets; a header's size is not told beforehand


def stat(conn: Connection) -> Flow[Stat]:
    """Return how many messages and octets there are."""
    if conn.awaiting is not Verb.STAT:
        yield from write(conn.send(Verb.STAT))
    reply = yield from accepted(conn)
    return wire.stat(reply.text)


def list_entries(conn: Connection) -> Flow[tuple[Entry, ...]]:
    """Return all messages with sizes and unique ids, which are None where the server has none."""
    most = conn.limits.listing
    if conn.awaiting is not Verb.LIST:
        octets = conn.send(Verb.LIST)
        if conn.capabilities.pipelining:
            octets += conn.send(Verb.UIDL)
        yield from write(octets)
    yield from accepted(conn)
    sizes = tuple(wire.sizes((yield from content(conn, limit=most))))
    reply = yield from ask(conn, Verb.UIDL)
    ids = (yield from content(conn, limit=most)) if reply.ok else b""
    return wire.entries(sizes, wire.uidls(ids))


def top(conn: Connection, entry: Entry, lines: int = 0) -> Flow[bytes]:
    """Return the header and the first ``lines`` lines of a message (RFC 1939 §7)."""
    yield from command(conn, Verb.TOP, str(entry.number), str(lines))
    return (yield from content(conn, limit=conn.limits.header))


def headers(
    conn: Connection,
    entries: Sequence[Entry],
    take: Callable[[Entry, bytes], None],
    *,
    window: Window | None = None,
) -> Flow[tuple[Failure, ...]]:
    """Give the header of each message to ``take``, in order; return those refused."""

    def read(entry: Entry) -> Flow[None]:
        take(entry, (yield from content(conn, limit=conn.limits.header)))

    requests = (
        Request(each, Verb.TOP, (str(each.number), "0"), min(each.size, _USUAL_HEADER))
        for each in entries
    )
    return (yield from pump(conn, requests, window=window, take=read))
