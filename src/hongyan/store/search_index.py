"""The entry of a message in the full-text index, written in the message's own transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.store.database import fetch
from hongyan.store.folding import fold, segment

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from hongyan.mime.types import Address
    from hongyan.store.summary import Summary


def add(db: apsw.Connection, *, message: int, summary: Summary) -> None:
    """Index a message under its row number; one that has been deleted meanwhile is left out."""
    if not fetch(db, "SELECT 1 FROM messages WHERE id = ?", (message,)):
        return
    texts = (
        summary.subject,
        _people(summary.from_),
        _people(summary.to),
        _people(summary.cc),
        summary.text,
        "\n".join(summary.filenames),
    )
    db.execute(
        'INSERT INTO search (rowid, subject, "from", "to", cc, body, filename) '
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (message, *(segment(fold(text)) for text in texts)),
    )


def _people(addresses: Iterable[Address]) -> str:
    return "\n".join(f"{address.name or ''} {address.email}" for address in addresses)
