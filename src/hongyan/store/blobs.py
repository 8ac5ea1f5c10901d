"""The raw octets, exactly as received, named by their SHA-256 and kept once.

Small ones lie compressed in the database; those above `spool.SMALL` are files ``blobs/ab/cdef…``,
compressed where it helps, synced and renamed inside the transaction that names them, and removed
only after the one that forgets them. Reading gives bytes that match their hash, or an error. In an
encrypted profile the files are ``sealed/ab/cdef…``: see `hongyan.store.protection`.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hongyan.errors import NotFound, NotHereYet, StoreError
from hongyan.guard import shown
from hongyan.reasons import Reason
from hongyan.store.database import fetch
from hongyan.store.packing import Packing, unpacked
from hongyan.store.protection import file_of
from hongyan.store.spool import (
    TEMPORARY,
    Blob,
    BlobWriter,
    Packed,
    TemporaryFile,
    cannot_write,
)
from hongyan.store.times import milliseconds
from hongyan.store.types import nothing_like, row_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    import apsw

    from hongyan.store.database import Database
    from hongyan.store.packing import Dictionary
    from hongyan.store.protection import Octets


IN_FILES: Final = "SELECT lower(hex(sha256)) FROM blobs WHERE data IS NULL"
BY_HASH: Final = "FROM blobs WHERE substr(sha256, 1, 6) = substr(?1, 1, 6) AND sha256 = ?1"
_OF_MESSAGE: Final = """
    SELECT lower(hex(b.sha256)), m.whole FROM messages AS m JOIN blobs AS b ON b.id = m.blob
    WHERE m.id = ?
