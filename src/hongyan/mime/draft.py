"""What a person wants to send, before it becomes octets: `Draft` and its `Attachment`.

Plain values: nothing is checked here but what `build` needs (`hongyan.mime.builder`). There is no
clock and no chance in them: `stamp` sets the moment and the Message-ID when the draft is sent.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hongyan.mime.recipients import domain_of, needs_utf8, wire_address

if TYPE_CHECKING:
    from datetime import datetime

    from hongyan.mime.types import Address

Content: TypeAlias = bytes | Path | Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send along.

    ``content`` is the octets, the file, or a function that gives the octets anew at each call.
    ``content_type`` may have parameters (``text/csv; charset=utf-8``). ``cid``, without angle
    brackets, makes it a picture that the HTML shows as ``cid:…``.
    """

    filename: str
    content: Content
    content_type: str = "application/octet-stream"
    cid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message to be built; message ids stand without angle brackets (RFC 8621 §4.1.2.4).

    ``headers`` are further unstructured fields, in order, each a name and a value.
    """

    from_: Address
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    date: datetime | None = None
    message_id: str = ""
    headers: tuple[tuple[str, str], ...] = ()


def make_message_id(domain: str) -> str:
    """Return a new msg-id: 144 random bits, nothing of the machine, the time or the person."""
    return f"{secrets.token_urlsafe(18)}@{domain}"


def stamp(draft: Draft, date: datetime) -> Draft:
    """Return ``draft`` ready to be built: sent at ``date``, with a Message-ID if it had none."""
    sender = wire_address("From", draft.from_.email)
    return replace(
        draft, date=date, message_id=draft.message_id or make_message_id(domain_of(sender))
    )


def envelope_recipients(draft: Draft) -> tuple[str, ...]:
    """Return the addresses of To, Cc and Bcc as RCPT has them, each once, in that order.

    Local parts that differ in case differ (RFC 5321 §2.4). Raises `InvalidArgument`.
    """
    found: dict[tuple[str, str], str] = {}
    for field, addresses in (("To", draft.to), ("Cc", draft.cc), ("Bcc", draft.bcc)):
        for address in addresses:
            wire = wire_address(field, address.email)
            local, _, domain = wire.rpartition("@")
            found.setdefault((local, domain.lower()), wire)
    return tuple(found.values())


def needs_smtputf8(draft: Draft) -> bool:
    """Return whether ``draft`` can only go to a server that offers SMTPUTF8 (RFC 6531)."""
    everyone = (draft.from_, *draft.to, *draft.cc, *draft.bcc, *draft.reply_to)
    return any(needs_utf8(address.email) for address in everyone)
