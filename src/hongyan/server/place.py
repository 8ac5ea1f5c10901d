"""Where a profile is served: ``home/server.address`` holds the origin of the last server.

The next one takes the same port if it is free, which keeps bookmarks, the installed page and the
browsers' sessions good; and another program of the same person finds the server that runs.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from hongyan.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "server.address"


class Place:
    """What is remembered of a profile's server, in its folder ``home``."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE_NAME

    @property
    def origin(self) -> str:
        """The origin of the last server, ``http://127.0.0.1:8765``; empty when there was none."""
        with suppress(OSError, ValueError):
            origin = self._path.read_text("utf-8").strip()
            if urlsplit(origin).port:
                return origin
        return ""

    @property
    def port(self) -> int:
        """Its port; 0 when there was none."""
        return urlsplit(self.origin).port or 0

    def keep(self, origin: str) -> None:
        """Remember where the profile is served now. Raises `StoreError`."""
        part = self._path.with_suffix(".new")
        try:
            part.write_text(f"{origin}\n", "utf-8")
            part.replace(self._path)
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror or error}") from error
