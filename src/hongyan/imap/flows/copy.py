r"""UID COPY (RFC 9051 §6.4.7) and UID MOVE (RFC 6851), with the UIDs that result (RFC 4315)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import Unsafe
from hongyan.imap.encoder import mailbox
from hongyan.imap.flows.exchange import Request, ask
from hongyan.imap.flows.expunge import uid_expunge
from hongyan.imap.flows.store import Change, store
from hongyan.imap.types import Condition, CopyUid, Verb

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.sets import Uids
    from hongyan.imap.types import Code, Mailbox, Tagged


def copy(conn: Connection, uids: Uids, target: Mailbox) -> Flow[CopyUid | None]:
    """Copy messages; return where they are, or None where the server does not say.

    Raises `Refused`, with the code TRYCREATE where there is no such mailbox: nothing was copied.
    """
    return (yield from _transfer(conn, Verb.UID_COPY, uids, target))


def move(conn: Connection, uids: Uids, target: Mailbox) -> Flow[CopyUid | None]:
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


def _transfer(conn: Connection, verb: Verb, uids: Uids, target: Mailbox) -> Flow[CopyUid | None]:
    return (yield from ask(conn, transfer_request(conn, verb, uids, target)))


def transfer_request(
    conn: Connection, verb: Verb, uids: Uids, target: Mailbox
) -> Request[CopyUid | None]:
    """Return the request that `copy` is, or with the verb UID MOVE `move`."""
    found: list[CopyUid] = []

    def claim(event: Event) -> bool:
        """Take a COPYUID, which MOVE sends before what it removes (RFC 6851 §4.3)."""
        if isinstance(event, Condition) and (told := _copied(event.code)):
            found[:] = [told]
            return True
        return False

    def result(reply: Tagged) -> CopyUid | None:
        return _copied(reply.code) or (found[0] if found else None)

    return Request(verb, [uids, mailbox(target, utf8=conn.utf8)], result, claim)


def _copied(code: Code | None) -> CopyUid | None:
    return code.value if code and isinstance(code.value, CopyUid) else None
