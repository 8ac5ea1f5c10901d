"""Who may come in: one secret of the profile, which makes all tokens, and one-time tokens.

The secret lies in ``home/server.key``, readable by its owner alone, as the mail beside it is.
Tokens are compared in constant time. A browser's session is ``day-random`` and its signature: it
survives a restart, and only the sessions that were ended have to be remembered. A pass is signed
too, so that a second program of the same person can give a link to the one that serves.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import threading
from typing import TYPE_CHECKING, Final

from hongyan.errors import StoreError
from hongyan.server.ended import Ended
from hongyan.server.password import Password

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

FILE_NAME: Final = "server.key"
SESSION_DAYS: Final = 90
PASS_SECONDS: Final = 120

_OCTETS: Final = 32
_SESSION: Final = re.compile(r"([0-9]{1,7})-[A-Za-z0-9_-]{22}")
_PASS: Final = re.compile(r"([0-9]{1,12})-[A-Za-z0-9_-]{22}")


class Keys:
    """All that lets a client in."""

    def __init__(
        self, secret: bytes, *, clock: Callable[[], datetime], password: Password, ended: Ended
    ) -> None:
        self._secret = secret
        self._clock = clock
        self.password = password
        self._ended = ended
        self._once: set[bytes] = set()
        self._taken: dict[str, int] = {}  # passes that have been used, and when they run out
        self._lock = threading.Lock()

    @classmethod
    def of(cls, home: Path, *, clock: Callable[[], datetime]) -> Keys:
        """Read the profile's secret, made when it is missing. Raises `StoreError`."""
        path = home / FILE_NAME
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            secret = _read(path)
            return cls(secret, clock=clock, password=Password(home), ended=Ended(home))
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror or error}") from error

    @property
    def has_password(self) -> bool:
        """Whether a browser may also come in by a password."""
        return self.password.is_set

    @property
    def bearer(self) -> str:
        """The token of clients that are no browser."""
        return self.sign("bearer", "")

    def is_bearer(self, token: str) -> bool:
        """Whether that is the token of such clients."""
        return _same(token, self.bearer)

    def make_start(self) -> str:
        """Make a token that begins one browser session, once."""
        token = secrets.token_urlsafe(_OCTETS)
        with self._lock:
            self._once.add(_digest(token))
        return token

    def make_pass(self) -> str:
        """Make a token that begins one session at another program that serves this profile.

        It is good for `PASS_SECONDS`, and once.
        """
        name = f"{self._now() + PASS_SECONDS}-{secrets.token_urlsafe(16)}"
        return f"{name}.{self.sign('pass', name)}"

    def take_start(self, token: str) -> bool:
        """Whether ``token`` may begin a session; it never may again."""
        with self._lock:
            found = _digest(token) in self._once
            self._once.discard(_digest(token))
            return found or self._take_pass(token)

    def _take_pass(self, token: str) -> bool:
        name, _, signature = token.partition(".")
        found = _PASS.fullmatch(name)
        if found is None or not _same(signature, self.sign("pass", name)):
            return False
        now = self._now()
        self._taken = {each: end for each, end in self._taken.items() if end >= now}
        end = int(found[1])
        is_good = now <= end <= now + PASS_SECONDS and name not in self._taken
        self._taken[name] = end
        return is_good

    def new_session(self) -> str:
        """Return what the cookie of a new browser session says."""
        name = f"{self._today()}-{secrets.token_urlsafe(16)}"
        return f"{name}.{self.sign('session', name)}"

    def session(self, cookie: str) -> str | None:
        """Return the name of the session that a cookie proves, or None."""
        name, _, signature = cookie.partition(".")
        found = _SESSION.fullmatch(name)
        if found is None or not _same(signature, self.sign("session", name)):
            return None
        is_over = name in self._ended or not 0 <= self._today() - int(found[1]) <= SESSION_DAYS
        return None if is_over else name

    def end_session(self, session: str) -> None:
        """Let a session's cookie prove nothing from now on. Raises `StoreError`."""
        self._ended.add(session, oldest=self._today() - SESSION_DAYS)

    def header_token(self, session: str) -> str:
        """Return what a session's page puts into the header of each change."""
        return self.sign("header", session)

    def is_header_token(self, token: str, session: str) -> bool:
        """Whether that is the session's header token."""
        return _same(token, self.header_token(session))

    def sign(self, purpose: str, text: str) -> str:
        """Return the signature of a text for one purpose alone."""
        message = f"{purpose}\0{text}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._secret, message, hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

    def is_signed(self, purpose: str, text: str, signature: str) -> bool:
        """Whether ``signature`` is that of the text."""
        return _same(signature, self.sign(purpose, text))

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _today(self) -> int:
        return self._now() // 86_400


def _read(path: Path) -> bytes:
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        _make(path)
        secret = path.read_bytes()
    if len(secret) != _OCTETS:
        raise StoreError(f"{path}: is no key of this program; remove it, and a new one is made")
    return secret


def _make(path: Path) -> None:
    """Write a new secret, whole or not at all; another process may be doing the same."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with open(
        part, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)
    ) as file:  # Path.open takes no opener
        file.write(secrets.token_bytes(_OCTETS))
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), right.encode())
