"""A copy of the whole profile in one ZIP file, made while others write.

While nobody writes, a snapshot of the database begins and every large file gets a second name: both
take milliseconds, whatever the size. Then they are copied at leisure. The ZIP file appears, synced,
only when it is whole. Passwords are not in it, as they are not in the store; nor is the key of an
encrypted profile, under which its backups are encrypted as it is.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hongyan.errors import StoreError
from hongyan.store.blobs import IN_FILES
from hongyan.store.database import copy, fetch
from hongyan.store.envelope import keep_with
from hongyan.store.spool import cannot_write, sync_folder

if TYPE_CHECKING:
    import apsw

    from hongyan.store.blobs import Blobs
    from hongyan.store.database import Database
    from hongyan.store.types import Advance

_CHUNK: Final = 1 << 20


def backup(
    database: Database, *, blobs: Blobs, target: Path, replace: bool, advance: Advance
) -> None:
    """Write the backup; see `Store.backup`."""
    if target.exists() and not replace:
        raise StoreError(f"{target} exists already; nothing was written")
    part = target.with_name(target.name + ".part")
    try:
        with ExitStack() as stack:
            stack.callback(part.unlink, missing_ok=True)
            work = Path(stack.enter_context(blobs.workplace()))
            with database.snapshot(partial(_link_files, blobs, work)) as db:
                copy(db, work / "mail.db", database.protection)
            keep_with(database.path.parent, work, database.protection)
            _pack(work, part, advance=advance)
            part.replace(target)
            sync_folder(target.absolute().parent)
    except OSError as error:
        raise cannot_write(error) from error


def _link_files(blobs: Blobs, work: Path, db: apsw.Connection) -> None:
    for (sha256,) in fetch(db, IN_FILES):
        source = blobs.path(sha256)
        second = work / source.parent.parent.name / source.parent.name / source.name
        second.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.link(source, second)
        except FileNotFoundError:
            raise StoreError(f"{source}: a message's file is missing: 'hongyan repair'") from None
        except OSError:  # a file system without links
            shutil.copyfile(source, second)


def _pack(work: Path, part: Path, *, advance: Advance) -> None:
    files = sorted(path for path in work.rglob("*") if path.is_file())
    total = sum(path.stat().st_size for path in files)
    written = 0
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        with zipfile.ZipFile(file, "w") as archive:
            for number, path in enumerate(files, 1):
                written += _add(archive, path, path.relative_to(work).as_posix())
                advance(number, len(files), written, total)
        file.flush()
        os.fsync(file.fileno())


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> int:
    info = zipfile.ZipInfo.from_file(path, name)
    info.external_attr = 0o100600 << 16
    with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as member:
        shutil.copyfileobj(source, member, _CHUNK)
    return info.file_size
