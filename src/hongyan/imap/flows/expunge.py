r"""Removing messages marked ``\Deleted`` (RFC 9051 §6.4.3, §6.4.9).

What is gone is told to the listener, by number or by UID, as the session has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import Unsafe
from hongyan.imap.flows.exchange import command
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection
    from hongyan.imap.sets import Uids


def expunge(conn: Connection) -> Flow[None]:
    r"""Remove every message that is marked ``\Deleted``, whoever marked it."""
    yield from command(conn, Verb.EXPUNGE)


def uid_expunge(conn: Connection, uids: Uids) -> Flow[None]:
    r"""Remove those of ``uids`` that are marked ``\Deleted`` (RFC 4315 §2.1).

    Raises `Unsafe` where the server could only remove others with them.
    """
    require_uid_expunge(conn)
    yield from command(conn, Verb.UID_EXPUNGE, uids)


def require_uid_expunge(conn: Connection) -> None:
    """Raise `Unsafe` where `uid_expunge` would: before messages are marked for it."""
    if not conn.offers("UIDPLUS", "IMAP4REV2"):
        raise Unsafe("the server cannot remove these messages without removing others")
