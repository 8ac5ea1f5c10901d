"""What each server of an account once offered, so that less of it is noticed, over all visits.

Mechanisms only grow: what was offered once counts until the person says otherwise (`forget`). A
capability list is what was said last. Written only after a login, so it is the true server's word.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.store.database import fetch
from hongyan.store.times import milliseconds, moment
from hongyan.store.types import row_number

if TYPE_CHECKING:
    from datetime import datetime

    from hongyan.store.database import Database

_SELECT: Final = """
    SELECT names, mechanisms, asked_at, login_at FROM offers WHERE account = ? AND server = ?
"""
_KEEP: Final = """
    INSERT INTO offers (account, server, names, mechanisms, asked_at, login_at)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET names = excluded.names, mechanisms = excluded.mechanisms,
        asked_at = excluded.asked_at, login_at = excluded.login_at
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server said: capability ``names`` with their arguments, when it was asked for them.

    ``mechanisms`` are all that it ever offered; ``login_at`` is when the account last logged in.
    """

    names: dict[str, tuple[str, ...]]
    mechanisms: tuple[str, ...]
    asked_at: datetime
    login_at: datetime


class Offers:
    """The memory of servers; a server is named by its address as the account has it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_id: str, server: str) -> Offer | None:
        """Return what is remembered, or None."""
        with self._database.read() as db:
            rows = fetch(db, _SELECT, (row_number("a", account_id), server))
        for names, mechanisms, asked_at, login_at in rows:
            return Offer(
                {name: tuple(words) for name, words in json.loads(names).items()},
                tuple(json.loads(mechanisms)),
                moment(asked_at),
                moment(login_at),
            )
        return None

    def keep(self, account_id: str, server: str, offer: Offer) -> None:
        """Remember ``offer``, besides the mechanisms that are remembered already."""
        with self._database.write() as db:
            before = self.get(account_id, server)
            mechanisms = {*offer.mechanisms, *(before.mechanisms if before else ())}
            db.execute(
                _KEEP,
                (
                    row_number("a", account_id),
                    server,
                    json.dumps(offer.names),
                    json.dumps(sorted(mechanisms)),
                    milliseconds(offer.asked_at),
                    milliseconds(offer.login_at),
                ),
            )

    def forget(self, account_id: str) -> None:
        """Forget what the account's servers offered: they are strangers again."""
        with self._database.write() as db:
            db.execute("DELETE FROM offers WHERE account = ?", (row_number("a", account_id),))
