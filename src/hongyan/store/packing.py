"""Octets made smaller for the disk: zstd, with dictionaries trained on the profile's own mail.

Mail is short and its headers are much alike, so a dictionary of what is in all of them saves a
quarter (docs/decisions/0013-space.md). Every frame names its dictionary. As all mail needs it, a
dictionary is kept twice, in the database and as a file beside the blobs, each known by its SHA-256.
"""

from __future__ import annotations

import hashlib
import itertools
import sys
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from hongyan.errors import StoreError
from hongyan.store.database import fetch
from hongyan.store.protection import CLEAR, gathered
from hongyan.store.spool import TemporaryFile, cannot_write

if TYPE_CHECKING or sys.version_info < (3, 14):
    from backports import zstd
else:
    from compression import zstd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import apsw

    from hongyan.store.database import Database
    from hongyan.store.protection import Octets, Protection

_LEVEL: Final = 3  # with a dictionary 4 in 100 larger than 6, in a third of the time
_TRAINED_AT: Final = ((1_000, 500), (20_000, 2_500))  # when there are so many blobs: of how many
_FRAME: Final = zstd.ZstdCompressor.FLUSH_FRAME
_DICTIONARY: Final = 112_640  # octets, zstd's own usual size
_SAMPLE: Final = 16_384
_CHUNK: Final = 1 << 20
_TRIED: Final = 65_536  # octets of a file that tell whether it shrinks
_WORTH: Final = 0.94  # of its size: a file that hardly shrinks is left as it is


class Dictionary(NamedTuple):
    """The file of a dictionary and how to read it, for any process."""

    path: Path
    protection: Protection

    def read(self) -> bytes:
        """Return its octets. Raises `StoreError`."""
        return b"".join(self.protection.chunks(self.path))


