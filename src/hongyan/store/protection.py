"""How a profile lies on the disk: in clear, or sealed under its key; one object, asked everywhere.

It knows where large octets lie, under which name and in which form, and how a connection reads the
database. Whatever writes into the profile asks it, so that there is one place to look at.
"""

from __future__ import annotations

import hmac
import mmap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Final, Protocol, TypeAlias

from hongyan.errors import StoreError
from hongyan.mime import Mapped
from hongyan.store.sealing import Sealing, derived, unsealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import apsw

Octets: TypeAlias = bytes | mmap.mmap

_CHUNK: Final = 1 << 20
_CIPHER: Final = "chacha20"


class Writing(Protocol):
    """A file that octets are written into, to its end. Both raise `OSError`."""

    def write(self, octets: bytes) -> None:
        """Write some more."""

    def end(self) -> None:
        """Write what is left; nothing can follow."""


class Protection(Protocol):
    """A form of the files of a profile."""

    folder: ClassVar[str]
    """The name of the folder of large octets."""
    suffix: ClassVar[str]
    """What the name of a file in this form has in addition."""

    def unlock(self, connection: apsw.Connection) -> None:
        """Let a connection that has just been opened read the database."""

    @property
    def uri(self) -> str:
        """What the URI of a database to be written in this form has after its path: secret."""

    def name(self, sha256: str) -> str:
        """Return the name of the file of a large blob: 64 hexadecimal digits."""

    def writing(self, file: BinaryIO) -> Writing:
        """Return what writes octets into ``file`` in this form."""

    def chunks(self, path: Path) -> Iterator[bytes]:
        """Yield the octets that were written into a file. Raises `StoreError`."""

    def mapped(self, path: Path, size: int) -> Octets:
        """Return all octets of a file, ``size`` in number. Raises `StoreError`."""


@dataclass(frozen=True, slots=True)
class _Clear:
    """Every octet as it is."""

    folder: ClassVar[str] = "blobs"
    suffix: ClassVar[str] = ""

    def unlock(self, connection: apsw.Connection) -> None:
        """Do nothing."""

    @property
    def uri(self) -> str:
        """Say that there is no key, or that of the source would be taken."""
        return "key="

    def name(self, sha256: str) -> str:
        """Return the hash itself."""
        return sha256

    def writing(self, file: BinaryIO) -> Writing:
        """See `Protection`."""
        return _ClearWriting(file)

    def chunks(self, path: Path) -> Iterator[bytes]:
        """See `Protection`."""
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except OSError as error:
            raise StoreError(f"{path}: a message's file is missing ({error.strerror})") from error

    def mapped(self, path: Path, size: int) -> Octets:  # noqa: ARG002  # whatever its size is now
        """Return the file itself, of which only what is looked at is read."""
        try:
            with path.open("rb") as file:
                return Mapped(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise StoreError(f"{path}: a message's file is missing or empty ({error})") from error


@dataclass(frozen=True, slots=True)
class _ClearWriting:
    file: BinaryIO

    def write(self, octets: bytes) -> None:
        self.file.write(octets)

    def end(self) -> None:
        """There is nothing left."""


CLEAR: Protection = _Clear()


@dataclass(frozen=True, slots=True)
class Sealed:
    """Everything encrypted; a key for each purpose, none of which tells another.

    A file is named by a keyed hash of the octets' hash: their own would tell whoever has the same
    message that it is here.
    """

    folder: ClassVar[str] = "sealed"
    suffix: ClassVar[str] = ".sealed"

    database: bytes = field(repr=False)
    files: bytes = field(repr=False)
    names: bytes = field(repr=False)

    @classmethod
    def under(cls, key: bytes) -> Sealed:
        """Return what the key of the profile's data, 32 random octets, makes possible."""
        purposes = ("hongyan database", "hongyan files", "hongyan file names")
        return cls(*(derived(key, purpose) for purpose in purposes))

    def unlock(self, connection: apsw.Connection) -> None:
        """Hand over the key: ChaCha20-Poly1305 for each page. Raises `StoreError`."""
        choose_cipher(connection)
        connection.pragma("key", f"raw:{self.database.hex()}")

    @property
    def uri(self) -> str:
        """Say what `unlock` does."""
        return f"cipher={_CIPHER}&key=raw:{self.database.hex()}"

    def name(self, sha256: str) -> str:
        """Return the keyed hash of a hash."""
        return hmac.digest(self.names, bytes.fromhex(sha256), "sha256").hex()

    def writing(self, file: BinaryIO) -> Writing:
        """See `Protection`."""
        return Sealing(file, self.files)

    def chunks(self, path: Path) -> Iterator[bytes]:
        """See `Protection`."""
        return unsealed(path, self.files)

    def mapped(self, path: Path, size: int) -> Octets:
        """Return the octets in memory, for none of them may lie on the disk."""
        return gathered(self.chunks(path), size, path)


def choose_cipher(connection: apsw.Connection) -> None:
    """Let SQLite3 Multiple Ciphers know how it is to encrypt.

    Raises `StoreError` where SQLite cannot: it would not say so, and write in clear.
    """
    if connection.pragma("cipher", _CIPHER) != _CIPHER:
        raise StoreError(
            "the SQLite of this Python cannot encrypt: the package apsw lies in the place of "
            "apsw-sqlite3mc; install that one again"
        )


def file_of(protection: Protection, sha256: str) -> str:
    """Return where the file of a large blob is in its folder."""
    name = protection.name(sha256)
    return f"{name[:2]}/{name[2:]}"


def gathered(chunks: Iterable[bytes], size: int, path: Path) -> mmap.mmap:
    """Return octets in memory of their own, which goes back to the system when nobody needs it.

    Raises `StoreError` when they are not as many as there should be.
    """
    memory = mmap.mmap(-1, max(size, 1))
    count = 0
    for chunk in chunks:
        count += len(chunk)
        if count > size:
            break
        memory.write(chunk)
    if count != size:
        raise StoreError(f"{path}: a message's file is damaged (not as many octets as there were)")
    return memory
