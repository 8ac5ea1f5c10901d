"""What the person chose: JSON values by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from hongyan.errors import InvalidArgument
from hongyan.store.database import fetch
from hongyan.store.folding import storable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hongyan.store.database import Database

_PREFIX: Final = "setting."
_LONGEST_NAME: Final = 100
_LONGEST: Final = 1_000_000


class Settings:
    """The settings of the profile."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, Any]:
        """Return every setting."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT substr(name, ?), value FROM properties WHERE name >= ? AND name < ?",
                (len(_PREFIX) + 1, _PREFIX, _PREFIX[:-1] + "/"),
            )
        return {name: json.loads(value) for name, value in rows}

    def update(self, changes: Mapping[str, Any]) -> None:
        """Keep values of JSON; None takes a setting away. Raises `InvalidArgument`."""
        with self._database.write() as db:
            for name, value in changes.items():
                key, text = _key(name), storable(json.dumps(value, ensure_ascii=False))
                if len(text) > _LONGEST:
                    raise InvalidArgument(name[:_LONGEST_NAME], "is too long")
                if value is None:
                    db.execute("DELETE FROM properties WHERE name = ?", (key,))
                else:
                    db.execute("INSERT OR REPLACE INTO properties VALUES (?, ?)", (key, text))


def _key(name: str) -> str:
    if not 0 < len(name) <= _LONGEST_NAME:
        raise InvalidArgument("settings", f"a name has at most {_LONGEST_NAME} characters")
    return f"{_PREFIX}{storable(name)}"
