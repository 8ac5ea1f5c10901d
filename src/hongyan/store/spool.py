"""Octets on their way into the store: in memory while small, then in a file of their own.

Nothing here outlives its use: a temporary file goes with the object that holds it, unless it has
been moved to its place, durably (synced, renamed, its folder synced).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import weakref
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, Self

from hongyan.errors import StoreError
from hongyan.store.protection import CLEAR

if TYPE_CHECKING:
    from hongyan.store.protection import Protection, Writing

SMALL: Final = 256 * 1024
TEMPORARY: Final = "incoming-"


class TemporaryFile:
    """A file that vanishes with this object unless it has been moved to its place."""

    def __init__(self, folder: Path, protection: Protection = CLEAR) -> None:
        handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=folder)
        self.path = Path(name)
        self._file = os.fdopen(handle, "w+b")
        self._finalizer = weakref.finalize(self, _close_and_discard, self._file, self.path)
        self._writing: Writing | None = protection.writing(self._file)

    def write(self, octets: bytes) -> None:
        """Write some more. Raises `OSError`, and when it was ended `ValueError`."""
        if self._writing is None:
            raise ValueError("the file is complete")
        self._writing.write(octets)

    def end(self) -> None:
        """Make the file complete, to be read. Raises `OSError`."""
        if self._writing is not None:
            self._writing.end()
            self._writing = None
            self._file.flush()

    def sync(self) -> None:
        """Write everything to the disk; nothing more can be written. Raises `OSError`."""
        self.end()
        if not self._file.closed:
            os.fsync(self._file.fileno())
            self._file.close()

    def move(self, target: Path) -> None:
        """Write everything to the disk and rename the file, durably; once moved, it stays."""
        self.sync()
        if not target.parent.is_dir():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            sync_folder(target.parent.parent)
        self.path.replace(target)
        self.path = target  # a transaction that fails may be tried again
        self._finalizer.detach()
        sync_folder(target.parent)

    def discard(self) -> None:
        """Close and remove the file now."""
        self._finalizer()


class Packed(NamedTuple):
    """Octets in the form in which they are kept, in the database or in a file of their own."""

    encoding: str
    data: bytes | TemporaryFile


@dataclass(frozen=True, slots=True)
class Blob:
    """Octets by their SHA-256 (hex) and size.

    A blob fresh from a writer also carries its octets, which live only as long as it does until
    `Blobs.keep`, `Messages.add` or `Outbox.add` has taken it.
    """

    sha256: str
    size: int
    pending: bytes | Packed | TemporaryFile | None = field(default=None, repr=False, compare=False)

    def __reduce__(self) -> tuple[object, ...]:
        """Cross from process to process in half of the time that a dataclass's own way takes."""
        return Blob, (self.sha256, self.size, self.pending)


class BlobWriter:
    """Spools the chunks of one blob: in memory while small, then in a file.

    Leaving its ``with`` block without `finish` leaves nothing behind.
    """

    def __init__(self, folder: Path, protection: Protection) -> None:
        self._folder = folder
        self._protection = protection
        self._hash = hashlib.sha256()
        self._size = 0
        self._chunks: list[bytes] = []
        self._spool: TemporaryFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._chunks.clear()
        if self._spool is not None:
            self._spool.discard()
            self._spool = None

    def write(self, chunk: bytes) -> None:
        """Append ``chunk``. Raises `StoreError` when the disk is full."""
        self._hash.update(chunk)
        self._size += len(chunk)
        try:
            if self._spool is None and self._size > SMALL:
                self._spool = TemporaryFile(self._folder, self._protection)
                for each in self._chunks:
                    self._spool.write(each)
                self._chunks.clear()
            if self._spool is None:
                self._chunks.append(chunk)
            else:
                self._spool.write(chunk)
        except OSError as error:
            raise cannot_write(error) from error

    def finish(self) -> Blob:
        """Return the blob, complete; the writer is used up."""
        if self._spool is None:
            return Blob(self._hash.hexdigest(), self._size, b"".join(self._chunks))
        try:
            self._spool.end()
        except OSError as error:
            raise cannot_write(error) from error
        spool, self._spool = self._spool, None
        return Blob(self._hash.hexdigest(), self._size, spool)


def _close_and_discard(file: BinaryIO, path: Path) -> None:
    with suppress(OSError):  # a full disk fails here once more, and no octet matters any longer
        file.close()
    path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename durable, where a folder can be synced."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def cannot_write(error: OSError) -> StoreError:
    """Return the error that says which file failed, and how."""
    return StoreError(f"{error.filename or 'the store'}: {error.strerror or error}")
