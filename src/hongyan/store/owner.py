"""Who is sending: a name whose bearer is provably alive.

An owner holds an exclusive lock on its own small file for as long as it lives; the system lets go
of the lock when the process ends in any way. No process number that is given again, no clock, and
SQLite's own locks work alike on every system.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

import apsw

from hongyan.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path


class Owner:
    """This store's own name, and the judge of others'."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = ""
        self._lock: apsw.Connection | None = None

    @property
    def name(self) -> str:
        """This owner's name; from the first use on it is held."""
        if self._lock is None:
            name = secrets.token_hex(8)
            try:
                self._folder.mkdir(mode=0o700, exist_ok=True)
                lock = locked(self._folder / name)
            except OSError as error:
                raise StoreError(f"{self._folder}: {error.strerror or error}") from error
            if lock is None:
                raise StoreError(f"{self._folder / name}: cannot be locked")
            self._lock, self._name = lock, name
        return self._name

    def is_alive(self, name: str) -> bool:
        """Tell whether the owner called ``name`` still holds its lock; a dead one's file goes."""
        if name == self._name:
            return True
        path = self._folder / name
        if not path.exists():
            return False
        lock = locked(path)
        if lock is None:
            return True
        lock.close()
        path.unlink(missing_ok=True)
        return False

    def close(self) -> None:
        """Let go of the name."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
            with suppress(OSError):
                (self._folder / self._name).unlink()
            self._name = ""


def locked(path: Path) -> apsw.Connection | None:
    """Return a connection that holds the exclusive lock on ``path``, or None when another does."""
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("journal_mode", "off")
        connection.execute("BEGIN EXCLUSIVE")
    except apsw.BusyError:
        connection.close()
        return None
    return connection
