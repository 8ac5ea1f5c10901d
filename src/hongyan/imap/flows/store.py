"""UID STORE (RFC 9051 §6.4.6), conditional where asked for (RFC 7162 §3.1.3); Gmail's labels."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from hongyan.imap.data import Fetched
from hongyan.imap.encoder import Raw, flag, gmail_label
from hongyan.imap.flows.exchange import Request, ask, require
from hongyan.imap.sets import NumberSet
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.encoder import Argument
    from hongyan.imap.sets import Uids
    from hongyan.imap.types import Mailbox, Tagged


class Change(Enum):
    """What is done with the flags named."""

    ADD = "+"
    REMOVE = "-"
    REPLACE = ""


def store(
    conn: Connection,
    uids: Uids,
    change: Change,
    flags: Iterable[str],
    *,
    unchanged_since: int | None = None,
    take: Callable[[Fetched], None] | None = None,
) -> Flow[NumberSet]:
    """Change flags; return the UIDs left as they are, since they were changed meanwhile.

    ``unchanged_since`` is a mod-sequence: messages changed after it stay untouched. With ``take``
    the server tells the flags that result, or where it is conditional the new mod-sequences.
    Raises `Refused` for a refusal that is not of that kind.
    """
    named = [flag(each) for each in flags]
    return (
        yield from ask(
            conn,
            store_request(uids, change, named, unchanged_since=unchanged_since, take=take),
        )
    )


def store_labels(
    conn: Connection, uids: Uids, change: Change, labels: Iterable[Mailbox]
) -> Flow[NumberSet]:
    """Change Gmail's labels (X-GM-EXT-1); a label is spelled as a mailbox is.

    Raises `Unsafe` where the server has none.
    """
    require(conn, "X-GM-EXT-1")
    named = [gmail_label(each, utf8=conn.utf8) for each in labels]
    return (yield from ask(conn, store_request(uids, change, named, item=b"X-GM-LABELS")))


def store_request(
    uids: Uids,
    change: Change,
    values: Sequence[Argument],
    *,
    item: bytes = b"FLAGS",
    unchanged_since: int | None = None,
    take: Callable[[Fetched], None] | None = None,
) -> Request[NumberSet]:
    """Return the request that `store` is, to be asked with others; ``values`` made by `flag`."""
    condition: list[Argument] = []
    if unchanged_since is not None:
        condition = [[Raw(b"UNCHANGEDSINCE"), unchanged_since]]

    def claim(event: Event) -> bool:
        match event:
            case Fetched(uid=int(uid)) if take is not None and uid in uids:
                take(event)
                return True
        return False

    def accepts(reply: Tagged) -> bool:
        return reply.ok or bool(_modified(reply))

    what = Raw(change.value.encode() + item + (b"" if take else b".SILENT"))
    return Request(Verb.UID_STORE, [uids, *condition, what, values], _modified, claim, accepts)


def _modified(reply: Tagged) -> NumberSet:
    """Return the messages that failed the condition (RFC 7162 §3.1.3)."""
    told = reply.code.value if reply.code and reply.code.name == "MODIFIED" else None
    return told if isinstance(told, NumberSet) else NumberSet()
