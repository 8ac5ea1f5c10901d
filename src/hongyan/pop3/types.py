"""The words of POP3 (RFC 1939, 2449, 2595, 5034): states, commands, events and values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class State(Enum):
    """Where a session stands (RFC 1939 §3)."""

    GREETING = "waiting for the greeting"
    AUTHORIZATION = "not logged in"
    TRANSACTION = "logged in"
    CLOSED = "over"


class Verb(Enum):
    """What a reply belongs to: a command, or the greeting that no command asked for."""

    GREETING = "(greeting)"
    CAPA = "CAPA"
    STLS = "STLS"
    USER = "USER"
    PASS = "PASS"  # noqa: S105  # a command's name, not a password
    AUTH = "AUTH"
    STAT = "STAT"
    LIST = "LIST"
    UIDL = "UIDL"
    RETR = "RETR"
    TOP = "TOP"
    DELE = "DELE"
    RSET = "RSET"
    NOOP = "NOOP"
    QUIT = "QUIT"


@dataclass(frozen=True, slots=True)
class Reply:
    """A status line: ``code`` is its RFC 2449 §8 response code, ``text`` the words after it."""

    verb: Verb
    ok: bool
    text: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """Some octets of a multi-line reply, dot-stuffing undone; ``last`` ends the reply."""

    verb: Verb
    data: bytes
    last: bool


@dataclass(frozen=True, slots=True)
class Challenge:
    """A ``+`` line of an AUTH exchange, base64 undone."""

    data: bytes


Event: TypeAlias = Reply | Content | Challenge


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What CAPA said; ``names`` maps each upper-case tag to its arguments (RFC 2449 §5)."""

    names: dict[str, tuple[str, ...]]

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @property
    def pipelining(self) -> bool:
        """Whether commands may be sent before the replies to earlier ones (RFC 2449 §6.6)."""
        return "PIPELINING" in self.names

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms offered (RFC 5034 §3)."""
        return self.names.get("SASL", ())


@dataclass(frozen=True, slots=True)
class Stat:
    """The drop listing of STAT: how many messages and octets."""

    messages: int
    octets: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the maildrop: its number in this session, size in octets, unique id or None."""

    number: int
    size: int
    uidl: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server may send: octets of one listing, octets of one message."""

    listing: int = 64 * 1024 * 1024
    message: int = 2 * 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Window:
    """How much may be asked for before it has come: RETR commands, and octets by LIST's count."""

    commands: int = 128
    octets: int = 32 * 1024 * 1024
