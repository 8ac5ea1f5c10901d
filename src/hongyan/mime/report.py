"""Delivery reports and read receipts, understood (RFC 3464, RFC 8098, RFC 6522).

`report` gives what a machine says about one earlier message. A report is a claim of whoever sent
it: nothing here proves that it comes from a server, only that its sender has seen the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from hongyan.mime import header
from hongyan.mime.message import nested, parse

if TYPE_CHECKING:
    from hongyan.mime.message import Message
    from hongyan.mime.part import Part

RECIPIENT_LIMIT: Final = 1000


class Outcome(Enum):
    """What became of a message for one recipient (RFC 3464 §2.3.3, RFC 8098 §3.2.6)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    DISPLAYED = "displayed"
    DELETED = "deleted"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome for ``recipient``; ``status`` is an RFC 3463 code, ``words`` the diagnostic."""

    recipient: str
    outcome: Outcome
    status: str
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report about the message ``original_id`` (empty when it does not say).

    ``envelope_id`` is the ENVID that it was sent with (RFC 3461 §4.4, RFC 3464 §2.2.1).
    """

    results: tuple[Result, ...]
    original_id: str
    envelope_id: str = ""


_DELIVERY: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECEIPT: Final = frozenset(
    {"message/disposition-notification", "message/global-disposition-notification"}
)
_ORIGINALS: Final = frozenset(
    {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"}
)


def report(message: Message) -> Report | None:
    """Return what ``message`` reports, or None if it is no report."""
    for part in message.parts:
        if part.content_type in _DELIVERY:
            return Report(_deliveries(part), _original_id(message), _envelope_id(part))
        if part.content_type in _RECEIPT:
            fields = parse(part.content().lstrip())
            original = _field(fields, "original-message-id").strip("<> ")
            return Report((_receipt(fields),), original or _original_id(message))
    return None


def _envelope_id(part: Part) -> str:
    fields = dict(reversed(_all_fields(part.content())))
    return fields.get("original-envelope-id", "").strip()


def _field(fields: Message, name: str) -> str:
    value = fields.header(name)
    return header.text(value) if value else ""


def _typed(value: str) -> str:
    """Return what follows the type in ``rfc822; a@b`` or ``smtp; 550 no``."""
    return value.partition(";")[2].strip() or value.strip()


def _deliveries(part: Part) -> tuple[Result, ...]:
    """Read the blocks of fields; blank lines part them, and some servers leave those out."""
    results: list[Result] = []
    block: list[str] = []
    names: set[str] = set()
    for name, value in _all_fields(part.content()):
        if name in {"original-recipient", "final-recipient"} and name in names:
            results.append(_delivery(block))
            block, names = [], set()
        if name in _OF_RECIPIENT:
            names.add(name)
            block.append(f"{name}:{value}")
        if len(results) == RECIPIENT_LIMIT:
            break
    if block:
        results.append(_delivery(block))
    return tuple(one for one in results if one.recipient)


_CLASSES: Final = {"2": "delivered", "4": "delayed", "5": "failed"}  # RFC 3463 §3.1
_OF_RECIPIENT: Final = frozenset(
    {"original-recipient", "final-recipient", "action", "status", "diagnostic-code"}
)


def _all_fields(content: bytes) -> list[tuple[str, str]]:
    lines = b"\n".join(line for line in content.splitlines() if line.strip())
    return [
        (name.decode("ascii", "replace").lower(), header.text(value))
        for name, value in parse(lines + b"\n\n").headers
    ]


def _delivery(block: list[str]) -> Result:
    fields = dict(reversed([line.split(":", 1) for line in block]))
    recipient = fields.get("final-recipient") or fields.get("original-recipient", "")
    status = fields.get("status", "").strip().split(" ")[0]
    return Result(
        _typed(recipient),
        _outcome(fields.get("action") or _CLASSES.get(status[:1], "")),
        status,
        _typed(fields.get("diagnostic-code", "")),
    )


def _receipt(fields: Message) -> Result:
    recipient = _field(fields, "final-recipient") or _field(fields, "original-recipient")
    disposition = _field(fields, "disposition")
    kind = disposition.partition(";")[2].partition("/")[0]
    return Result(_typed(recipient), _outcome(kind), "", disposition)


def _outcome(word: str) -> Outcome:
    try:
        return Outcome(word.strip().lower())
    except ValueError:
        return Outcome.OTHER


def _original_id(message: Message) -> str:
    """Return the Message-ID of the message or header that came back with the report."""
    for part in message.parts:
        if part.content_type in _ORIGINALS:
            return nested(part).message_id
    return ""
