"""The raw octets, exactly as received, named by their SHA-256 and kept once.

Small ones lie compressed in the database; those above `spool.SMALL` are files ``blobs/ab/cdef…``,
compressed where it helps, synced and renamed inside the transaction that names them, and removed
only after the one that forgets them. Reading gives bytes that match their hash, or an error.
"""

from __future__ import annotations

import hashlib
import mmap
import shutil
import tempfile
import time
import zlib
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import NotFound, StoreError
from hongyan.guard import shown
from hongyan.mime import Mapped
from hongyan.store.database import fetch
from hongyan.store.packing import Packing, unpacked_file
from hongyan.store.spool import TEMPORARY, Blob, BlobWriter, Packed, cannot_write
from hongyan.store.times import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    import apsw

    from hongyan.store.database import Database


BY_HASH: Final = "FROM blobs WHERE substr(sha256, 1, 6) = substr(?1, 1, 6) AND sha256 = ?1"
_TOGETHER: Final = 1_000
_HEAD: Final = 65_536
_ABANDONED_SECONDS: Final = 24 * 3600.0

Octets: TypeAlias = bytes | mmap.mmap


class Blobs:
    """All octets of the profile."""

    def __init__(self, database: Database, *, folder: Path, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock
        self._packing = Packing(database, folder=folder)
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            self._remove_abandoned()
        except OSError as error:
            raise cannot_write(error) from error

    def writer(self) -> BlobWriter:
        """Return a writer for octets that arrive in chunks."""
        return BlobWriter(self._folder)

    def workplace(self) -> tempfile.TemporaryDirectory[str]:
        """Return an empty folder on the file system of the blobs, which vanishes with its block."""
        return tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=self._folder)

    def hold(self, content: bytes | Blob) -> Blob:
        """Return ``content`` as a blob that has not been kept yet."""
        if isinstance(content, Blob):
            return content
        with self.writer() as writer:
            writer.write(content)
            return writer.finish()

    def keep(self, content: bytes | Blob) -> Blob:
        """Store ``content`` and return its name; the same octets are stored once.

        What no message and no outbox item refers to is removed by `sweep`.
        """
        blob = self.hold(content)
        with self._database.write() as db:
            self.row(db, blob)
        return Blob(blob.sha256, blob.size)

    def row(self, db: apsw.Connection, blob: Blob) -> int:
        """Return the row of ``blob``, inserted when new, in the caller's transaction.

        Raises `NotFound` for a blob that is neither stored nor fresh from a writer.
        """
        sha256 = bytes.fromhex(blob.sha256)
        now = milliseconds(self._clock())
        for (row,) in fetch(db, f"SELECT id {BY_HASH}", (sha256,)):
            db.execute("UPDATE blobs SET kept_at = ? WHERE id = ?", (now, row))
            return int(row)
        encoding, data = self._place(blob)
        if data is None:
            db.execute("DELETE FROM doomed_files WHERE sha256 = ?", (sha256,))
        db.execute(
            "INSERT INTO blobs (sha256, size, encoding, data, kept_at) VALUES (?, ?, ?, ?, ?)",
            (sha256, blob.size, encoding, data, now),
        )
        row = db.last_insert_rowid()
        self._packing.note(row)
        return row

    def _place(self, blob: Blob) -> tuple[str, bytes | None]:
        """Put a large blob's file in its place, or return how a small one is stored."""
        pending = blob.pending
        if pending is None:
            raise _missing(blob.sha256)
        if isinstance(pending, Packed):
            return pending
        if isinstance(pending, bytes):
            packed = self._packing.pack(pending)
            return ("zstd", packed) if len(packed) < len(pending) else ("plain", pending)
        try:
            smaller = self._packing.pack_file(pending)
            (smaller or pending).move(self.path(blob.sha256))
        except OSError as error:
            raise cannot_write(error) from error
        return "zstd file" if smaller else "file", None

    def read(self, content: str | Blob) -> bytes:
        """Return the octets of a blob or of a hash.

        Raises `NotFound`, and `StoreError` when they do not match their hash.
        """
        octets = bytes(self.open(content)[:])
        sha256 = content if isinstance(content, str) else content.sha256
        if hashlib.sha256(octets).hexdigest() != sha256:
            raise StoreError(f"the stored octets of {sha256} are damaged")
        return octets

    def verify(self, sha256: str) -> None:
        """Raise `StoreError` when the octets of a hash are missing or damaged, `NotFound`."""
        if hashlib.sha256(self.open(sha256)).hexdigest() != sha256:
            raise StoreError(f"the stored octets of {sha256} are damaged")

    def totals(self) -> tuple[int, int]:
        """Return how many blobs there are and how many octets they have together."""
        with self._database.read() as db:
            ((count, octets),) = fetch(db, "SELECT count(*), coalesce(sum(size), 0) FROM blobs")
        return count, octets

    def names(self) -> Iterator[tuple[str, int]]:
        """Yield hash and size of every blob, the oldest first, while others come and go."""
        last = 0
        while True:
            with self._database.read() as db:
                rows = fetch(
                    db,
                    "SELECT id, sha256, size FROM blobs WHERE id > ? ORDER BY id LIMIT ?",
                    (last, _TOGETHER),
                )
            if not rows:
                return
            yield from ((sha256.hex(), size) for _, sha256, size in rows)
            last = rows[-1][0]

    def leftovers(self) -> tuple[Path, ...]:
        """Return the files that no row names: of an addition that was broken off by a crash."""
        found = [path for path in self._folder.glob("??/*") if not self._is_named(path)]
        if not found:
            return ()
        with self._database.write():  # nobody else is just about to name one
            return tuple(path for path in found if path.exists() and not self._is_named(path))

    def _is_named(self, path: Path) -> bool:
        try:
            sha256 = bytes.fromhex(path.parent.name + path.name)
        except ValueError:
            return False
        with self._database.read() as db:
            return bool(
                fetch(
                    db,
                    f"SELECT 1 {BY_HASH} AND data IS NULL "
                    "UNION ALL SELECT 1 FROM doomed_files WHERE sha256 = ?1",
                    (sha256,),
                )
            )

    def open(self, content: str | Blob) -> Octets:
        """Return the octets unchecked; a large blob is mapped from its file, not read.

        Raises `NotFound`, `StoreError`.
        """
        if isinstance(content, str):
            return self._stored(content)
        pending = content.pending
        if isinstance(pending, bytes):
            return pending
        if isinstance(pending, Packed):
            return self.unpacked(pending.encoding, content.size, pending.data)
        if pending is not None and pending.path.exists():
            return _mapped(pending.path)
        return self._stored(content.sha256)

    def _stored(self, sha256: str) -> Octets:
        try:
            key = bytes.fromhex(sha256)
        except ValueError:
            raise _missing(sha256) from None
        with self._database.read() as db:
            rows = fetch(db, f"SELECT encoding, size, data {BY_HASH}", (key,))
        if not rows:
            raise _missing(sha256)
        return self._opened(key.hex(), *rows[0])

    def _opened(self, sha256: str, encoding: str, size: int, data: bytes | None) -> Octets:
        if data is None:
            path = self.path(sha256)
            if encoding == "file":
                return _mapped(path)
            unpacked = unpacked_file(path, self._folder)
            return _mapped(unpacked.path)  # which stays while it is mapped
        return self.unpacked(encoding, size, data)

    def dictionary(self) -> Path | None:
        """Return the file of the newest dictionary, for `prepare`; None while there is none."""
        return self._packing.newest()

    def unpack_text(self, packed: bytes, *, limit: int) -> bytes:
        """Return a text that `packing.packed_text` packed. Raises `StoreError`."""
        return self._packing.unpack(packed, limit=limit)

    def unpacked(self, encoding: str, size: int, data: bytes) -> bytes:
        """Return the octets of a small blob's row, unchecked. Raises `StoreError`."""
        if encoding == "plain":
            return bytes(data)
        if encoding == "zstd":
            octets = self._packing.unpack(data, limit=size + 1)
        else:
            octets = _inflated(data, size)
        if len(octets) != size:
            raise StoreError("stored octets are damaged (not as many as there were)")
        return octets

    def head(self, db: apsw.Connection, row: int) -> bytes:
        """Return the first 64 KB of a blob by its row, unchecked. Raises `StoreError`."""
        ((sha256, encoding, size, data),) = fetch(
            db, "SELECT lower(hex(sha256)), encoding, size, data FROM blobs WHERE id = ?", (row,)
        )
        return bytes(self._opened(sha256, encoding, size, data)[:_HEAD])

    def sweep(self, before: datetime) -> int:
        """Remove the blobs that nothing refers to and that were kept before; return how many."""
        with self._database.write() as db:
            removed = fetch(
                db,
                """
                DELETE FROM blobs WHERE kept_at < ?
                    AND NOT EXISTS (SELECT 1 FROM messages WHERE blob = blobs.id)
                    AND NOT EXISTS (SELECT 1 FROM outbox WHERE blob = blobs.id)
                RETURNING id
                """,
                (milliseconds(before),),
            )
        self.remove_doomed()
        return len(removed)

    def remove_doomed(self) -> None:
        """Remove the files whose rows are gone for good; a crash before this loses nothing.

        Does nothing within a transaction, which may yet be undone.
        """
        if self._database.is_writing:
            return
        with self._database.read() as db:
            if not fetch(db, "SELECT 1 FROM doomed_files LIMIT 1"):
                return
        with self._database.write() as db:  # nobody can name such a file again meanwhile
            for (sha256,) in fetch(db, "DELETE FROM doomed_files RETURNING sha256"):
                try:
                    self.path(sha256.hex()).unlink(missing_ok=True)
                except OSError as error:
                    raise cannot_write(error) from error

    def path(self, sha256: str) -> Path:
        """Return where the file of a large blob is."""
        return self._folder / sha256[:2] / sha256[2:]

    def _remove_abandoned(self) -> None:
        """Remove what a killed process was spooling; young files may belong to a living one."""
        for path in self._folder.glob(f"{TEMPORARY}*"):
            try:
                if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            except FileNotFoundError:
                continue


def _mapped(path: Path) -> Octets:
    try:
        with path.open("rb") as file:
            return Mapped(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: a message's file is missing or empty ({error})") from error


def _inflated(data: bytes, size: int) -> bytes:
    """Return what zlib packed, as the first version of the store did."""
    try:
        return zlib.decompressobj().decompress(data, size + 1)
    except zlib.error as error:
        raise StoreError(f"stored octets are damaged ({error})") from error


def _missing(sha256: str) -> NotFound:
    return NotFound(f"there is no blob {shown(sha256, limit=80)!r}")
