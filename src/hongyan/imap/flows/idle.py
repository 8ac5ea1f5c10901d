"""IDLE (RFC 2177): waiting for the server's news, which come to the connection's listener."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.errors import ProtocolError
from hongyan.flow import Flow, Wake, read, wait, write
from hongyan.imap.flows.exchange import alive, next_event, tell
from hongyan.imap.refusal import refusal
from hongyan.imap.types import Continuation, Tagged, Verb

if TYPE_CHECKING:
    from hongyan.imap.connection import Connection

LONGEST: Final = 29 * 60.0  # RFC 2177 §3
_SECONDS: Final = 60.0


def idle(conn: Connection, *, seconds: float = LONGEST) -> Flow[Wake]:
    """Wait until the server says something, ``wake()`` is called, or the time is over.

    Returns which it was; with `Wake.DATA` the listener has heard it, be it only a sign of life.
    Afterwards the session is free for other commands. Raises `Refused`.
    """
    yield from write(conn.send(Verb.IDLE))
    heard = yield from _leave_to_idle(conn)
    heard |= _hear(conn)
    woken = Wake.DATA if heard else (yield from wait(seconds))
    while woken is Wake.DATA and not heard:
        conn.receive((yield from read(within=_SECONDS, progress=conn.progress)))
        heard = _hear(conn)
    yield from write(b"DONE\r\n", within=_SECONDS)
    yield from _ended(conn)
    return woken


def _ended(conn: Connection) -> Flow[None]:
    while not isinstance(event := (yield from next_event(conn, within=_SECONDS)), Tagged):
        tell(conn, event)
    if not event.ok:
        raise refusal(event)


def _leave_to_idle(conn: Connection) -> Flow[bool]:
    """Wait for the ``+``; whether there was news before it."""
    heard = False
    while not isinstance(event := (yield from next_event(conn, within=_SECONDS)), Continuation):
        if isinstance(event, Tagged):
            raise refusal(event)
        tell(conn, event)
        heard = True
    return heard


def _hear(conn: Connection) -> bool:
    """Tell the listener all that has come; whether that was anything."""
    heard = False
    while (event := conn.next_event()) is not None:
        if isinstance(event, Tagged | Continuation):
            raise ProtocolError("the server ended IDLE by itself")
        tell(conn, alive(conn, event))
        heard = True
    return heard
