r"""UID COPY (RFC 9051 §6.4.7) and UID MOVE (RFC 6851), with the UIDs that result (RFC 4315)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import Unsafe
from hongyan.imap.encoder import mailbox
from hongyan.imap.flows.exchange import accepted, send
from hongyan.imap.flows.expunge import uid_expunge
from hongyan.imap.flows.store import Change, store
from hongyan.imap.types import Condition, CopyUid, Verb

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.sets import NumberSet
    from hongyan.imap.types import Code, Mailbox


def copy(conn: Connection, uids: NumberSet, target: Mailbox) -> Flow[CopyUid | None]:
    """Copy messages; return where they are, or None where the server does not say.

    Raises `Refused`, with the code TRYCREATE where there is no such mailbox: nothing was copied.
    """
    return (yield from _transfer(conn, Verb.UID_COPY, uids, target))


def move(conn: Connection, uids: NumberSet, target: Mailbox) -> Flow[CopyUid | None]:
    r"""Move messages; return where they are, or None where the server does not say.

    Without MOVE they are copied, marked ``\Deleted`` and removed by their UIDs. Raises `Unsafe`
    where the server can do neither without removing other messages too.
    """
    if conn.offers("MOVE", "IMAP4REV2"):
        return (yield from _transfer(conn, Verb.UID_MOVE, uids, target))
    if not conn.offers("UIDPLUS", "IMAP4REV2"):
        raise Unsafe("the server cannot move messages without removing others")
    copied = yield from copy(conn, uids, target)
    yield from store(conn, uids, Change.ADD, [r"\Deleted"])
    yield from uid_expunge(conn, uids)
    return copied


def _transfer(
    conn: Connection, verb: Verb, uids: NumberSet, target: Mailbox
) -> Flow[CopyUid | None]:
    found: list[CopyUid] = []

    def claim(event: Event) -> bool:
        """Take a COPYUID, which MOVE sends before what it removes (RFC 6851 §4.3)."""
        if isinstance(event, Condition) and (told := _copied(event.code)):
            found[:] = [told]
            return True
        return False

    tag = yield from send(conn, verb, uids, mailbox(target, utf8=conn.utf8))
    verdict = yield from accepted(conn, tag, claim)
    return _copied(verdict.code) or (found[0] if found else None)


def _copied(code: Code | None) -> CopyUid | None:
    return code.value if code and isinstance(code.value, CopyUid) else None
