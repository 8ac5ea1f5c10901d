"""What is to be sent, and what became of it: envelopes with their options, and receipts.

RFC 5321 §2.3.1 for the envelope, RFC 3461 for delivery reports, RFC 4865 for mail held back, RFC
8689 for REQUIRETLS. All are values; `hongyan.smtp.parameters` turns them into commands.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from hongyan.errors import InvalidArgument, Refused
    from hongyan.smtp.types import Reply


class Ret(Enum):
    """What a report of failure brings back (RFC 3461 §4.3)."""

    FULL = "FULL"
    HEADERS = "HDRS"


class Notify(Enum):
    """When to report about a recipient (RFC 3461 §4.1); no value at all means never."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    DELAY = "DELAY"


@dataclass(frozen=True, slots=True)
class RecipientOptions:
    """Delivery reports about one recipient (RFC 3461 §4.1, §4.2).

    ``notify`` None leaves it to the server, an empty set means never; ``original`` is the address
    that the sender first wrote, before any forwarding, or ``""``.
    """

    notify: frozenset[Notify] | None = None
    original: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends to whom (RFC 5321 §2.3.1): addr-specs; ``sender`` is ``""`` for a report.

    ``size`` is the message's octets if known; ``eight_bit`` whether it holds any above 127;
    ``binary`` whether it holds NUL, bare CR or LF or endless lines (RFC 3030 §3); ``utf8`` whether
    its header holds UTF-8 (RFC 6532). ``ret`` and ``envid`` go into delivery reports, as do the
    ``options`` of each recipient. The server holds the message for ``hold_for`` seconds, or until
    ``hold_until``. With ``require_tls`` it is only ever passed on under TLS.
    """

    sender: str
    recipients: tuple[str, ...]
    size: int | None = None
    eight_bit: bool = False
    _: KW_ONLY
    binary: bool = False
    utf8: bool = False
    ret: Ret | None = None
    envid: str = ""
    options: Mapping[str, RecipientOptions] = field(default_factory=dict, hash=False)
    hold_for: int | None = None
    hold_until: datetime | None = None
    require_tls: bool = False


def _nothing() -> None:
    """Note nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Submission:
    """One message to send: its envelope and its content in chunks of any size, any line ends.

    ``before_content`` is called just before the content's first octet goes out: a journal may note
    there that from now on the outcome can become uncertain.
    """

    envelope: Envelope
    content: Iterable[bytes]
    before_content: Callable[[], None] = _nothing


class Outcome(Enum):
    """What became of a transaction or of one recipient in it."""

    SENT = "accepted by the server"
    DEFERRED = "refused for now; may be tried again"
    REFUSED = "refused for good"
    UNCERTAIN = "the line was lost after the final dot; it may have been accepted"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recipient's outcome and the server's reply that decided it, if there was one.

    ``note`` says it in our own words where the server said nothing.
    """

    recipient: str
    outcome: Outcome
    reply: Reply | None
    note: str = ""

    @property
    def words(self) -> str:
        """Why it came out so, on one line."""
        return str(self.reply) if self.reply else self.note


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one submission, recipient by recipient.

    ``error`` is why none of it was sent at all, before any recipient was asked for: the sender was
    refused, or the envelope asks for what this server or SMTP cannot do. ``left_out`` names the
    extensions that were asked for and could be done without, such as ``"DSN"``.
    """

    envelope: Envelope
    deliveries: tuple[Delivery, ...]
    error: Refused | InvalidArgument | None = None
    left_out: tuple[str, ...] = ()

    @property
    def sent(self) -> bool:
        """Whether every recipient was accepted."""
        return all(each.outcome is Outcome.SENT for each in self.deliveries)

    @property
    def uncertain(self) -> bool:
        """Whether nobody can know if the message went out."""
        return any(each.outcome is Outcome.UNCERTAIN for each in self.deliveries)
