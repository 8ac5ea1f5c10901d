"""What was learned about an account's servers, and how far its arrivals were looked through.

Values that can be learned again when they are lost; nothing that the person said stands here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.store.database import fetch
from hongyan.store.types import row_number

if TYPE_CHECKING:
    from hongyan.store.database import Database


class Learned:
    """Small texts by account and name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_id: str, name: str) -> str | None:
        """Return what was learned; None for nothing yet."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT value FROM learned WHERE account = ? AND name = ?",
                (row_number("a", account_id), name),
            )
        return str(rows[0][0]) if rows else None

    def set(self, account_id: str, name: str, value: str) -> None:
        """Keep ``value``; nothing is written where it stands already."""
        if self.get(account_id, name) == value:
            return
        with self._database.write() as db:
            db.execute(
                "INSERT INTO learned VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET value = excluded.value",
                (row_number("a", account_id), name, value),
            )
