"""A ZIP file of mail that some other program made: taken apart below a folder of our own.

A stranger's archive: no path leads elsewhere, no link is made, and what would fill the disk (more
than `RATIO` times what it is, beyond `ANYWAY` octets) is refused before it does.
"""

from __future__ import annotations

import os
import stat
import zipfile
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, StoreError
from hongyan.mime import names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATIO: Final = 50
ANYWAY: Final = 100_000_000  # octets
_MOST: Final = 1_000_000  # entries
_DEEPEST: Final = 20
_CHUNK: Final = 1 << 18


def unpack(archive: Path, folder: Path) -> None:
    """Write the files of ``archive`` below the empty ``folder``.

    Names that cannot be created are changed. Raises `InvalidArgument`: it is no ZIP file, a damaged
    or a protected one, or holds too much; `StoreError`: the disk.
    """
    left = max(ANYWAY, RATIO * archive.stat().st_size)
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [each for each in opened.infolist() if _is_file(each)]
            if len(entries) > _MOST:
                raise InvalidArgument("archive", f"it holds more than {_MOST} files")
            for entry in entries:
                left -= _write(opened, entry, place(folder, entry.filename), left)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise InvalidArgument("archive", f"it cannot be read: {error}") from None
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: {error.strerror or error}") from error


def _is_file(entry: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return not entry.is_dir() and kind in (0, stat.S_IFREG)


def place(folder: Path, name: str) -> Path:
    """Return where a foreign file goes below ``folder``: each part of its path is a plain name.

    A Maildir keeps its folders, also those that are empty and that nobody sent for that reason.
    The name is free.
    """
    parts = [each for each in name.replace("\\", "/").split("/") if each not in ("", ".", "..")]
    *above, last = [_plain(each) for each in parts[-_DEEPEST:]] or ["file"]
    at = folder.joinpath(*above)
    parts_of_maildir = [at.with_name(each) for each in ("cur", "new")]
    for each in parts_of_maildir if at in parts_of_maildir else [at]:
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = at / last
    while free.exists():
        free = free.with_name(f"_{free.name}")
    return free


def _plain(name: str) -> str:
    """Return a name as it is where it can be: those of a Maildir say more than a name."""
    fits = name.isprintable() and len(name.encode("utf-8", "replace")) <= 255
    return name if fits and os.name == "posix" else names.safe(name)


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, limit: int) -> int:
    size = 0
    with path.open("xb") as target:
        for chunk in _chunks(opened, entry):
            size += len(chunk)
            if size > limit:
                raise InvalidArgument("archive", "it unpacks to more than can be meant")
            target.write(chunk)
    return size


def _chunks(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with opened.open(entry) as source:
            while chunk := source.read(_CHUNK):
                yield chunk
    except Exception as error:  # noqa: BLE001  # each way of compression has errors of its own
        raise zipfile.BadZipFile(f"{entry.filename!r}: {error}") from None
