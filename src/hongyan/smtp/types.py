"""The words of SMTP (RFC 5321, 4954, 2034): states, commands, replies, envelopes and receipts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """Where a session stands (RFC 5321 §4.1.4)."""

    GREETING = "waiting for the greeting"
    FRESH = "greeted, before EHLO"
    READY = "ready for a transaction"
    CHALLENGED = "in an authentication exchange"
    MAIL = "sender given"
    RCPT = "a recipient accepted"
    CONTENT = "content on its way"
    CLOSED = "over"


class Verb(Enum):
    """What a reply belongs to: a command, the greeting, or the end of the content."""

    GREETING = "(greeting)"
    EHLO = "EHLO"
    HELO = "HELO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    CONTENT = "(end of data)"
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
class Extensions:
    """What EHLO's reply offers: upper-case keyword to its parameters; empty after HELO."""

    names: dict[str, tuple[str, ...]]

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @property
    def pipelining(self) -> bool:
        """RFC 2920."""
        return "PIPELINING" in self.names

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms offered (RFC 4954 §3)."""
        return self.names.get("AUTH", ())

    @property
    def size_limit(self) -> int | None:
        """The largest message in octets (RFC 1870), None when not told."""
        value = self.names.get("SIZE", ())
        return int(value[0]) if value and value[0].isdecimal() and int(value[0]) > 0 else None


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends to whom (RFC 5321 §2.3.1): addr-specs; ``sender`` is ``""`` for a report.

    ``size`` is the message's octets if known; ``eight_bit`` whether it holds any above 127.
    """

    sender: str
    recipients: tuple[str, ...]
    size: int | None = None
    eight_bit: bool = False


class Outcome(Enum):
    """What became of a transaction or of one recipient in it."""

    SENT = "accepted by the server"
    DEFERRED = "refused for now; may be tried again"
    REFUSED = "refused for good"
    UNCERTAIN = "the line was lost after the final dot; it may have been accepted"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recipient's outcome and the server's reply that decided it, if there was one."""

    recipient: str
    outcome: Outcome
    reply: Reply | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one submission, recipient by recipient."""

    envelope: Envelope
    deliveries: tuple[Delivery, ...]

    @property
    def sent(self) -> bool:
        """Whether every recipient was accepted."""
        return all(each.outcome is Outcome.SENT for each in self.deliveries)

    @property
    def uncertain(self) -> bool:
        """Whether nobody can know if the message went out."""
        return any(each.outcome is Outcome.UNCERTAIN for each in self.deliveries)
