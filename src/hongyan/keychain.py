"""Where passwords and tokens live: the system's keyring, an encrypted file, or a command's output.

The file is AES-256-GCM under a scrypt key (RFC 7914) and is replaced whole, so a crash leaves the
old one or the new one. Its invariant: no secret reaches the disk in clear, nor any log, repr or
error; foreign errors are therefore named by their kind and not passed on.
"""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import hmac
import json
import os
import shlex
import subprocess
import tempfile
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from hongyan.errors import InvalidArgument, NotFound, StoreError
from hongyan.guard import argument, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE: Final = "hongyan"
FILE_NAME: Final = "secrets.json"
COMMAND_SECONDS: Final = 60.0
_FORMAT: Final = "hongyan secrets, version 1: scrypt N=65536 r=8 p=2, AES-256-GCM"
_COST, _BLOCK, _LANES = 2**16, 8, 2  # 64 MB, a third of a second; part of the format
_SALT_OCTETS: Final = 16
_NONCE_OCTETS: Final = 12
_LARGEST_FILE: Final = 4 * 1024 * 1024
_LEAST_PRIORITY: Final = 1  # keyring's own measure; its fail, null and plaintext backends are below


class Keychain(Protocol):
    """A place for secrets by account name. Every method raises `StoreError` when it cannot."""

    def get(self, account: str) -> str | None:
        """Return the secret of ``account``, or None when there is none."""

    def set(self, account: str, secret: str) -> None:
        """Keep ``secret``, in place of an earlier one. Raises `InvalidArgument` if it cannot be."""

    def delete(self, account: str) -> None:
        """Forget the secret of ``account``, if there is one."""


def open_keychain(home: Path, passphrase: Callable[[], str]) -> Keychain:
    """Return the system's keyring where there is a real one, else the encrypted file in ``home``.

    ``passphrase`` is called when the file is first opened.
    """
    backend = _real_backend()
    return SystemKeychain(backend) if backend else EncryptedFile(home / FILE_NAME, passphrase)


# -- the system's keyring


class SystemKeychain:
    """The secrets in the system's keyring under the service name ``hongyan``."""

    __slots__ = ("_backend",)

    def __init__(self, backend: KeyringBackend | None = None) -> None:
        if backend is None:
            import keyring

            backend = keyring.get_keyring()
        self._backend = backend

    def get(self, account: str) -> str | None:
        """Return the secret of ``account``, or None."""
        argument("account", account)
        return _asked("read", lambda: self._backend.get_password(SERVICE, account))

    def set(self, account: str, secret: str) -> None:
        """Keep ``secret``."""
        argument("account", account)
        argument("secret", secret)
        _asked("written", lambda: self._backend.set_password(SERVICE, account, secret))

    def delete(self, account: str) -> None:
        """Forget the secret of ``account``, if there is one."""
        if self.get(account) is not None:
            _asked("written", lambda: self._backend.delete_password(SERVICE, account))


def _asked(done: str, call: Callable[[], T]) -> T:
    """Return what a backend gives; its errors become `StoreError`, raised apart from theirs."""
    from keyring.errors import KeyringError

    try:
        return call()
    except KeyringError as error:
        reason = shown(str(error), limit=200) or type(error).__name__
    except Exception as error:  # noqa: BLE001 - backends raise errors of their D-Bus or OS library
        reason = type(error).__name__
    raise StoreError(f"the system's keyring cannot be {done}: {reason}")


def _real_backend() -> KeyringBackend | None:
    """Return the best backend that keeps secrets, encrypted, or None."""
    import keyring

    configured = keyring.get_keyring()
    candidates = getattr(configured, "backends", [configured])  # a chain may hold a plaintext one
    real = [each for each in candidates if each.priority >= _LEAST_PRIORITY]
    return max(real, key=lambda each: each.priority, default=None)


# -- the encrypted file


@dataclass(frozen=True, slots=True)
class _Keys:
    """What scrypt makes of a passphrase: the cipher's key, and a check that it is the right one."""

    salt: bytes
    cipher: bytes = field(repr=False)
    check: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The file's content; ``check`` tells a wrong passphrase from a damaged file."""

    salt: bytes
    check: bytes
    nonce: bytes
    ciphertext: bytes


