"""The unique ids that POP3 servers gave (RFC 1939 §7), each with what became of its message.

A UIDL is opaque octets and kept as such. Its row outlives the message, so what the person deleted
is not fetched again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.store.database import fetch
from hongyan.store.types import MessageId, UidlState, row_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from hongyan.store.database import Database


def message_of(db: apsw.Connection, account: int, uidl: str) -> MessageId | None:
    """Return the message that came under ``uidl``, also one deleted since; None when unknown."""
    for (message,) in fetch(
        db, "SELECT message FROM uidls WHERE account = ? AND uidl = ?", (account, octets(uidl))
    ):
        return MessageId(f"m{message}")
    return None


def of_message(db: apsw.Connection, message: int) -> str | None:
    """Return the first UIDL under which ``message`` came, or None."""
    rows = fetch(db, "SELECT uidl FROM uidls WHERE message = ? ORDER BY uidl LIMIT 1", (message,))
    return text(rows[0][0]) if rows else None


def remember(db: apsw.Connection, account: int, *, uidl: str, message: int) -> None:
    """Note that ``uidl`` is stored as ``message``, in the caller's transaction."""
    db.execute(
        "INSERT INTO uidls (account, uidl, message, state) VALUES (?, ?, ?, ?)",
        (account, octets(uidl), message, UidlState.STORED.value),
    )


def message_deleted(db: apsw.Connection, message: int) -> None:
    """Note that ``message`` is deleted here, in the caller's transaction."""
    db.execute(
        "UPDATE uidls SET state = ? WHERE message = ? AND state = ?",
        (UidlState.DELETED_HERE.value, message, UidlState.STORED.value),
    )


def mark_gone(database: Database, account_id: str, uidls: Iterable[str]) -> None:
    """Note that the server lists these no more."""
    account = row_number("a", account_id)
    with database.write() as db:
        db.executemany(
            "UPDATE uidls SET state = ? WHERE account = ? AND uidl = ?",
            [(UidlState.GONE_FROM_SERVER.value, account, octets(uidl)) for uidl in uidls],
        )


def octets(uidl: str) -> bytes:
    """Return a unique id as it is stored."""
    return uidl.encode("utf-8", "surrogatepass")


def text(stored: bytes) -> str:
    """Return a stored unique id."""
    return stored.decode("utf-8", "surrogatepass")
