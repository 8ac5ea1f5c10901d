"""The IMAP engine: any octets give events, a wish for more, or a ProtocolError; names come back."""

from __future__ import annotations

from contextlib import suppress
from itertools import count

from hongyan.errors import ProtocolError
from hongyan.imap import Connection, Limits, Verb
from hongyan.imap.data import Fetched, Listed, Vanished
from hongyan.imap.utf7 import decode, encode


def one(data: bytes) -> None:
    """Feed ``data[1:]`` in pieces of ``data[0]`` octets: bare, after ``* ``, and in a FETCH."""
    if not data:
        return
    size, stream = max(1, data[0]), data[1:]
    _feed(stream, size)
    _feed(b"* " + stream + b"\r\n", size)
    _feed(b"* 1 FETCH (BODYSTRUCTURE (" + stream + b")\r\n", size)
    _feed(b"* OK [" + stream + b"\r\n", size)
    _feed(stream + b" OK x\r\n", size)
    _name(stream)


def _feed(stream: bytes, size: int) -> None:
    numbers = count(1)
    conn = Connection(tags=lambda: f"A{next(numbers)}", limits=Limits(held=8, line=4096))
    with suppress(ProtocolError):
        conn.receive(b"* PREAUTH hello\r\n")
        conn.next_event()
        for verb in (Verb.LIST, Verb.NAMESPACE, Verb.NOOP):
            conn.send(verb)
        for at in range(0, len(stream), size):
            conn.receive(stream[at : at + size])
            while (event := conn.next_event()) is not None:
                _use(event)


def _use(event: object) -> None:
    repr(event)
    match event:
        case Fetched(structure=structure) if structure is not None:
            assert all(number for number, _ in structure.walk())
        case Vanished(uids=uids):
            assert (1 in uids) == bool(uids.ranges and uids.ranges[0][0] == 1)
            assert len(str(uids)) < 8192
        case Listed(name=name):
            assert isinstance(name, str)


def _name(octets: bytes) -> None:
    with suppress(ValueError):
        assert encode(decode(octets)) == octets
