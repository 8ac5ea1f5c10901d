"""The words of ManageSieve (RFC 5804): states, replies, what a server offers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

Token: TypeAlias = bytes | str
"""Of a line: a string's octets, or an atom as text."""


class State(Enum):
    """Where a session stands (RFC 5804 §1.3)."""

    GREETING = "waiting for the greeting"
    OPEN = "before the login"
    AUTHENTICATED = "logged in"
    CLOSED = "over"


class Status(Enum):
    """How a server answers a command (RFC 5804 §1.2)."""

    OK = "OK"
    NO = "NO"
    BYE = "BYE"


@dataclass(frozen=True, slots=True)
class Reply:
    """The end of a response; ``code`` is such as ``QUOTA/MAXSIZE``, ``text`` fit for a screen.

    ``data`` is the octet string of the code, if it has one, such as SASL's last word.
    """

    status: Status
    code: str
    text: str
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Script:
    """A script on the server; one of them at most is active."""

    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server offers (RFC 5804 §1.7): names in upper case, each with its value."""

    names: dict[str, str]

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms."""
        return tuple(self.names.get("SASL", "").upper().split())

    @property
    def extensions(self) -> frozenset[str]:
        """The Sieve extensions."""
        return frozenset(self.names.get("SIEVE", "").lower().split())

    @property
    def starttls(self) -> bool:
        """Whether TLS can be started."""
        return "STARTTLS" in self.names