class Packing:
    """Compresses and decompresses; knows the dictionaries of one profile."""

    def __init__(self, database: Database, *, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._protection = database.protection
        self._known: dict[int, zstd.ZstdDict] = {}
        self._newest: zstd.ZstdDict | None = None
        self._compressor = _compressor(None)
        self._count = -1  # not looked up yet
        self._tried = 0
        self._blobs = 0
        database.on_commit(self._train_in_time)

    def pack(self, octets: bytes) -> bytes:
        """Return a zstd frame."""
        if self._count < 0:
            self._load_newest()
        return self._compressor.compress(octets, _FRAME)

    def unpack(self, frame: bytes, *, limit: int) -> bytes:
        """Return what is in a frame, ``limit`` octets at most. Raises `StoreError`."""
        try:
            number = zstd.get_frame_info(frame).dictionary_id
            dictionary = self._dictionary(number) if number else None
            return zstd.ZstdDecompressor(zstd_dict=dictionary).decompress(frame, limit)
        except (zstd.ZstdError, EOFError) as error:
            raise StoreError(f"stored octets are damaged ({error})") from error

    def pack_file(self, source: TemporaryFile) -> TemporaryFile | None:
        """Return a new file with a frame of what is in ``source``; None when it hardly shrinks."""
        source.end()
        chunks = self._protection.chunks(source.path)
        first = next(chunks, b"")
        tried = first[-_TRIED:]  # not its beginning, where a message's header and words stand
        if len(zstd.compress(tried, 3)) > _WORTH * len(tried):
            return None
        packed = TemporaryFile(self._folder, self._protection)
        compressor = zstd.ZstdCompressor(3)
        for chunk in itertools.chain((first,), chunks):
            packed.write(compressor.compress(chunk))
        packed.write(compressor.flush())
        return packed

    def unpack_file(self, path: Path, size: int) -> Octets:
        """Return the ``size`` octets in the frame in a file. Raises `StoreError`."""
        chunks = unpacked(self._protection.chunks(path), path)
        if self._protection is not CLEAR:
            return gathered(chunks, size, path)
        target = TemporaryFile(self._folder)
        try:
            for chunk in chunks:
                target.write(chunk)
            target.end()
        except OSError as error:
            raise cannot_write(error) from error
        return CLEAR.mapped(target.path, size)  # which stays while it is mapped

    def newest(self) -> Dictionary | None:
        """Return the file of the newest dictionary."""
        if self._count < 0:
            self._load_newest()
        if self._newest is None:
            return None
        return Dictionary(self._path(self._newest.dict_id), self._protection)

    def note(self, blob: int) -> None:
        """Note the row of a blob that was stored, by which it is known how many there are."""
        self._blobs = max(self._blobs, blob)

    def _train_in_time(self) -> None:
        """Make a dictionary when there is enough mail for it, twice in all: a moment's work."""
        due = [samples for at, samples in _TRAINED_AT if self._blobs >= at]
        wanted = len(due)
        if self._tried >= wanted:
            return
        self._tried = wanted
        with self._database.write() as db:
            self._load_newest()  # another process may have done so
            if self._count < wanted:
                self._train(db, samples=due[-1])

    def _train(self, db: apsw.Connection, *, samples: int) -> None:
        # Mail can have too little in common, which does no harm.
        with suppress(zstd.ZstdError, ValueError):
            self._keep(db, zstd.train_dict(self._samples(db, samples), _DICTIONARY))

    def _samples(self, db: apsw.Connection, count: int) -> list[bytes]:
        rows = fetch(
            db,
            "SELECT data FROM blobs WHERE encoding = 'zstd' ORDER BY id DESC LIMIT ?",
            (count,),
        )
        return [self.unpack(data, limit=_SAMPLE) for (data,) in rows]

    def _keep(self, db: apsw.Connection, dictionary: zstd.ZstdDict) -> None:
        content = dictionary.dict_content
        path = self._path(dictionary.dict_id)
        try:
            file = TemporaryFile(self._folder, self._protection)
            file.write(content)
            file.move(path)
        except OSError as error:
            raise cannot_write(error) from error
        db.execute(
            "INSERT OR REPLACE INTO dictionaries (id, sha256, data) VALUES (?, ?, ?)",
            (dictionary.dict_id, hashlib.sha256(content).digest(), content),
        )
        self._known[dictionary.dict_id] = self._newest = dictionary
        self._compressor = _compressor(dictionary)

    def _load_newest(self) -> None:
        with self._database.read() as db:
            rows = fetch(db, "SELECT id FROM dictionaries ORDER BY number")
        self._count = len(rows)
        self._newest = self._dictionary(rows[-1][0]) if rows else None
        self._compressor = _compressor(self._newest)

    def _dictionary(self, number: int) -> zstd.ZstdDict:
        if number not in self._known:
            self._known[number] = zstd.ZstdDict(self._content(number))
        return self._known[number]

    def _content(self, number: int) -> bytes:
        """Return a dictionary from the database, or from its file where that is damaged."""
        with self._database.read() as db:
            rows = fetch(db, "SELECT sha256, data FROM dictionaries WHERE id = ?", (number,))
        copies = [bytes(data) for _, data in rows]
        with suppress(StoreError):
            copies.append(Dictionary(self._path(number), self._protection).read())
        for copy in copies:
            if not rows or hashlib.sha256(copy).digest() == rows[0][0]:
                return copy
        raise StoreError(f"the dictionary {number}, which stored octets need, is lost")

    def _path(self, number: int) -> Path:
        return self._folder / "dictionaries" / f"{number}.zdict"


def _compressor(dictionary: zstd.ZstdDict | None) -> zstd.ZstdCompressor:
    """Return what makes one frame after the other: half of the time of one anew for each."""
    digested = dictionary.as_digested_dict if dictionary else None
    return zstd.ZstdCompressor(_LEVEL, zstd_dict=digested)


@lru_cache(maxsize=2)
def _compressor_with(dictionary: Dictionary | None) -> zstd.ZstdCompressor:
    return _compressor(zstd.ZstdDict(dictionary.read()) if dictionary else None)


def packed_with(octets: bytes, dictionary: Dictionary | None) -> bytes:
    """Return what `Packing.pack` would, with the dictionary in a file. Raises `StoreError`."""
    return _compressor_with(dictionary).compress(octets, _FRAME)


def packed_text(octets: bytes) -> bytes:
    """Return a text as the database keeps it, without a dictionary."""
    return packed_with(octets, None)


def unpacked(chunks: Iterable[bytes], path: Path) -> Iterator[bytes]:
    """Yield what is in the frame that ``chunks`` of the file make. Raises `StoreError`."""
    frame = zstd.ZstdDecompressor()
    try:
        for chunk in chunks:
            yield frame.decompress(chunk, _CHUNK)
            while not (frame.needs_input or frame.eof):
                yield frame.decompress(b"", _CHUNK)
    except (EOFError, zstd.ZstdError) as error:
        raise StoreError(f"{path}: a message's file is damaged ({error})") from error
    if not frame.eof:
        raise StoreError(f"{path}: a message's file is damaged (cut)")