"""
_TOGETHER: Final = 1_000
_HEAD: Final = 65_536
_ABANDONED_SECONDS: Final = 24 * 3600.0


class Blobs:
    """All octets of the profile.

    A message's octets are had by their hash, or by the message's own id, as `Email.blob_id` names
    them. This is the one door to them: of a message that is not whole it gives nothing, but raises
    `NotHereYet`, so that nobody takes a header for the letter.
    """

    def __init__(self, database: Database, *, home: Path, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._protection = database.protection
        self._folder = folder = home / self._protection.folder
        self._clock = clock
        self._packing = Packing(database, folder=folder)
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            self._remove_abandoned()
        except OSError as error:
            raise cannot_write(error) from error

    @property
    def suffix(self) -> str:
        """What the name of a file that leaves the blobs has in addition: empty, or of its seal."""
        return self._protection.suffix

    def writer(self) -> BlobWriter:
        """Return a writer for octets that arrive in chunks."""
        return BlobWriter(self._folder, self._protection)

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

    def pack(self, blob: Blob) -> Blob:
        """Do now, in any thread, what storing a fresh blob that is large would wait for.

        It is compressed where that helps, and on the disk; others are returned as they are. Raises
        `StoreError` when the disk is full.
        """
        pending = blob.pending
        if not isinstance(pending, TemporaryFile):
            return blob
        try:
            smaller = self._packing.pack_file(pending)
            file = smaller or pending
            file.sync()
        except OSError as error:
            raise cannot_write(error) from error
        return Blob(blob.sha256, blob.size, Packed("zstd file" if smaller else "file", file))

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
        pending = self.pack(blob).pending
        if isinstance(pending, bytes):
            packed = self._packing.pack(pending)
            return ("zstd", packed) if len(packed) < len(pending) else ("plain", pending)
        if not isinstance(pending, Packed):
            raise _missing(blob.sha256)
        encoding, data = pending
        if isinstance(data, bytes):
            return encoding, data
        try:
            data.move(self.path(blob.sha256))
        except OSError as error:
            raise cannot_write(error) from error
        return encoding, None

    def read(self, content: str | Blob) -> bytes:
        """Return the octets of a blob or of a name.

        Raises `NotFound`, `NotHereYet`, and `StoreError` when they do not match their hash.
        """
        if isinstance(content, str):
            sha256 = self._hash(content)
            octets = bytes(self._stored(sha256)[:])
        else:
            sha256, octets = content.sha256, bytes(self.open(content)[:])
        if hashlib.sha256(octets).hexdigest() != sha256:
            raise StoreError(Reason.OCTETS_DAMAGED.of(sha256=sha256))
        return octets

    def verify(self, name: str) -> None:
        """Raise `StoreError` when octets are missing or damaged, `NotFound`, `NotHereYet`."""
        sha256 = self._hash(name)
        computed = hashlib.sha256()
        for chunk in self._chunks(sha256, *self._row(sha256)):
            computed.update(chunk)
        if computed.hexdigest() != sha256:
            raise StoreError(Reason.OCTETS_DAMAGED.of(sha256=sha256))

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
        if not self._unnamed():
            return ()
        with self._database.write():  # nobody else is just about to name one
            return tuple(self._unnamed())

    def _unnamed(self) -> list[Path]:
        found = set(self._folder.glob("??/*"))
        if found:
            with self._database.read() as db:
                rows = db.execute(
                    f"{IN_FILES} UNION ALL SELECT lower(hex(sha256)) FROM doomed_files"
                )
                for (sha256,) in rows:
                    found.discard(self.path(str(sha256)))
        return sorted(found)

    def open(self, content: str | Blob) -> Octets:
        """Return the octets unchecked; a large blob is mapped from its file, not read.

        Raises `NotFound`, `NotHereYet`, `StoreError`.
        """
        if isinstance(content, str):
            return self._stored(self._hash(content))
        pending = content.pending
        if isinstance(pending, bytes):
            return pending
        if isinstance(pending, Packed) and isinstance(pending.data, bytes):
            return self.unpacked(pending.encoding, content.size, pending.data)
        if isinstance(pending, TemporaryFile) and pending.path.exists():
            return self._protection.mapped(pending.path, content.size)
        return self._stored(content.sha256)

    def header(self, message_id: str) -> Octets:
        """Return what is here of a message that is not whole: its header. Raises `NotFound`."""
        with self._database.read() as db:
            rows = fetch(db, _OF_MESSAGE, (row_number("m", message_id),))
        if not rows:
            raise nothing_like("m", message_id)
        return self._stored(rows[0][0])

    def _stored(self, sha256: str) -> Octets:
        encoding, size, data = self._row(sha256)
        if data is not None:
            return self.unpacked(encoding, size, data)
        path = self.path(sha256)
        if encoding == "file":
            return self._protection.mapped(path, size)
        return self._packing.unpack_file(path, size)

    def _hash(self, name: str) -> str:
        """Return the hash that a name stands for: itself, or that of a message's octets."""
        if name[:1] != "m":
            return name
        with self._database.read() as db:
            rows = fetch(db, _OF_MESSAGE, (row_number("m", name),))
        for sha256, whole in rows:
            if not whole:
                raise NotHereYet(f"only the header of message {name} is here yet", message_id=name)
            return str(sha256)
        raise nothing_like("m", name)

    def _row(self, sha256: str) -> tuple[str, int, bytes | None]:
        """Return the encoding, size and data of a blob. Raises `NotFound`."""
        try:
            key = bytes.fromhex(sha256)
        except ValueError:
            raise _missing(sha256) from None
        with self._database.read() as db:
            rows = fetch(db, f"SELECT encoding, size, data {BY_HASH}", (key,))
        if not rows:
            raise _missing(sha256)
        encoding, size, data = rows[0]
        return encoding, size, data

    def _chunks(self, sha256: str, encoding: str, size: int, data: bytes | None) -> Iterator[bytes]:
        """Yield the octets of a blob's row, unchecked, in constant memory. Raises `StoreError`."""
        if data is not None:
            yield self.unpacked(encoding, size, data)
            return
        path = self.path(sha256)
        chunks = self._protection.chunks(path)
        yield from chunks if encoding == "file" else unpacked(chunks, path)

    def set_aside(self, sha256: str, folder: Path) -> Path | None:
        """Write what is left of some octets into a file in ``folder``, in the profile's form.

        Returns its path, or None when nothing is left. Raises `OSError`.
        """
        name = self._protection.name(sha256)
        path = folder / f"{name}.eml{self._protection.suffix}"
        try:
            octets = bytes(self.open(sha256)[:])
        except (NotFound, StoreError):  # a file that cannot be unpacked goes as it is
            source = self.path(sha256)
            if not source.exists() or not source.stat().st_size:
                return None
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return Path(shutil.copyfile(source, folder / f"{name}.zst"))
        if not octets:
            return None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = TemporaryFile(folder, self._protection)
        file.write(octets)
        file.move(path)
        return path

    def dictionary(self) -> Dictionary | None:
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
        head = b""
        for chunk in self._chunks(sha256, encoding, size, data):
            head += chunk[: _HEAD - len(head)]
            if len(head) == _HEAD:
                break
        return head

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
        return self._folder / file_of(self._protection, sha256)

    def _remove_abandoned(self) -> None:
        """Remove what a killed process was spooling; young files may belong to a living one."""
        for path in self._folder.glob(f"{TEMPORARY}*"):
            try:
                if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            except FileNotFoundError:
                continue


def _inflated(data: bytes, size: int) -> bytes:
    """Return what zlib packed, as the first version of the store did."""
    try:
        return zlib.decompressobj().decompress(data, size + 1)
    except zlib.error as error:
        raise StoreError(f"stored octets are damaged ({error})") from error


def _missing(sha256: str) -> NotFound:
    return NotFound(f"there is no blob {shown(sha256, limit=80)!r}")
