"""Imports and exports as jobs: of what was uploaded, into what can be downloaded.

No path of this machine is taken from outside or told there. What a job needs as files lies in a
workplace that vanishes with it; the finished export is a blob that no message names, kept for a
day.
"""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hongyan.errors import InvalidArgument, StoreError
from hongyan.mime import names
from hongyan.transfer import Format, Importer, export
from hongyan.transfer.manifest import NAME
from hongyan.transfer.unpacking import place, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from tempfile import TemporaryDirectory

    from hongyan.app.jobs import Advance, Jobs
    from hongyan.store import Account, Blob, Store

_CHUNK: Final = 1 << 20
_NAMED: Final = 20  # of what was passed by


class Transferring:
    """Begins jobs that bring mail in or out."""

    def __init__(self, store: Store, jobs: Jobs, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._jobs = jobs
        self._clock = clock

    def begin_import(
        self,
        account: Account,
        blob_ids: Sequence[str],
        *,
        name: str,
        mailbox: str | None,
        files: Sequence[tuple[str, int]] = (),
    ) -> str:
        """Import a file that was uploaded in one piece or several; return the job's id.

        ``name`` is the file's; ``mailbox`` a name for all of it instead of those within. Of a
        folder, ``files`` are the paths below it and the sizes of what lies in the upload one after
        the other. Raises `NotFound` for a blob, `InvalidArgument` for sizes that are not those.
        """
        size = sum(len(self._store.blobs.open(each)) for each in blob_ids)
        if files and sum(octets for _, octets in files) != size:
            raise InvalidArgument("files", "they are not what was uploaded")

        def work(advance: Advance) -> dict[str, Any]:
            def seen(done: int, total: int, octets: int, _: int) -> None:
                advance(done, total, min(octets, size), size)

            with self._workplace(size) as folder, ExitStack() as stack:
                folders = [folder]
                octets, inside = self._octets(blob_ids, advance), Path(folder) / "in"
                inside.mkdir(mode=0o700)
                if files:
                    _spread(octets, files, inside)
                    path = inside
                else:
                    path = _written(octets, inside / names.safe(name))
                    if room := _needed(path):
                        folders.append(stack.enter_context(self._workplace(room)))
                        unpack(path, Path(folders[-1]))
                        path = Path(folders[-1])
                importer = Importer(self._store, account, clock=self._clock, override=True)
                found = importer.take([path], mailbox=mailbox, advance=seen)
            return {
                "accountId": account.id,
                "new": found.new,
                "known": found.known,
                "octets": found.octets,
                "passedBy": len(found.passed_by),
                "examples": [_without(folders, each) for each in found.passed_by[:_NAMED]],
            }

        return self._jobs.begin("import", name, work)

    def _octets(self, blob_ids: Sequence[str], advance: Advance) -> Iterator[bytes]:
        for blob_id in blob_ids:
            octets = self._store.blobs.open(blob_id)
            for start in range(0, len(octets), _CHUNK):
                yield octets[start : start + _CHUNK]
                advance(0, 0, 0, 0)  # a place to be ended at

    def begin_export(self, account: Account, *, form: str, query: str) -> str:
        """Export what ``query`` finds, all when empty, to a ZIP file; return the job's id.

        ``form`` is the value of a `Format`; the download of ``account`` gives it. Raises
        `InvalidArgument` for the query.
        """
        count = self._store.search.count(query)
        if not count:
            raise InvalidArgument("query", "it finds no message")
        room = 2 * self._store.search.octets(query)  # as it leaves, and packed
        name = f"hongyan-{self._clock():%Y-%m-%d}-{form}.zip"

        def work(advance: Advance) -> dict[str, Any]:
            with self._workplace(room) as folder:
                target = Path(folder) / "out"
                done = export(self._store, target, form=Format(form), query=query, advance=advance)
                blob = self._kept(_packed(target, advance))
            kind = {"name": name, "type": "application/zip"}
            where = {"accountId": account.id, "blobId": blob.sha256, "size": blob.size}
            return {"messages": done, **kind, **where}

        return self._jobs.begin("export", query, work)

    def _workplace(self, room: int) -> TemporaryDirectory[str]:
        """Return a folder for so many octets. Raises `StoreError`."""
        try:
            return self._store.workplaces.open(room)
        except OSError as error:
            raise StoreError(f"{error.filename}: {error.strerror or error}") from error

    def _kept(self, path: Path) -> Blob:
        with self._store.blobs.writer() as writer, path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                writer.write(chunk)
            return self._store.blobs.keep(writer.finish())


def _written(octets: Iterable[bytes], path: Path) -> Path:
    with path.open("xb") as file:
        file.writelines(octets)
    return path


def _spread(octets: Iterator[bytes], files: Iterable[tuple[str, int]], folder: Path) -> None:
    """Write the files that lie in ``octets`` one after the other below ``folder``."""
    chunk = b""
    for name, size in files:
        left = size
        with place(folder, name).open("xb") as file:
            while left:
                chunk = chunk or next(octets)
                written = file.write(chunk[:left])
                left, chunk = left - written, chunk[written:]


def _packed(target: Path, advance: Advance) -> Path:
    """Return a finished export as a ZIP file: one as it is, a folder packed into one."""
    if target.is_file():
        return target
    path = target.with_name("packed.zip")
    files = sorted(target.rglob("*"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, each in enumerate(files, 1):
            packed.write(each, each.relative_to(target))
            advance(number, len(files), 0, 0)
    return path


def _needed(path: Path) -> int:
    """Return for how many octets a ZIP file needs room; 0 for an export of ours, or no ZIP file."""
    if not zipfile.is_zipfile(path):
        return 0
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    if any(each.filename == NAME for each in entries):
        return 0
    return 1 + sum(each.file_size for each in entries)


def _without(folders: Iterable[str], words: str) -> str:
    """Return words about a file without the folders of this machine."""
    for each in folders:
        words = words.replace(each, "")
    return words
