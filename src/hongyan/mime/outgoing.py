"""A message that another program made, on its way out: its envelope, and what it lacks.

For ``hongyan sendmail``. RFC 6409 §8 lets a submission agent add Date and Message-ID; Bcc is taken
out (RFC 5322 §3.6.3), everything else stays octet for octet, save line ends that are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.mime import encode
from hongyan.mime.address import mailboxes
from hongyan.mime.draft import make_message_id
from hongyan.mime.message import parse
from hongyan.mime.recipients import domain_of, wire_address

if TYPE_CHECKING:
    from datetime import datetime

    from hongyan.mime.message import Message
    from hongyan.mime.types import Address

_BCC: Final = re.compile(
    rb"^(?:Resent-)?Bcc[ \t]*:.*(?:\r?\n[ \t].*)*(?:\r?\n|\Z)", re.IGNORECASE | re.MULTILINE
)
_HEADER_END: Final = re.compile(rb"\r?\n\r?\n")
_LONE_CR: Final = re.compile(rb"\r(?!\n)")
_NEWLINE: Final = re.compile(rb"\r\n?|\n")
_MBOX_LINE: Final = re.compile(rb"From .*\r?\n")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Octets ready to be submitted, and whom their own fields name."""

    content: bytes
    message_id: str
    sender: str
    recipients: tuple[str, ...]


def complete(raw: bytes, *, author: Address, date: datetime) -> Outgoing:
    """Return ``raw`` without Bcc, with From, Date and Message-ID where they were missing.

    ``author`` is who writes when the message does not say. Raises `InvalidArgument` for an empty
    message, and for a recipient in it that is no address.
    """
    raw = raw.removeprefix(found[0]) if (found := _MBOX_LINE.match(raw)) else raw
    if _LONE_CR.search(raw):  # on its way it becomes a line's end, and could show a Bcc
        raw = _NEWLINE.sub(b"\r\n", raw)
    if not raw.strip():
        raise InvalidArgument("message", "is empty")
    message = parse(raw)
    newline = b"\r\n" if b"\r\n" in raw[:4096] else b"\n"
    sender = message.from_[0].email if message.from_ else author.email
    message_id = message.message_id or make_message_id(domain_of(sender))
    added = b""
    if not message.from_:
        added += encode.address_field("From", (author,))
    if message.header("Date") is None:
        added += encode.date_field("Date", date)
    if not message.message_id:
        added += encode.identifier_field("Message-ID", (message_id,))
    end = _HEADER_END.search(raw)
    at = end.start() + len(newline) if end else len(raw)
    head = _BCC.sub(b"", raw[:at])
    content = added.replace(b"\r\n", newline) + head + raw[at:]
    named = _named(message, "Resent-") or _named(message, "")  # RFC 5322 §3.6.6
    recipients = tuple(dict.fromkeys(wire_address("recipient", each.email) for each in named))
    return Outgoing(content, message_id, sender, recipients)


def _named(message: Message, prefix: str) -> tuple[Address, ...]:
    fields = (f"{prefix}{name}" for name in ("To", "Cc", "Bcc"))
    return tuple(each for field in fields for each in mailboxes(message.header(field)))
