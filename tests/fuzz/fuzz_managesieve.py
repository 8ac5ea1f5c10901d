"""ManageSieve's lines: a line, more octets wanted, or a `ProtocolError`."""

from __future__ import annotations

from hongyan.errors import ProtocolError
from hongyan.managesieve import Connection


def one(data: bytes) -> None:
    conn = Connection()
    try:
        for at in range(0, len(data), 7):
            conn.receive(data[at : at + 7])
            while conn.next_line() is not None:
                continue
    except ProtocolError:
        pass
