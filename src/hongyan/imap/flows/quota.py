"""GETQUOTAROOT (RFC 9208 §4.1.2): how much room there is for a mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.imap.data import Quota, QuotaRoots
from hongyan.imap.encoder import mailbox
from hongyan.imap.flows.exchange import collector, command, require
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection
    from hongyan.imap.types import Mailbox


def quota(conn: Connection, name: Mailbox = "INBOX") -> Flow[tuple[Quota, ...]]:
    """Return the quotas that hold for a mailbox. Raises `Unsafe` where the server has none."""
    require(conn, "QUOTA", "IMAP4REV2")
    found: list[Quota] = []
    roots: list[QuotaRoots] = []
    of_quota, of_roots = collector(conn, Quota, found), collector(conn, QuotaRoots, roots)
    yield from command(
        conn,
        Verb.GETQUOTAROOT,
        mailbox(name, utf8=conn.utf8),
        claim=lambda event: of_quota(event) or of_roots(event),
    )
    return tuple(found)
