"""The password of a server that others can reach: kept as a scrypt hash, tried slowly.

After some wrong ones each further try has to wait, whoever makes it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE_NAME: Final = "server.password"
_SHORTEST: Final = 10
_SALT: Final = 16
_FREE_TRIES: Final = 5
_PAUSE: Final = 30.0  # seconds


class Password:
    """The password of a profile's server, if one is set."""

    def __init__(self, home: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = home / FILE_NAME
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._wrong = 0
        self._not_before = 0.0

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return self._path.exists()

    def set(self, password: str) -> None:
        """Keep a password. Raises `InvalidArgument` for a short one, `StoreError`."""
        if len(password) < _SHORTEST:
            raise InvalidArgument("password", f"has less than {_SHORTEST} characters")
        salt = secrets.token_bytes(_SALT)
        part = self._path.with_name(f"{FILE_NAME}.{secrets.token_hex(8)}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(salt + _hash(password, salt))
            part.replace(self._path)
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror or error}") from error

    def seconds_to_wait(self) -> float:
        """Return for how long no try is taken; 0 when one is."""
        return max(0.0, self._not_before - self._monotonic())

    def is_right(self, password: str) -> bool:
        """Whether that is the password; none is while there is a wait."""
        with self._lock:
            if self.seconds_to_wait() or not self.is_set:
                return False
            kept = self._path.read_bytes()
            salt, wanted = kept[:_SALT], kept[_SALT:]
            if hmac.compare_digest(_hash(password, salt), wanted):
                self._wrong = 0
                return True
            self._wrong += 1
            if self._wrong >= _FREE_TRIES:
                self._not_before = self._monotonic() + _PAUSE
            return False


def _hash(password: str, salt: bytes) -> bytes:
    octets = password.encode("utf-8", "surrogatepass")[:1_000]
    return hashlib.scrypt(octets, salt=salt, n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=32)
