"""Does an export hold every octet? Each message of the manifest is read back and hashed."""

from __future__ import annotations

import hashlib
import os
import zipfile
from contextlib import ExitStack
from mmap import ACCESS_READ, mmap
from typing import TYPE_CHECKING, Final, Self

from hongyan.errors import InvalidArgument, StoreError
from hongyan.guard import shown
from hongyan.store.types import silently
from hongyan.transfer import manifest
from hongyan.transfer.forms import restored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hongyan.store.types import Advance
    from hongyan.transfer.forms import Octets
    from hongyan.transfer.manifest import Entry


_SMALL: Final = 65_536  # octets that are read sooner than mapped


class Opened:
    """An export that is open for reading: a folder or a ZIP file; a context manager."""

    def __init__(self, path: Path) -> None:
        """Open the export at ``path``. Raises `InvalidArgument` when there is none."""
        self._path = path
        self._mapped: tuple[str, Octets] | None = None
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            found = (path / manifest.NAME).is_file()
        else:
            found = zipfile.is_zipfile(path)
            if found:
                self._zip = zipfile.ZipFile(path)
                found = manifest.NAME in self._zip.namelist()
        if not found:
            raise InvalidArgument("export", f"{path} holds no {manifest.NAME}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._zip is not None:
            self._zip.close()

    def entries(self) -> Iterator[Entry]:
        """Yield the manifest's entries. Raises `InvalidArgument`."""
        with ExitStack() as stack:
            if self._zip is not None:
                yield from manifest.read(stack.enter_context(self._zip.open(manifest.NAME)))
            else:
                path = self._path / manifest.NAME
                yield from manifest.read(stack.enter_context(path.open("rb")))

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """Yield the exact octets of a message. Raises `StoreError` when its file cannot be read."""
        try:
            octets = self._octets(entry.file)
        except (OSError, KeyError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
            raise StoreError(f"cannot be read ({shown(str(error), limit=200)})") from None
        start = entry.offset or 0
        end = len(octets) if entry.length is None else min(start + entry.length, len(octets))
        quoted = entry.offset is not None
        return restored(octets, start, end, form=entry.form, quoted=quoted)

    def _octets(self, name: str) -> Octets:
        """Return a file's octets; an mbox is mapped once for all its messages."""
        if self._zip is not None:
            return self._zip.read(name)
        if self._mapped is None or self._mapped[0] != name:
            self._mapped = name, mapped(self._path / name)
        return self._mapped[1]


def mapped(path: Path | str) -> Octets:
    """Return a file's octets, those of a large one without reading them. Raises `OSError`."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123  # a Path for each of many costs
        if os.fstat(file.fileno()).st_size <= _SMALL:
            return file.readall()
        return mmap(file.fileno(), 0, access=ACCESS_READ)


def verify(path: Path, *, advance: Advance = silently) -> tuple[int, tuple[str, ...]]:
    """Return how many messages of the export are whole, and a line on each that is not.

    Raises `InvalidArgument` when there is no export.
    """
    good = done = size = 0
    faults: list[str] = []
    with Opened(path) as export:
        try:
            for entry in export.entries():
                fault = _fault(export, entry)
                if fault:
                    faults.append(f"{shown(entry.file)}: {entry.sha256[:12]}…: {fault}")
                good += not fault
                done, size = done + 1, size + entry.size
                advance(done, 0, size, 0)
        except InvalidArgument as error:
            faults.append(str(error))
    return good, tuple(faults)


def _fault(export: Opened, entry: Entry) -> str:
    digest = hashlib.sha256()
    try:
        for chunk in export.chunks(entry):
            digest.update(chunk)
    except StoreError as error:
        return str(error)
    return "" if digest.hexdigest() == entry.sha256 else "its octets are not what they were"
