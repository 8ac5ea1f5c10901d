"""What a store remembers of the unique ids that POP3 servers gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.store import uidls
from hongyan.store.database import fetch
from hongyan.store.types import UidlState, row_number

if TYPE_CHECKING:
    from hongyan.store import Store


def known_uidls(store: Store, account_id: str) -> dict[str, UidlState]:
    """Every UIDL that the account has seen, and its state."""
    with store._database.read() as db:
        rows = fetch(
            db, "SELECT uidl, state FROM uidls WHERE account = ?", (row_number("a", account_id),)
        )
    return {uidls.text(uidl): UidlState(state) for uidl, state in rows}
