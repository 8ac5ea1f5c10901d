"""From a profile in clear to an encrypted one, and back, whole or not at all.

All of the new form is made beside the old one: the database in the folder ``converting``, large
octets in the folder of their form, other files beside themselves. Then the new database takes the
place of the old by one rename, which decides: what is there afterwards in the other form is
removed, now or, after a crash, when the profile is next opened. Nobody else has it open meanwhile,
and who waits for it finds that the file is another one (`database.connect`).
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import apsw

from hongyan.errors import InvalidArgument, StoreError
from hongyan.store import envelope
from hongyan.store.blobs import IN_FILES
from hongyan.store.database import connect, create, fetch, put_in_place, storage_errors, words_of
from hongyan.store.envelope import KEY_OCTETS
from hongyan.store.protection import CLEAR, Sealed, choose_cipher, file_of
from hongyan.store.salvage import have_alone
from hongyan.store.spool import TemporaryFile, cannot_write, sync_folder
from hongyan.store.types import silently

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hongyan.store.envelope import AskKey, KeyPlace
    from hongyan.store.protection import Protection
    from hongyan.store.types import Advance

_WORK: Final = "converting"
_COPIES: Final = "mail.db.schema-*"  # made before migrations
_PRIVATE: Final = ("settings.json*", "set-aside/**/*")
_DICTIONARIES: Final = "dictionaries/*.zdict"
_SPARE: Final = 1 << 24  # octets for what is not counted


def room_needed(home: Path) -> int:
    """Return how many octets have to be free on the disk while the profile is converted."""
    found = [home / "mail.db", home / "mail.db-wal"]
    for pattern in (_COPIES, f"{CLEAR.folder}/**/*", f"{Sealed.folder}/**/*", *_PRIVATE):
        found += home.glob(pattern)
    return _SPARE + sum(path.stat().st_size for path in found if path.is_file())


def encrypt(home: Path, place: KeyPlace, *, key: bytes, advance: Advance = silently) -> None:
    """Encrypt the closed profile in ``home`` under ``key``, which is kept at ``place``.

    One that has no database yet will have an encrypted one from its beginning. Raises
    `InvalidArgument` for an encrypted profile; `StoreError`: it is in use, damaged, there is no
    room, or SQLite cannot encrypt; then it is as it was.
    """
    if envelope.is_encrypted(home):
        raise InvalidArgument("profile", f"{home} is encrypted already")
    data = secrets.token_bytes(KEY_OCTETS)
    new = Sealed.under(data)
    with closing(apsw.Connection(":memory:")) as trial:
        choose_cipher(trial)
    if _is_new(home):
        envelope.write(home, place, key=key, data=data)
        return
    with _alone(home, old=CLEAR, new=new) as live:
        envelope.write(home, place, key=key, data=data)
        _Conversion(home, live, CLEAR, new, advance).run()


def decrypt(home: Path, ask: AskKey, *, advance: Advance = silently) -> None:
    """Turn the closed, encrypted profile in ``home`` into one in clear; see `encrypt`."""
    if not envelope.is_encrypted(home):
        raise InvalidArgument("profile", f"{home} is not encrypted")
    old = envelope.protection_of(home, ask)
    if _is_new(home):
        envelope.remove(home)
        return
    with _alone(home, old=old, new=CLEAR) as live:
        _Conversion(home, live, old, CLEAR, advance).run()


def _is_new(home: Path) -> bool:
    """Tell whether there is nothing to convert yet. Raises `StoreError` for a mere rest."""
    if (home / "mail.db").exists():
        return False
    for folder in (CLEAR.folder, Sealed.folder):
        if any((home / folder).glob("??/*")):
            raise StoreError(f"{home}: mail.db is missing, but not the large messages beside it")
    return True


def change_key(home: Path, ask: AskKey, place: KeyPlace, *, key: bytes) -> None:
    """Put ``key``, kept at ``place``, in the stead of the person's key so far; at once.

    The profile may be in use. Earlier backups stay under the earlier key. Raises `StoreError`.
    """
    envelope.write(home, place, key=key, data=envelope.data_key(home, ask))


def settle(home: Path, protection: Protection) -> None:
    """Do what is left to do after a conversion that was broken off, if one was.

    To be called with the profile open, in the form in which its database is: so no conversion is
    under way. What cannot be done now is left for the next time.
    """
    if (home / _WORK).exists():
        with suppress(OSError, StoreError):
            _settle(home, protection)


@contextmanager
def _alone(home: Path, *, old: Protection, new: Protection) -> Iterator[apsw.Connection]:
    """Give a connection that has the profile alone; nothing half done is left behind the block."""
    path = home / "mail.db"
    with storage_errors(path), _disk_errors(), closing(connect(path, old)) as live:
        have_alone(live)
        live.pragma("journal_mode", "delete")  # all is in one file, which stays locked
        try:
            _settle(home, old)  # what an earlier try may have left
            _look_for_room(home)
            for folder in (_WORK, new.folder):
                (home / folder).mkdir(mode=0o700)
            sync_folder(home)
            yield live
        finally:  # whether the new form has come to be, the database tells
            settle(home, new if envelope.is_encrypted(home) == (new is not CLEAR) else old)


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(error) from error


def _look_for_room(home: Path) -> None:
    room, free = room_needed(home), shutil.disk_usage(home).free
    if free < room:
        raise StoreError(f"{home}: {room} octets have to be free on the disk, and {free} are")


@dataclass(frozen=True, slots=True)
class _Conversion:
    """One conversion of a profile that nobody else has open."""

    home: Path
    live: apsw.Connection
    old: Protection
    new: Protection
    advance: Advance

    def run(self) -> None:
        """Make everything in the new form, let it come to be, and remove the old."""
        made = self.home / _WORK / "mail.db"
        _vacuum(self.live, made, self.new)
        self._convert_files()
        for path in _private(self.home, sealed=self.old is not CLEAR):
            self._convert(path, _counterpart(path))
        if self.new is CLEAR:
            _convert_copies(self.home, old=self.old, new=self.new)
        put_in_place(self.live, made, self.home / "mail.db")  # now it has come to be

    def _convert_files(self) -> None:
        """Convert the large octets, packed as they are, and the dictionaries."""
        old, new = self.home / self.old.folder, self.home / self.new.folder
        pairs = [
            (old / file_of(self.old, sha256), new / file_of(self.new, sha256))
            for (sha256,) in fetch(self.live, IN_FILES)
        ]
        pairs += [(path, new / path.relative_to(old)) for path in old.glob(_DICTIONARIES)]
        total = sum(source.stat().st_size for source, _ in pairs if source.exists())
        octets = 0
        for done, (source, target) in enumerate(pairs, 1):
            self._convert(source, target)
            octets += source.stat().st_size
            self.advance(done, len(pairs), octets, total)

    def _convert(self, source: Path, target: Path) -> None:
        file = TemporaryFile(self.home / _WORK, self.new)
        for chunk in self.old.chunks(source):
            file.write(chunk)
        file.move(target)


def _settle(home: Path, protection: Protection) -> None:
    """Remove all that is in the other form; the folder of the work goes last, which tells of it.

    Only once what decides, the database's name, is on the disk.
    """
    sync_folder(home)
    other = Sealed.folder if protection is CLEAR else CLEAR.folder
    _remove(home / other)
    if protection is CLEAR:
        envelope.remove(home)
    else:
        _convert_copies(home, old=CLEAR, new=protection)
    for path in _private(home, sealed=protection is CLEAR):
        if _counterpart(path).exists():
            path.unlink(missing_ok=True)
    sync_folder(home)
    _remove(home / _WORK)


def _remove(folder: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _private(home: Path, *, sealed: bool) -> list[Path]:
    """Return the small files that are in this form."""
    found = [path for pattern in _PRIVATE for path in home.glob(pattern) if path.is_file()]
    return [path for path in found if (path.suffix == Sealed.suffix) == sealed]


def _counterpart(path: Path) -> Path:
    """Return the name of a small file in the other form."""
    if path.suffix == Sealed.suffix:
        return path.with_suffix("")
    return path.with_name(path.name + Sealed.suffix)


def _convert_copies(home: Path, *, old: Protection, new: Protection) -> None:
    """Convert the databases that were copied before migrations, where they are in the old form."""
    for path in home.glob(_COPIES):
        if envelope.is_sealed(path) == (new is not CLEAR):
            continue
        made = home / _WORK / path.name
        made.parent.mkdir(mode=0o700, exist_ok=True)
        with closing(connect(path, old)) as copy:
            _vacuum(copy, made, new)
            put_in_place(copy, made, path)


def _vacuum(live: apsw.Connection, target: Path, protection: Protection) -> None:
    """Write the whole database into a new file, not yet durable, in another form."""
    target.unlink(missing_ok=True)
    create(target)
    try:
        live.execute("VACUUM INTO ?", (f"{target.absolute().as_uri()}?{protection.uri}",))
    except apsw.Error as error:  # whose words would hold the key
        raise StoreError(f"{target}: {words_of(error)}") from None
