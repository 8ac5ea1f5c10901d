"""LIST (RFC 9051 §6.3.9) with its options: subscribed, special uses, and STATUS on the way.

RFC 5258 (LIST-EXTENDED), RFC 5819 (LIST-STATUS), RFC 6154 (SPECIAL-USE).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import Unsafe
from hongyan.imap.data import Listed, MailboxStatus
from hongyan.imap.encoder import Raw
from hongyan.imap.flows.exchange import collector, command
from hongyan.imap.flows.status import items
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection
    from hongyan.imap.encoder import Argument


def list_mailboxes(
    conn: Connection,
    pattern: str = "*",
    *,
    reference: str = "",
    subscribed: bool = False,
    status: Iterable[str] = (),
) -> Flow[tuple[tuple[Listed, MailboxStatus | None], ...]]:
    """Return the mailboxes that match, each with its status where ``status`` names items.

    ``subscribed`` asks for those subscribed to. Both need a server with LIST-EXTENDED and
    LIST-STATUS, or IMAP4rev2; raises `Unsafe` elsewhere. ``pattern`` may hold ``*`` and ``%``.
    """
    listed: list[Listed] = []
    states: list[MailboxStatus] = []
    of_list = collector(conn, Listed, listed)
    of_status = collector(conn, MailboxStatus, states)
    arguments = _arguments(conn, pattern, reference, subscribed=subscribed, status=tuple(status))
    yield from command(
        conn, Verb.LIST, *arguments, claim=lambda event: of_list(event) or of_status(event)
    )
    by_name = {each.octets: each for each in states}
    unique = {each.octets: each for each in listed}
    return tuple((each, by_name.get(each.octets)) for each in unique.values())


def _arguments(
    conn: Connection, pattern: str, reference: str, *, subscribed: bool, status: tuple[str, ...]
) -> list[Argument]:
    extended = conn.offers("LIST-EXTENDED", "IMAP4REV2")
    if (subscribed and not extended) or (status and not conn.offers("LIST-STATUS", "IMAP4REV2")):
        raise Unsafe("the server's LIST has no such options")
    returned: list[Argument] = []
    if extended:
        returned += [Raw(b"SUBSCRIBED"), Raw(b"CHILDREN")]
        if conn.offers("SPECIAL-USE", "IMAP4REV2"):
            returned.append(Raw(b"SPECIAL-USE"))
    if status:
        returned += [Raw(b"STATUS"), items(status)]
    chosen: list[Argument] = [[Raw(b"SUBSCRIBED")]] if subscribed else []
    options: list[Argument] = [Raw(b"RETURN"), returned] if returned else []
    return [*chosen, reference.encode(), pattern.encode(), *options]
