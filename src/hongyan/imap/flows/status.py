"""STATUS (RFC 9051 §6.3.11): how a mailbox stands without opening it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import ProtocolError
from hongyan.imap.data import MailboxStatus
from hongyan.imap.encoder import as_octets, flag, mailbox
from hongyan.imap.flows.exchange import Request, ask, collector
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.encoder import Argument
    from hongyan.imap.types import Mailbox, Tagged

USUAL = ("MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN")


def status(conn: Connection, name: Mailbox, names: Iterable[str] = USUAL) -> Flow[MailboxStatus]:
    """Return what the server says of the items ``names``. Raises `Refused`."""
    return (yield from ask(conn, status_request(conn, name, names)))


def status_request(
    conn: Connection, name: Mailbox, names: Iterable[str] = USUAL
) -> Request[MailboxStatus]:
    """Return the request that `status` is, to be asked with others."""
    argument = mailbox(name, utf8=conn.utf8)
    octets = as_octets(argument)
    own: list[MailboxStatus] = []
    others: list[MailboxStatus] = []
    gather = collector(conn, MailboxStatus, own)

    def claim(event: Event) -> bool:
        if isinstance(event, MailboxStatus) and not _same(event, octets):
            others[:] = [event] if conn.in_flight == 1 else []
            return False
        return gather(event)

    def result(_: Tagged) -> MailboxStatus:
        """Return the answer; alone on its way it may spell the name in another way."""
        told = own or others
        if not told:
            raise ProtocolError("the server accepted STATUS and said nothing")
        return told[-1]

    return Request(Verb.STATUS, [argument, items(names)], result, claim)


def _same(told: MailboxStatus, octets: bytes) -> bool:
    return told.octets == octets or told.name == octets.decode("ascii", "replace") == "INBOX"


def items(names: Iterable[str]) -> Argument:
    """Return a list of item names, each of which is an atom."""
    return [flag(each) for each in names]
