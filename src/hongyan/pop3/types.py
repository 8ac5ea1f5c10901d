"""The words of POP3 (RFC 1939, 2449, 2595, 5034, 6856): states, commands, events and values."""

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
    UTF8 = "UTF8"
    LANG = "LANG"
    USER = "USER"
    PASS = "PASS"  # noqa: S105  # a command's name, not a password
    APOP = "APOP"
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
    """A ``+`` line of an AUTH exchange, still in base64."""

    data: bytes


Event: TypeAlias = Reply | Content | Challenge


@dataclass(frozen=True, slots=True)
class Expire:
    """How long a server keeps mail that was retrieved, in days; None for ever (RFC 2449 §6.7)."""

    days: int | None

    @property
    def words(self) -> str:
        """The same for the person."""
        if self.days is None:
            return "the server never removes mail by itself"
        if self.days == 0:
            return "the server removes mail once it is fetched"
        return f"the server removes fetched mail after {self.days} days"


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

    @property
    def expire(self) -> Expire | None:
        """How long mail is kept, or None where the server does not say or makes no sense."""
        value = next(iter(self.names.get("EXPIRE", ())), "").upper()
        if value == "NEVER":
            return Expire(None)
        days = _count(value)
        return None if days is None else Expire(days)

    @property
    def login_delay(self) -> int | None:
        """The seconds that must pass between two logins, or None (RFC 2449 §6.5)."""
        return _count(next(iter(self.names.get("LOGIN-DELAY", ())), ""))

    @property
    def terms(self) -> tuple[str, ...]:
        """What the server lays down for its visitors, in words for them; often nothing."""
        words = []
        if self.expire:
            words.append(self.expire.words)
        if self.login_delay:
            words.append(f"one login in {self.login_delay} seconds")
        return tuple(words)

    @property
    def personal(self) -> bool:
        """Whether a login may change what is offered: the argument USER of RFC 2449 §6.5, §6.7."""
        told = (self.names.get(name, ()) for name in ("LOGIN-DELAY", "EXPIRE"))
        return any("USER" in (each.upper() for each in arguments[1:]) for arguments in told)

    @property
    def utf8_login(self) -> bool:
        """Whether USER, PASS and APOP may hold more than ASCII (RFC 6856 §2.2)."""
        return "USER" in (each.upper() for each in self.names.get("UTF8", ()))


def _count(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the server's words: its RFC 5646 ``tag``, and its name in itself."""

    tag: str
    name: str


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
class Farewell:
    """How a session ended: ``committed`` proves that marked messages were removed (RFC 1939 §6).

    ``words`` are the server's. Without proof they may be gone or still there.
    """

    committed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server may send, in octets: one listing, message, header, CAPA, and line.

    Generous for every server there is; who knows a larger one raises them.
    """

    listing: int = 64 * 1024 * 1024
    message: int = 2 * 1024 * 1024 * 1024
    header: int = 16 * 1024 * 1024
    capabilities: int = 64 * 1024
    line: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Window:
    """How much may be asked for before it has come: commands, and octets by LIST's count.

    Both cover a fast line with a round trip of a tenth of a second; the commands, a dozen octets
    each, still fit the smallest socket buffer.
    """

    commands: int = 2048
    octets: int = 128 * 1024 * 1024
