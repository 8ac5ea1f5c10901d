"""Octets encrypted for the disk, in chunks: a file of any size in constant memory.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated Encryption,
2015) over AES-256-GCM: a key for each file, derived by HKDF (RFC 5869) from a random salt; nonces
that count the chunks; the last one marked, so that a file that was cut is known as such.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Final

from hongyan.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MAGIC: Final = b"hongyan sealed 1"  # it says the version
_SALT: Final = 16
_CHUNK: Final = 1 << 20
_TAG: Final = 16


def derived(key: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """Return 32 octets out of ``key`` for one purpose alone: HKDF with SHA-256."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt, purpose.encode()).derive(key)


class Sealing:
    """Seals what is written, chunk by chunk, into a file; `end` is part of it."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        salt = os.urandom(_SALT)
        file.write(_MAGIC + salt)
        self._file = file
        self._cipher = _cipher(key, salt)
        self._rest = bytearray()
        self._count = 0

    def write(self, octets: bytes) -> None:
        """Seal some more. Raises `OSError`."""
        self._rest += octets
        whole = max(0, len(self._rest) - 1) // _CHUNK * _CHUNK  # the last one is left for `end`
        for start in range(0, whole, _CHUNK):
            self._seal(bytes(self._rest[start : start + _CHUNK]), last=False)
        del self._rest[:whole]

    def end(self) -> None:
        """Seal the last chunk; nothing can follow. Raises `OSError`."""
        self._seal(bytes(self._rest), last=True)
        self._rest.clear()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._count, last=last), chunk, _MAGIC))
        self._count += 1


def unsealed(path: Path, key: bytes) -> Iterator[bytes]:
    """Yield what was sealed into the file at ``path``, each chunk once it is known to be genuine.

    Raises `StoreError`: it is missing, or not what was written under this key, to its end.
    """
    from cryptography.exceptions import InvalidTag

    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise InvalidTag
            yield from _chunks(file, _cipher(key, file.read(_SALT)))
    except InvalidTag:
        raise StoreError(f"{path}: damaged, or sealed under another key") from None
    except OSError as error:
        raise StoreError(f"{path}: a message's file is missing ({error.strerror})") from error


def _chunks(file: BinaryIO, cipher: AESGCM) -> Iterator[bytes]:
    count = 0
    sealed = file.read(_CHUNK + _TAG)
    while sealed or not count:
        following = file.read(_CHUNK + _TAG)
        yield cipher.decrypt(_nonce(count, last=not following), sealed, _MAGIC)
        sealed, count = following, count + 1


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(derived(key, "hongyan file", salt))


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])
