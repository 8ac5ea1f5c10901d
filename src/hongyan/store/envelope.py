"""Is a profile encrypted, and under which key? The file ``encryption.json`` tells.

It holds the random key of the profile's data, itself encrypted (AES-256-GCM) under the person's
key, and says where that one is kept, never what it is. So the person's key can be changed at once,
and a wrong one is told from damage. A copy lies with the sealed files: without it all mail is lost.
It means nothing while the database lies in clear, before an encryption has come to its end.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import StoreError
from hongyan.store.protection import CLEAR, Protection, Sealed
from hongyan.store.spool import TemporaryFile, cannot_write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME: Final = "encryption.json"
KEY_OCTETS: Final = 32
_FORMAT: Final = "hongyan encryption, version 1: AES-256-GCM"
_NONCE: Final = 12
_LARGEST: Final = 65_536
_CLEAR_DATABASE: Final = b"SQLite format 3\0"
_SEALED_DATABASE: Final = bytes((64, 32, 32))  # what even an encrypted one has in clear, at 21


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the person's key is: under a name in the keychain, or in what a command prints."""

    name: str
    command: str = ""

    @classmethod
    def new(cls, command: str = "") -> KeyPlace:
        """Return a place that no other key has."""
        return cls(secrets.token_hex(4), command)


AskKey: TypeAlias = "Callable[[KeyPlace], bytes]"


def no_key(place: KeyPlace) -> bytes:
    """Have no key."""
    raise StoreError(f"this profile is encrypted, and its key {place.name} was not given")


@dataclass(frozen=True, slots=True)
class _Envelope:
    place: KeyPlace
    nonce: bytes
    sealed: bytes


def is_encrypted(home: Path) -> bool:
    """Tell whether the profile in ``home`` is, or is to be from its beginning. Raises `StoreError`.

    The database says it; one that is not there yet does what the envelope says.
    """
    head = _head(home / "mail.db")
    if not head:
        return _read(home) is not None
    return not head.startswith(_CLEAR_DATABASE) and (
        head[21:24] == _SEALED_DATABASE or _read(home) is not None
    )


def is_sealed(database: Path) -> bool:
    """Tell whether a database is encrypted. Raises `StoreError`."""
    return not _head(database).startswith(_CLEAR_DATABASE)


def protection_of(home: Path, ask: AskKey) -> Protection:
    """Return how the profile in ``home`` lies on the disk; ``ask`` gives the key, if one is needed.

    Raises `StoreError`: the key is missing or another one, and what ``ask`` raises.
    """
    return Sealed.under(data_key(home, ask)) if is_encrypted(home) else CLEAR


def place_of(home: Path) -> KeyPlace:
    """Return where the key of an encrypted profile is. Raises `StoreError`."""
    return _needed(home).place


def data_key(home: Path, ask: AskKey) -> bytes:
    """Return the key of the data of an encrypted profile. Raises `StoreError`."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    envelope = _needed(home)
    key = ask(envelope.place)
    try:
        return AESGCM(key).decrypt(envelope.nonce, envelope.sealed, _FORMAT.encode())
    except (InvalidTag, ValueError):
        pass
    raise StoreError(
        f"the key {envelope.place.name} is not the one under which this profile was encrypted; "
        "'hongyan key set' takes the right one"
    )


def write(home: Path, place: KeyPlace, *, key: bytes, data: bytes) -> None:
    """Write the envelope of the data's key under the person's; durably. Raises `StoreError`."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    values = {
        "format": _FORMAT,
        "key": place.name,
        "command": place.command,
        "nonce": b64encode(nonce).decode(),
        "sealed": b64encode(AESGCM(key).encrypt(nonce, data, _FORMAT.encode())).decode(),
    }
    content = json.dumps(values, indent=1).encode()
    folder = home / Sealed.folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in reversed(_paths(home)):
            file = TemporaryFile(folder)
            file.write(content)
            file.move(path)
    except OSError as error:
        raise cannot_write(error) from error


def keep_with(home: Path, folder: Path, protection: Protection) -> None:
    """Put a copy into a folder to which files of an encrypted profile go. Raises `StoreError`."""
    if protection is CLEAR:
        return
    source = next(path for path in _paths(home) if path.exists())
    try:
        shutil.copyfile(source, folder / NAME)
    except OSError as error:
        raise cannot_write(error) from error


def remove(home: Path) -> None:
    """Remove the envelope of a profile that lies in clear."""
    for path in _paths(home):
        path.unlink(missing_ok=True)


def _needed(home: Path) -> _Envelope:
    found = _read(home)
    if found is None:
        raise StoreError(
            f"this profile is encrypted, and {NAME}, which holds its key, is lost or damaged; "
            "a backup has another copy"
        )
    return found


def _read(home: Path) -> _Envelope | None:
    for path in _paths(home):
        with suppress(OSError, ValueError, KeyError, TypeError):
            with path.open("rb") as file:
                values = json.loads(file.read(_LARGEST))
            if values["format"] == _FORMAT:
                place = KeyPlace(str(values["key"]), str(values["command"]))
                return _Envelope(place, b64decode(values["nonce"]), b64decode(values["sealed"]))
    return None


def _paths(home: Path) -> tuple[Path, Path]:
    return home / NAME, home / Sealed.folder / NAME


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(24)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
