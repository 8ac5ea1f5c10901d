"""The words of SMTP (RFC 5321, 4954, 2034, 3030, 2033): states, commands, replies, offers.

What a server offers is read into typed values once; what it does not offer is None or absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Protocol(Enum):
    """What is spoken: LMTP answers the content once for each recipient (RFC 2033)."""

    SMTP = "SMTP"
    LMTP = "LMTP"


class State(Enum):
    """Where a session stands (RFC 5321 §4.1.4)."""

    GREETING = "waiting for the greeting"
    FRESH = "greeted, before EHLO"
    READY = "ready for a transaction"
    CHALLENGED = "in an authentication exchange"
    MAIL = "sender given"
    RCPT = "a recipient accepted"
    CONTENT = "content on its way"
    BROKEN = "a chunk of the content refused"
    CLOSED = "over"


class Verb(Enum):
    """What a reply belongs to: a command, the greeting, or the end of the content."""

    GREETING = "(greeting)"
    EHLO = "EHLO"
    HELO = "HELO"
    LHLO = "LHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    CONTENT = "(end of data)"
    BDAT = "BDAT"
    LAST = "BDAT LAST"
    RSET = "RSET"
    NOOP = "NOOP"
    VRFY = "VRFY"
    QUIT = "QUIT"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply (RFC 5321 §4.2).

    ``code`` has three digits, ``enhanced`` is an RFC 3463 status or ``""``, ``lines`` are the words
    of each line without either, fit for a screen.
    """

    verb: Verb
    code: int
    enhanced: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words on one line."""
        return " ".join(self.lines)

    @property
    def positive(self) -> bool:
        """Whether the server agreed (2yz or 3yz)."""
        return self.code < 400

    @property
    def temporary(self) -> bool:
        """Whether the same may succeed later (4yz)."""
        return 400 <= self.code < 500

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server wants to bear (RFC 9422); None where it names no limit."""

    mail_max: int | None = None
    rcpt_max: int | None = None
    rcpt_domain_max: int | None = None


@dataclass(frozen=True, slots=True)
class FutureRelease:
    """How long a server would hold a message (RFC 4865 §4): seconds, and a last moment in UTC."""

    seconds: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Extensions:
    """What EHLO's reply offers: upper-case keyword to its parameters; empty after HELO."""

    names: dict[str, tuple[str, ...]]
    limits: Limits = Limits()
    future_release: FutureRelease | None = None

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @property
    def pipelining(self) -> bool:
        """RFC 2920."""
        return "PIPELINING" in self.names

    @property
    def chunking(self) -> bool:
        """RFC 3030."""
        return "CHUNKING" in self.names

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms offered (RFC 4954 §3)."""
        return self.names.get("AUTH", ())

    @property
    def size_limit(self) -> int | None:
        """The largest message in octets (RFC 1870 §4, at most 20 digits), None when not told."""
        value = (*self.names.get("SIZE", ()), "")[0]
        known = value.isascii() and value.isdecimal() and len(value) <= 20
        return (int(value) or None) if known else None