class EncryptedFile:
    """The secrets in one encrypted JSON file, readable by its owner alone.

    ``passphrase`` is asked when the file is first opened or made; the key then stays in memory.
    Raises `StoreError` for a wrong passphrase, a damaged file, or a disk that fails.
    """

    __slots__ = ("_keys", "_passphrase", "_path")

    def __init__(self, path: Path, passphrase: Callable[[], str]) -> None:
        self._path = path
        self._passphrase = passphrase
        self._keys: _Keys | None = None

    def get(self, account: str) -> str | None:
        """Return the secret of ``account``, or None."""
        return self._load().get(argument("account", account))

    def set(self, account: str, secret: str) -> None:
        """Keep ``secret``; it is on the disk when this returns."""
        argument("account", account)
        argument("secret", secret)
        self._unlock()
        with _locked(self._path):
            self._save({**self._load(), account: secret})

    def delete(self, account: str) -> None:
        """Forget the secret of ``account``, if there is one."""
        argument("account", account)
        if not self._path.exists():
            return
        self._unlock()
        with _locked(self._path):
            secrets = self._load()
            if secrets.pop(account, None) is not None:
                self._save(secrets)

    def _unlock(self) -> None:
        """Ask for the passphrase, if need be, before the lock makes others wait for the answer."""
        sealed = _read(self._path)
        if sealed is not None:
            self._keys_for(sealed.salt)
        elif self._keys is None:
            self._keys_for(os.urandom(_SALT_OCTETS))

    def _load(self) -> dict[str, str]:
        sealed = _read(self._path)
        if sealed is None:
            return {}
        keys = self._keys_for(sealed.salt)
        if not hmac.compare_digest(keys.check, sealed.check):
            self._keys = None
            raise StoreError(f"the passphrase does not open {self._path}")
        return _opened(sealed, keys, self._path)

    def _save(self, secrets: dict[str, str]) -> None:
        keys = self._keys or self._keys_for(os.urandom(_SALT_OCTETS))
        _replace(self._path, _written(_sealed(secrets, keys)))

    def _keys_for(self, salt: bytes) -> _Keys:
        if self._keys is None or self._keys.salt != salt:
            self._keys = _derived(self._passphrase(), salt)
        return self._keys


def _derived(passphrase: str, salt: bytes) -> _Keys:
    if not passphrase:
        raise InvalidArgument("passphrase", "is empty")
    argument("passphrase", passphrase)
    key = hashlib.scrypt(
        passphrase.encode(),
        salt=salt,
        n=_COST,
        r=_BLOCK,
        p=_LANES,
        maxmem=2 * 128 * _COST * _BLOCK,
        dklen=64,
    )
    return _Keys(salt, key[:32], hmac.digest(key[32:], b"check", "sha256"))


def _opened(sealed: _Sealed, keys: _Keys, path: Path) -> dict[str, str]:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    secrets = None
    with contextlib.suppress(InvalidTag, ValueError):
        clear = AESGCM(keys.cipher).decrypt(sealed.nonce, sealed.ciphertext, _FORMAT.encode())
        secrets = json.loads(clear)
    if not isinstance(secrets, dict):
        raise _damaged(path)
    return secrets


def _sealed(secrets: dict[str, str], keys: _Keys) -> _Sealed:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_OCTETS)
    clear = json.dumps(secrets, sort_keys=True).encode()
    ciphertext = AESGCM(keys.cipher).encrypt(nonce, clear, _FORMAT.encode())
    return _Sealed(keys.salt, keys.check, nonce, ciphertext)


def _written(sealed: _Sealed) -> bytes:
    values = {name: getattr(sealed, name) for name in _Sealed.__slots__}
    encoded = {name: b64encode(value).decode() for name, value in values.items()}
    return json.dumps({"format": _FORMAT, **encoded}, indent=1).encode()


def _read(path: Path) -> _Sealed | None:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST_FILE:
        raise _damaged(path)
    try:
        return _parsed(json.loads(data))
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        raise _damaged(path) from None


def _parsed(content: dict[str, str]) -> _Sealed:
    if content["format"] != _FORMAT:
        raise ValueError
    return _Sealed(*(b64decode(content[name], validate=True) for name in _Sealed.__slots__))


def _damaged(path: Path) -> StoreError:
    return StoreError(f"{path} is damaged, or has been changed by someone else")


def _replace(path: Path, data: bytes) -> None:
    """Put ``data`` in the place of ``path``, whole or not at all; only the owner may read it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # where a folder cannot be opened, and renaming is durable by itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other threads and processes from changing ``path`` between our reading and writing."""
    if os.name == "nt":  # has no flock; there the profile's own lock has to do
        yield
        return
    import fcntl

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# -- the command of --password-command


def from_command(command: str | Sequence[str], *, timeout: float = COMMAND_SECONDS) -> str:
    """Run ``command`` without a shell and return the first line that it prints.

    A string is split into words as a POSIX shell would. The command gets no input and at most
    ``timeout`` seconds; what it prints to stderr goes to ours. Raises `InvalidArgument` for a
    command that cannot be split and for a line that is not clean UTF-8, `NotFound` when the
    command fails, prints nothing, or takes too long.
    """
    words = _words(command)
    program = shown(words[0], limit=200)
    finished: subprocess.CompletedProcess[bytes] | None = None
    try:
        finished = subprocess.run(  # noqa: S603 - running the person's own command is the point
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        reason = f"took longer than {timeout:g} seconds"
    except (OSError, ValueError) as error:
        reason = f"cannot be run: {getattr(error, 'strerror', None) or 'not a command line'}"
    # Raised out here, for an error raised above would carry the output along in its context.
    if finished is None:
        raise NotFound(f"the password command {program} {reason}")
    if finished.returncode:
        raise NotFound(f"the password command {program} ended with exit code {finished.returncode}")
    line = finished.stdout.partition(b"\n")[0].removesuffix(b"\r")
    if not line:
        raise NotFound(f"the password command {program} printed nothing")
    return argument("output of the password command", line.decode("utf-8", "surrogateescape"))


def _words(command: str | Sequence[str]) -> list[str]:
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError:
        words = []
    if not words or not words[0]:
        raise InvalidArgument("password command", "is empty, or has an unclosed quotation mark")
    return words
