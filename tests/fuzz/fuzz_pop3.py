"""The POP3 parser: any octets give events, a wish for more, or a ProtocolError."""

from __future__ import annotations

from contextlib import suppress

from hongyan.errors import ProtocolError
from hongyan.pop3 import Connection, Verb, wire
from hongyan.pop3.types import Content


def one(data: bytes) -> None:
    """Feed ``data[1:]`` in pieces of ``data[0]`` octets to a busy session; read all listings."""
    if not data:
        return
    size, stream = max(1, data[0]), data[1:]
    conn = Connection()
    for verb, arguments in (
        (Verb.CAPA, ()), (Verb.AUTH, ("PLAIN",)), (Verb.LIST, ()), (Verb.UIDL, ()),
        (Verb.RETR, ("1",)), (Verb.TOP, ("1", "0")), (Verb.STAT, ()), (Verb.QUIT, ()),
    ):  # fmt: skip
        conn.send(verb, *arguments)
    with suppress(ProtocolError):
        for at in range(0, len(stream), size):
            conn.receive(stream[at : at + size])
            while (event := conn.next_event()) is not None:
                if isinstance(event, Content):
                    _read(event.data)


def _read(listing: bytes) -> None:
    wire.capabilities(listing)
    with suppress(ProtocolError):
        wire.entries(wire.sizes(listing), wire.uidls(listing))
