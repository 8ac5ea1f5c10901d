"""Whom the person writes to, and who writes: from the newest messages, at the moment of asking."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.store.database import fetch
from hongyan.store.folding import fold
from hongyan.store.times import moment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hongyan.store.database import Database

_NEWEST: Final = 2_000  # messages of each mailbox that are looked at
_ROWS: Final = """
    SELECT {columns}, m.received_at FROM mailboxes AS b
    JOIN memberships AS p ON p.mailbox = b.id
    JOIN messages AS m ON m.id = p.message
    WHERE b.id = ? ORDER BY p.received_at DESC LIMIT ?
"""
_OF_ROLE: Final = "SELECT id FROM mailboxes WHERE role = ?"


@dataclass(frozen=True, slots=True)
class Person:
    """An address, the name it had last, how often it was met, and when last."""

    name: str
    email: str
    count: int
    last_at: datetime
    written_to: bool


class People:
    """The people of all accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def query(self, text: str, *, limit: int) -> tuple[Person, ...]:
        """Return those whose name or address has a word that begins with ``text``.

        Those written to come first, then the more frequent ones.
        """
        wanted = fold(text).split()
        found = [each for each in self._all() if _matches(each, wanted)]
        found.sort(key=lambda each: (each.written_to, each.count, each.last_at), reverse=True)
        return tuple(found[:limit])

    def _all(self) -> Iterable[Person]:
        found: dict[str, Person] = {}
        with self._database.view() as db:
            for role, columns in (("sent", ("to_", "cc")), ("inbox", ("from_",))):
                for (mailbox,) in fetch(db, _OF_ROLE, (role,)):
                    sql = _ROWS.format(columns=", ".join(f"m.{each}" for each in columns))
                    for *texts, at in fetch(db, sql, (mailbox, _NEWEST)):
                        for text in texts:
                            _meet(found, text, at, written_to=role == "sent")
        return found.values()


def _meet(found: dict[str, Person], text: str, at: int, *, written_to: bool) -> None:
    for name, email in json.loads(text):
        known = found.get(email.lower())
        if known is None:
            found[email.lower()] = Person(name or "", email, 1, moment(at), written_to)
        else:
            found[email.lower()] = Person(
                known.name or name or "",
                known.email,
                known.count + 1,
                max(known.last_at, moment(at)),
                known.written_to or written_to,
            )


def _matches(person: Person, wanted: list[str]) -> bool:
    name, email = fold(person.name), fold(person.email)
    domain = email.partition("@")[2]
    words = [*name.split(), email, domain, *email.replace("@", ".").split(".")]
    return all(each in name or any(word.startswith(each) for word in words) for each in wanted)
