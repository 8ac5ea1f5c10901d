"""Each condition on messages that is no text, once, for the query language and for RFC 8621 alike.

``m`` is the message. Where an index leads to the few that fulfil a condition, its `Source` says so;
then a statement goes there instead of looking at every message.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from hongyan.store.database import fetch
from hongyan.store.query import Source, Where
from hongyan.store.search_index import unit

if TYPE_CHECKING:
    import apsw

LARGE: Final = 262_144  # octets; messages of so many are few, and have an index
_KEYWORD: Final = "EXISTS (SELECT 1 FROM keywords WHERE message = m.id AND keyword = ?)"
_COMMON: Final = frozenset({"$seen"})


def in_mailbox(mailbox: int) -> Where:
    """Those in a mailbox, by its row."""
    source = Source(
        tables="memberships AS p CROSS JOIN messages AS m ON m.id = p.message",
        where="p.mailbox = ?",
        rank=4,
        time=("p.received_at", "p.message"),
        place="m.received_at, m.id",
        at="p.received_at",
    )
    return Where(
        "EXISTS (SELECT 1 FROM memberships WHERE message = m.id AND mailbox = ?)",
        (mailbox,),
        source,
    )


def in_any_mailbox(mailboxes: list[int]) -> Where:
    """Those in at least one of some mailboxes."""
    if len(mailboxes) == 1:
        return in_mailbox(mailboxes[0])
    return Where(
        "EXISTS (SELECT 1 FROM memberships WHERE message = m.id "
        "AND mailbox IN (SELECT value FROM json_each(?)))",
        (json.dumps(mailboxes),),
    )


def in_other_mailbox(mailboxes: list[int]) -> Where:
    """Those in at least one mailbox besides these."""
    return Where(
        "EXISTS (SELECT 1 FROM memberships WHERE message = m.id "
        "AND mailbox NOT IN (SELECT value FROM json_each(?)))",
        (json.dumps(mailboxes),),
    )


def of_accounts(accounts: list[int]) -> Where:
    """Those of some accounts, by their rows."""
    if len(accounts) != 1:
        return Where("m.account IN (SELECT value FROM json_each(?))", (json.dumps(accounts),))
    source = Source(
        tables="messages AS m INDEXED BY messages_by_account", where="m.account = ?", rank=8
    )
    return Where("m.account = ?", (accounts[0],), source)


def has_keyword(keyword: str) -> Where:
    """Those that have a keyword (in lower case)."""
    source = Source(
        tables="keywords AS k CROSS JOIN messages AS m ON m.id = k.message",
        where="k.keyword = ?",
        rank=1,
        time=("k.index_row", "k.message"),
        place="m.index_row, m.id",
        row="k.index_row",
    )
    return Where(_KEYWORD, (keyword,), None if keyword in _COMMON else source)


def _partial(condition: str, index: str, *, rank: int) -> Source:
    return Source(tables=f"messages AS m INDEXED BY {index}", where=condition, rank=rank)


_IS_DRAFT: Final = "EXISTS (SELECT 1 FROM keywords WHERE message = m.id AND keyword = '$draft')"
_IS_UNREAD: Final = f"m.unseen = 1 AND NOT {_IS_DRAFT}"
UNSEEN: Final = Where("m.unseen = 1", (), _partial("m.unseen = 1", "messages_unseen", rank=2))
UNREAD: Final = Where(_IS_UNREAD, (), _partial(_IS_UNREAD, "messages_unseen", rank=2))
READ: Final = Where(f"NOT ({_IS_UNREAD})")
HAS_ATTACHMENT: Final = Where(
    "m.has_attachment = 1", (), _partial("m.has_attachment = 1", "messages_attached", rank=5)
)


def received_from(milliseconds: int, *, shift: int) -> Where:
    """Those that arrived at a time or later; no entry stands more than ``shift`` off its time."""
    return Where("{at} >= ? AND {row} >= ?", (milliseconds, unit(milliseconds) - shift))


def received_before(milliseconds: int, *, shift: int) -> Where:
    """Those that arrived before a time; no entry stands more than ``shift`` off its time."""
    return Where("{at} < ? AND {row} <= ?", (milliseconds, unit(milliseconds) + shift))


def size_from(octets: int) -> Where:
    """Those of so many octets or more."""
    if octets < LARGE:
        return Where("m.size >= ?", (octets,))
    large = f"m.size >= {LARGE} AND m.size >= ?"  # as the partial index has it
    return Where("m.size >= ?", (octets,), _partial(large, "messages_large", rank=3))


def size_below(octets: int) -> Where:
    """Those of fewer octets."""
    return Where("m.size < ?", (octets,))


def in_thread(keyword: str, *, every: bool) -> Where:
    """Those in whose thread every message, or any, has a keyword (RFC 8621 §4.4.1)."""
    having = "EXISTS (SELECT 1 FROM keywords WHERE message = t.id AND keyword = ?)"
    if every:
        sql = f"NOT EXISTS (SELECT 1 FROM messages AS t WHERE t.thread = m.thread AND NOT {having})"
    else:
        sql = f"EXISTS (SELECT 1 FROM messages AS t WHERE t.thread = m.thread AND {having})"
    return Where(sql, (keyword,))


def has_field(name: str, text: str | None) -> Where:
    """Those with a header field, and with some text in it; the octets of each are looked at."""
    return Where("header_holds(m.blob, ?, ?)", (name.lower(), text or ""))


def shift(db: apsw.Connection) -> int:
    """Return how far an entry of the index may stand off its time (`search_index.FreeRows`)."""
    rows = fetch(db, "SELECT value FROM properties WHERE name = 'shift'")
    return int(rows[0][0]) if rows else 0
