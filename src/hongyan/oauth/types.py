"""The values of a sign-in. None of them shows a secret in its repr."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Self

from hongyan.errors import AuthenticationRefused, StoreError

_EARLY: Final = timedelta(seconds=60)  # a token that ends while it travels is of no use


class SignInLapsed(AuthenticationRefused):
    """The provider wants the person to sign in again."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An authorisation server; ``device_url`` is empty where it has no device grant.

    ``scopes`` are what mail needs there.
    """

    name: str
    authorise_url: str
    token_url: str
    device_url: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: a client id as the provider gave it out, and its secret where it has one.

    A native program's secret protects nothing (RFC 8252 §8.5); some providers want it all the same.
    """

    id: str
    secret: str = field(default="", repr=False)


class Form(NamedTuple):
    """A request to be posted: where to, and its fields."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider gave: the access token, until when it is good, and what renews it."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: str = ""

    @classmethod
    def issued(cls, access: str, *, refresh: str, seconds: int, now: datetime) -> Self:
        """Return tokens that are good for ``seconds`` from ``now``; 0 when that was not told."""
        until = (now + timedelta(seconds=seconds)).astimezone(UTC).isoformat() if seconds else ""
        return cls(access, refresh, until)

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether the access token is still good, as far as the provider has told."""
        return not self.expires_at or now + _EARLY < datetime.fromisoformat(self.expires_at)

    def to_json(self) -> str:
        """Return the tokens as the keychain keeps them."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote. Raises `StoreError`."""
        try:
            kept: dict[str, Any] = json.loads(text)
            return cls(str(kept["access"]), str(kept["refresh"]), str(kept["expires_at"]))
        except (ValueError, KeyError, TypeError):
            raise StoreError("the sign-in that the keychain holds is damaged") from None
