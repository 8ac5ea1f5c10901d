"""A disk that fails when told: in the n-th thing that SQLite or the blobs ask it for.

A layer between SQLite and the file system (a VFS), and the same for the files that Python writes.
It counts writes, truncations, syncs, renames and deletions, and it remembers what was not synced, so
that a loss of power can undo that. All in one process: hundreds of faults cost seconds.
"""

from __future__ import annotations

import errno
import itertools
import os
import random
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import apsw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

SYSTEM: Final = "unix"  # SQLite's own layer
_NUMBERS: Final = itertools.count()  # what lies above a disk keeps its name


class Fault(Enum):
    """What happens at the n-th request."""

    FULL = "it and all that would write are refused: ENOSPC, EDQUOT"
    READ_ONLY = "it and all that would write are refused: EROFS"
    EIO = "it fails, once"
    DEATH = "the process is gone: nothing more is done"
    POWER = "so is the machine: what was not synced is lost"
    TORN = "as POWER, but of what was not synced some was written, here and there"

    @property
    def lasts(self) -> bool:
        """Whether everything afterwards fails, too."""
        return self is not Fault.EIO


SQLITE: Final = {
    Fault.FULL: apsw.FullError,
    Fault.READ_ONLY: apsw.ReadOnlyError,
}
ERRNO: Final = {Fault.FULL: errno.ENOSPC, Fault.READ_ONLY: errno.EROFS}


@dataclass
class Unsynced:
    """A file as it was synced last, and what was asked of it since: writes, and new sizes."""

    content: bytes
    since: list[tuple[int, bytes] | int] = field(default_factory=list)

    def after(self, chance: Callable[[], bool]) -> bytes:
        """Return what a loss of power leaves, where each request had its ``chance``."""
        left = bytearray(self.content)
        for each in self.since:
            if not chance():
                continue
            if isinstance(each, int):
                del left[each:]
            else:
                offset, data = each
                left += bytes(max(0, offset - len(left)))
                left[offset : offset + len(data)] = data
        return bytes(left)


@dataclass
class Renamed:
    """A file that was given another name, and what had that name before."""

    old: Path
    new: Path
    replaced: bytes | None

    def undo(self) -> None:
        self.old.parent.mkdir(exist_ok=True)
        self.new.rename(self.old)
        if self.replaced is not None:
            self.new.write_bytes(self.replaced)


