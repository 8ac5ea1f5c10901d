"""A file read in place: a message of any size takes the memory of one window.

The kernel counts every page of a map that was looked at as the process's own until it needs it
elsewhere. `Mapped` gives back what has been searched or read.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, BinaryIO, Final, SupportsIndex

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

WINDOW: Final = 1 << 22  # octets searched before they are given back
_LARGE: Final = 1 << 16


class Mapped(mmap.mmap):
    """A map that can be searched and sliced in constant memory."""

    def find(
        self, sub: ReadableBuffer, start: SupportsIndex = 0, end: SupportsIndex | None = None
    ) -> int:
        """Do what `mmap.mmap.find` does, window by window; no offset is negative."""
        size = memoryview(sub).nbytes
        at, stop = int(start), len(self) if end is None else min(int(end), len(self))
        if stop - at <= WINDOW:
            return super().find(sub, at, stop)
        while at < stop:
            limit = min(at + WINDOW, stop)
            found = super().find(sub, at, min(limit + size - 1, stop))
            if found >= 0:
                return found
            self._give_back(at, limit)
            at = limit
        return -1

    def __getitem__(self, key: int | slice) -> int | bytes:  # type: ignore[override]  # both kinds
        octets = super().__getitem__(key)
        if isinstance(key, slice) and isinstance(octets, bytes) and len(octets) >= _LARGE:
            start = key.indices(len(self))[0]
            self._give_back(start, start + len(octets))
        return octets

    def _give_back(self, start: int, end: int) -> None:
        first = start // mmap.PAGESIZE * mmap.PAGESIZE
        if hasattr(mmap, "MADV_DONTNEED"):
            self.madvise(mmap.MADV_DONTNEED, first, end - first)


def mapped(file: BinaryIO) -> bytes | Mapped:
    """Return the octets of an open file without reading them now.

    Raises `OSError` or `ValueError` for what is no plain file, such as a pipe.
    """
    size = os.fstat(file.fileno()).st_size
    return Mapped(file.fileno(), 0, access=mmap.ACCESS_READ) if size else file.read()
