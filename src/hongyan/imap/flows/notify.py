"""NOTIFY (RFC 5465): news of all mailboxes on one line.

Waiting for them is `idle`'s: a server may tell them at any time, but Dovecot 2.3 tells those of the
open mailbox only while a client idles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.imap.encoder import Raw
from hongyan.imap.flows.exchange import command, require
from hongyan.imap.flows.fetch import wanted
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection
    from hongyan.imap.encoder import Argument
    from hongyan.imap.flows.fetch import Item

_HERE: Final = (Raw(b"MessageExpunge"), Raw(b"FlagChange"))
_ELSEWHERE: Final = (Raw(b"MessageNew"), *_HERE, Raw(b"MailboxName"), Raw(b"SubscriptionChange"))


def notify(
    conn: Connection,
    *,
    items: Sequence[Item] = ("FLAGS",),
    elsewhere: bool = True,
    status: bool = False,
) -> Flow[None]:
    """Have the server tell what changes.

    In the open mailbox it tells the ``items`` of new messages, what is gone, and changed flags; in
    the person's other mailboxes (``elsewhere``) by STATUS and LIST. With ``status`` each of those
    mailboxes has its STATUS told at once. All of it comes to the connection's listener; after a
    NOTIFICATIONOVERFLOW the server tells nothing more. Raises `Unsafe` where it is not offered.
    """
    require(conn, "NOTIFY")
    groups: list[Argument] = [
        [Raw(b"SELECTED"), [Raw(b"MessageNew"), [Raw(b"UID"), *wanted(items)], *_HERE]]
    ]
    if elsewhere:
        groups.append([Raw(b"PERSONAL"), _ELSEWHERE])
    words = [Raw(b"SET STATUS" if status else b"SET"), *groups]
    yield from command(conn, Verb.NOTIFY, *words)


def notify_nothing(conn: Connection) -> Flow[None]:
    """Have the server be silent until it is asked (RFC 5465 §3.1)."""
    yield from command(conn, Verb.NOTIFY, Raw(b"NONE"))
