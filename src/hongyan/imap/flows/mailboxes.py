"""Making, naming and subscribing to mailboxes (RFC 9051 §6.3.4 to §6.3.8), and NAMESPACE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import Unsafe
from hongyan.imap.data import Namespaces
from hongyan.imap.encoder import Raw, flag, mailbox
from hongyan.imap.flows.exchange import collector, command
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection
    from hongyan.imap.encoder import Argument
    from hongyan.imap.types import Mailbox


def create(conn: Connection, name: Mailbox, *, special_use: str = "") -> Flow[None]:
    r"""Make a mailbox, for a ``special_use`` such as ``\Sent`` where one is given (RFC 6154)."""
    use: list[Argument] = []
    if special_use:
        if "CREATE-SPECIAL-USE" not in conn.capabilities:
            raise Unsafe("the server makes no mailboxes of special use")
        use = [[Raw(b"USE"), [flag(special_use)]]]
    yield from command(conn, Verb.CREATE, mailbox(name, utf8=conn.utf8), *use)


def delete(conn: Connection, name: Mailbox) -> Flow[None]:
    """Remove a mailbox and all its messages."""
    yield from command(conn, Verb.DELETE, mailbox(name, utf8=conn.utf8))


def rename(conn: Connection, old: Mailbox, new: Mailbox) -> Flow[None]:
    """Give a mailbox, and those below it, another name."""
    yield from command(
        conn, Verb.RENAME, mailbox(old, utf8=conn.utf8), mailbox(new, utf8=conn.utf8)
    )


def subscribe(conn: Connection, name: Mailbox) -> Flow[None]:
    """Add a mailbox to those subscribed to."""
    yield from command(conn, Verb.SUBSCRIBE, mailbox(name, utf8=conn.utf8))


def unsubscribe(conn: Connection, name: Mailbox) -> Flow[None]:
    """Take a mailbox from those subscribed to."""
    yield from command(conn, Verb.UNSUBSCRIBE, mailbox(name, utf8=conn.utf8))


def namespace(conn: Connection) -> Flow[Namespaces]:
    """Return the namespaces (RFC 2342)."""
    found: list[Namespaces] = []
    yield from command(conn, Verb.NAMESPACE, claim=collector(conn, Namespaces, found))
    return found[-1] if found else Namespaces()
