"""The POP3 parser: any octets give events, a wish for more, or a ProtocolError."""

from __future__ import annotations

from contextlib import suppress

from hongyan.errors import ProtocolError
from hongyan.pop3 import Connection, Verb, wire
from hongyan.pop3.types import Challenge, Content


def one(data: bytes) -> None:
    """Feed ``data[1:]`` in pieces of ``data[0]`` octets to a busy session; read all listings."""
    if not data:
        return
    size, stream = max(1, data[0]), data[1:]
    conn = Connection()
    for verb, arguments in (
        (Verb.CAPA, ()), (Verb.LANG, ()), (Verb.AUTH, ("PLAIN",)), (Verb.LIST, ()), (Verb.UIDL, ()),
        (Verb.RETR, ("1",)), (Verb.TOP, ("1", "0")), (Verb.STAT, ()), (Verb.QUIT, ()),
    ):  # fmt: skip
        conn.send(verb, *arguments)
    with suppress(ProtocolError):
        for at in range(0, len(stream), size):
            conn.receive(stream[at : at + size])
            while (event := conn.next_event()) is not None:
                if isinstance(event, Content):
                    _read(event.data)
                elif isinstance(event, Challenge):
                    wire.challenge(event.data)
                else:
                    str(wire.refusal(event))


def _read(listing: bytes) -> None:
    told = wire.capabilities(listing)
    hash((told.expire, told.login_delay, told.personal, told.utf8_login))
    wire.languages(listing)
    with suppress(ProtocolError):
        wire.entries(wire.sizes(listing), wire.uidls(listing))
