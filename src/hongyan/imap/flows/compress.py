"""COMPRESS=DEFLATE (RFC 4978): the rest of the session goes compressed, within TLS if any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan import flow
from hongyan.imap.encoder import Raw
from hongyan.imap.flows.exchange import command, require
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection

OFFER: Final = "COMPRESS=DEFLATE"


def compress(conn: Connection) -> Flow[None]:
    """Compress the session from here on, in both directions; worth it on a narrow line.

    Raises `Unsafe` where the server does not offer it, `Refused` where it is compressed already.
    """
    require(conn, OFFER)
    yield from command(conn, Verb.COMPRESS, Raw(b"DEFLATE"))
    yield from flow.compress(conn.unread())
