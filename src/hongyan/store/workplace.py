"""A folder for what a job needs in clear for a while, and the end of one that was left behind.

An import is read, and an export written, by the names of files. In an encrypted profile that folder
lies in memory, where the system has a file system there and the room, so that no disk ever has it.
Its name holds its owner's: of one that died it goes when the profile is next opened.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from hongyan.store.protection import CLEAR
from hongyan.store.spool import TEMPORARY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.store.owner import Owner
    from hongyan.store.protection import Protection

MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a file system in memory, on Linux
_MOUNTS: Final = Path("/proc/self/mounts")
_SPARE: Final = 256 << 20  # octets that are left to others
_OWNER: Final = re.compile(r"-([0-9a-f]{16})-")


class Workplaces:
    """The folders of the jobs of the profile in ``home``."""

    def __init__(self, home: Path, protection: Protection, owner: Owner) -> None:
        self._disk = home / protection.folder
        self._is_sealed = protection is not CLEAR
        self._owner = owner
        profile = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]
        self._in_memory = f"hongyan-{profile}"

    def open(self, room: int) -> TemporaryDirectory[str]:
        """Return an empty folder that only the person can read, which vanishes with its block.

        ``room`` is how many octets will lie in it. Raises `OSError`.
        """
        if self._is_sealed and _has_memory(room):
            return TemporaryDirectory(prefix=f"{self._in_memory}-{self._owner.name}-", dir=MEMORY)
        return TemporaryDirectory(prefix=f"{TEMPORARY}{self._owner.name}-", dir=self._disk)

    def remove_dead(self) -> None:
        """Remove the folders whose owners have died."""
        for path in self._all():
            found = _OWNER.search(path.name)
            if found and not self._owner.is_alive(found[1]):
                shutil.rmtree(path, ignore_errors=True)

    def _all(self) -> Iterator[Path]:
        yield from (each for each in self._disk.glob(f"{TEMPORARY}*-*") if each.is_dir())
        if self._is_sealed:  # everybody may write there: what is not ours is left alone
            yield from filter(_is_own_folder, MEMORY.glob(f"{self._in_memory}-*"))


def _is_own_folder(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _has_memory(room: int) -> bool:
    """Whether the file system in memory is there, and takes so much."""
    try:
        mounts = _MOUNTS.read_text("utf-8", "replace")
        free = shutil.disk_usage(MEMORY).free
    except OSError:
        return False
    return f" {MEMORY} tmpfs " in mounts and room + _SPARE < min(free, _available())


def _available() -> int:
    """Return how many octets of memory nobody needs."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0
