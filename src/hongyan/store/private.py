"""Small files of a profile besides its mail, in the profile's form: `Protection`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.store.spool import TemporaryFile, cannot_write

if TYPE_CHECKING:
    from pathlib import Path

    from hongyan.store.protection import Protection


class PrivateFiles:
    """Files in the folder ``home`` by their names."""

    def __init__(self, home: Path, protection: Protection) -> None:
        self._home = home
        self._protection = protection

    def read(self, name: str) -> bytes | None:
        """Return what a file holds; None when it is missing. Raises `StoreError`."""
        path = self._path(name)
        return b"".join(self._protection.chunks(path)) if path.exists() else None

    def write(self, name: str, octets: bytes) -> None:
        """Replace a file, whole or not at all, durably. Raises `StoreError`."""
        try:
            file = TemporaryFile(self._home / self._protection.folder, self._protection)
            file.write(octets)
            file.move(self._path(name))
        except OSError as error:
            raise cannot_write(error) from error

    def _path(self, name: str) -> Path:
        return self._home / f"{name}{self._protection.suffix}"