class FaultyDisk(apsw.VFS):
    """The disk; ``count`` is how much it was asked for since `arm`."""

    def __init__(self) -> None:
        self._before = apsw.vfs_names()[0]
        self._name = f"faulty-{next(_NUMBERS)}"
        super().__init__(self._name, SYSTEM, makedefault=True)
        self.arm(None, 0)

    def encrypting(self) -> None:
        """Let the layer that encrypts lie above this one, as it does above the system's own."""
        name = f"multipleciphers-{self._name}"
        apsw.Connection(":memory:", vfs=name).close()  # with which it is made
        apsw.set_default_vfs(name)

    def remove(self) -> None:
        """Let what was there before be the disk again."""
        apsw.set_default_vfs(self._before)
        self.unregister()

    def arm(self, fault: Fault | None, at: int, *, seed: int = 0) -> None:
        """Let the ``at``-th request from now fail so, or none; all that is there counts as synced."""
        self.fault = fault
        self.at = at
        self.count = 0
        self._random = random.Random(seed)
        self._unsynced: dict[Path, Unsynced] = {}
        self._inodes: set[int] = set()
        self._renamed: list[Renamed] = []

    @property
    def struck(self) -> bool:
        """Whether the fault has come."""
        return self.fault is not None and self.count >= self.at

    def _fails(self) -> bool:
        self.count += 1
        return self.fault is not None and (
            self.count == self.at or (self.fault.lasts and self.count > self.at)
        )

    # -- for SQLite

    def xOpen(  # noqa: N802  # as SQLite calls it, and what follows
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        """Open a file of SQLite's, through `FaultyFile`."""
        return FaultyFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        """Delete a file; that counts as durable."""
        self.ask()
        self._unsynced.pop(Path(filename), None)
        super().xDelete(filename, syncdir)

    def ask(self) -> None:
        """Count a request of SQLite's."""
        if self._fails():
            assert self.fault
            raise SQLITE.get(self.fault, apsw.IOError)(f"a fault: {self.fault.value}")

    def wrote(self, path: Path, what: tuple[int, bytes] | int) -> None:
        """Note what is about to be done to a file; it is not durable before `synced`."""
        if path not in self._unsynced:
            self._unsynced[path] = Unsynced(path.read_bytes())
        self._unsynced[path].since.append(what)

    def synced(self, path: Path) -> None:
        """Note that a file is durable."""
        self._unsynced.pop(path, None)

    # -- for files that Python writes

    def ask_system(self) -> None:
        """Count a request of Python's."""
        if self._fails():
            assert self.fault
            code = ERRNO.get(self.fault, errno.EIO)
            raise OSError(code, os.strerror(code))

    def under(self, patch: pytest.MonkeyPatch) -> None:
        """Let the files of this process be on this disk."""
        fdopen, fsync, replace = os.fdopen, os.fsync, os.replace

        def open_(handle: int, mode: str) -> BinaryIO:
            self._inodes.add(os.fstat(handle).st_ino)
            return cast("BinaryIO", _File(cast("BinaryIO", fdopen(handle, mode)), self))

        def sync(handle: int) -> None:
            self.ask_system()
            fsync(handle)
            found = os.fstat(handle)
            self._inodes.discard(found.st_ino)
            for path in list(self._unsynced):  # one that SQLite has written
                if path.exists() and path.stat().st_ino == found.st_ino:
                    self.synced(path)
            if stat.S_ISDIR(found.st_mode):
                self._renamed = [
                    each
                    for each in self._renamed
                    if each.new.parent.exists() and each.new.parent.stat().st_ino != found.st_ino
                ]

        def rename(old: Path, new: Path) -> None:
            self.ask_system()
            replaced = Path(new).read_bytes() if Path(new).exists() else None
            replace(old, new)
            self._renamed.append(Renamed(Path(old), Path(new), replaced))

        for name, act in (("fdopen", open_), ("fsync", sync), ("replace", rename)):
            patch.setattr(os, name, act)

    def cut_power(self, home: Path) -> None:
        """Lose what was not synced; nothing may be open any more."""
        fault, self.fault = self.fault, None
        if fault not in (Fault.POWER, Fault.TORN):
            return

        def chance() -> bool:
            return fault is Fault.TORN and self._random.random() < 0.5

        for path, unsynced in self._unsynced.items():
            path.write_bytes(unsynced.after(chance))
        for each in reversed(self._renamed):
            if each.new.exists() and not chance():
                each.undo()
        for path in home.rglob("*"):
            if path.is_file() and path.stat().st_ino in self._inodes:
                os.truncate(path, 0)
        for path in home.glob("*-shm"):
            path.unlink()


class FaultyFile(apsw.VFSFile):
    """A file of SQLite's on the disk."""

    def __init__(
        self, disk: FaultyDisk, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        super().__init__(SYSTEM, name, flags)
        self._disk = disk
        self._path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "")

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        """Write, unless it is time to fail."""
        self._disk.ask()
        self._disk.wrote(self._path, (offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        """Truncate, unless it is time to fail."""
        self._disk.ask()
        self._disk.wrote(self._path, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Sync, unless it is time to fail."""
        self._disk.ask()
        super().xSync(flags)
        self._disk.synced(self._path)


class _File:
    """A file of Python's on the disk."""

    def __init__(self, file: BinaryIO, disk: FaultyDisk) -> None:
        self._file = file
        self._disk = disk

    def write(self, data: bytes) -> int:
        self._disk.ask_system()
        return self._file.write(data)

    def writelines(self, chunks: list[bytes]) -> None:
        for each in chunks:
            self.write(each)

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


@contextmanager
def faulty_disk(patch: pytest.MonkeyPatch) -> Iterator[FaultyDisk]:
    """Let all files of this process be on a disk that fails when told."""
    disk = FaultyDisk()
    disk.under(patch)
    try:
        yield disk
    finally:
        disk.arm(None, 0)
        disk.remove()
