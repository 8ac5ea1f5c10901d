"""STATUS (RFC 9051 §6.3.11): how a mailbox stands without opening it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import ProtocolError
from hongyan.imap.data import MailboxStatus
from hongyan.imap.encoder import flag, mailbox
from hongyan.imap.flows.exchange import collector, command
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection
    from hongyan.imap.encoder import Argument
    from hongyan.imap.types import Mailbox

USUAL = ("MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN")


def status(conn: Connection, name: Mailbox, names: Iterable[str] = USUAL) -> Flow[MailboxStatus]:
    """Return what the server says of the items ``names``. Raises `Refused`."""
    found: list[MailboxStatus] = []
    claim = collector(conn, MailboxStatus, found)
    yield from command(conn, Verb.STATUS, mailbox(name, utf8=conn.utf8), items(names), claim=claim)
    if not found:
        raise ProtocolError("the server accepted STATUS and said nothing")
    return found[-1]


def items(names: Iterable[str]) -> Argument:
    """Return a list of item names, each of which is an atom."""
    return [flag(each) for each in names]
