"""The browser sessions that were ended before their time: their cookies prove nothing any more.

A cookie is only a signature, so what ends it has to be remembered: in ``home/server.ended``, a name
a line, until the cookie would have run out by itself.
"""

from __future__ import annotations

import os
import secrets
import threading
from typing import TYPE_CHECKING, Final

from hongyan.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "server.ended"


class Ended:
    """The names of ended sessions; a name begins with the day on which the session began."""

    def __init__(self, home: Path) -> None:
        """Read them. Raises `OSError`."""
        self._path = home / FILE_NAME
        self._lock = threading.Lock()
        there = self._path.exists()
        self._names = set(self._path.read_text("ascii", "replace").split()) if there else set()

    def __contains__(self, session: str) -> bool:
        return session in self._names

    def add(self, session: str, *, oldest: int) -> None:
        """Remember a session, durably; forget those begun before the day ``oldest``.

        It is ended also where that cannot be written. Raises `StoreError`.
        """
        with self._lock:
            self._names = {each for each in self._names if _day(each) >= oldest} | {session}
            try:
                self._write()
            except OSError as error:
                raise StoreError(f"{self._path}: {error.strerror or error}") from error

    def _write(self) -> None:
        part = self._path.with_name(f"{FILE_NAME}.{secrets.token_hex(8)}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.writelines(f"{each}\n" for each in sorted(self._names))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)


def _day(session: str) -> int:
    day, _, _ = session.partition("-")
    return int(day) if day.isascii() and day.isdecimal() else 0
