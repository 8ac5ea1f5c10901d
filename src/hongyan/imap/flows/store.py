"""UID STORE (RFC 9051 §6.4.6), conditional where asked for (RFC 7162 §3.1.3)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from hongyan.imap.data import Fetched
from hongyan.imap.encoder import Raw, flag
from hongyan.imap.flows.exchange import drain, reply, send
from hongyan.imap.refusal import refusal
from hongyan.imap.sets import NumberSet
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.encoder import Argument


class Change(Enum):
    """What is done with the flags named."""

    ADD = "+FLAGS"
    REMOVE = "-FLAGS"
    REPLACE = "FLAGS"


def store(
    conn: Connection,
    uids: NumberSet,
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
    quiet = b"" if take else b".SILENT"
    condition: list[Argument] = []
    if unchanged_since is not None:
        condition = [[Raw(b"UNCHANGEDSINCE"), unchanged_since]]
    named = [flag(each) for each in flags]
    tag = yield from send(
        conn, Verb.UID_STORE, uids, *condition, Raw(change.value.encode() + quiet), named
    )

    def claim(event: Event) -> bool:
        if (
            take is None
            or not isinstance(event, Fetched)
            or event.uid not in (uids if event.uid else ())
        ):
            return False
        take(event)
        return True

    verdict = yield from reply(conn, tag, claim)
    modified = verdict.code.value if verdict.code and verdict.code.name == "MODIFIED" else None
    if isinstance(modified, NumberSet):
        return modified
    if not verdict.ok:
        yield from drain(conn)
        raise refusal(verdict)
    return NumberSet()
