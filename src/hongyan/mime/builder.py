"""A `Draft` becomes the octets of a message, once (RFC 5322, 2045-2047, 2183, 2387).

Everything is checked and every field encoded before the first octet is given; attachments stream
from disk. Invariants: CRLF alone, 7 bits (SMTPUTF8 addresses aside), no Bcc, no field that the
draft did not ask for, and no User-Agent: it would tell strangers which holes to try.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.guard import argument
from hongyan.mime import encode
from hongyan.mime.draft import (
    Attachment,
    Draft,
    envelope_recipients,
    make_message_id,
    needs_smtputf8,
    stamp,
)
from hongyan.mime.entity import Entity, attachment, multipart, text
from hongyan.mime.recipients import parse_recipients, wire_address
from hongyan.mime.types import Address

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Address",
    "Attachment",
    "Draft",
    "build",
    "build_chunks",
    "envelope_recipients",
    "make_message_id",
    "needs_smtputf8",
    "parse_recipients",
    "stamp",
]

_OWN: Final = re.compile(
    r"date|from|sender|reply-to|to|cc|bcc|subject|message-id|in-reply-to|references|mime-version"
    r"|return-path|received|content-.*|resent-.*",
    re.IGNORECASE,
)


def build(draft: Draft) -> bytes:
    """Return the whole message; see `build_chunks`."""
    return b"".join(build_chunks(draft))


def build_chunks(draft: Draft) -> Iterator[bytes]:
    """Return the message in chunks, of constant memory however large the attachments are.

    Raises `InvalidArgument` naming the field before anything is made; also later, when a file
    that was there can no longer be read.
    """
    for address in draft.bcc:  # no field has them, the envelope does
        wire_address("Bcc", address.email)
        argument("Bcc", address.name or "")
    head = _head(draft)
    body = _body(draft)
    return _chunks(head + body.fields + b"\r\n", body)


def _chunks(head: bytes, body: Entity) -> Iterator[bytes]:
    yield head
    yield from body.chunks()


def _head(draft: Draft) -> bytes:
    if draft.date is None:
        raise InvalidArgument("Date", "is missing: stamp() the draft")
    if not draft.message_id:
        raise InvalidArgument("Message-ID", "is missing: stamp() the draft")
    fields = [
        encode.date_field("Date", draft.date),
        encode.address_field("From", (draft.from_,)),
        *_addresses(draft),
        encode.text_field("Subject", draft.subject),
        encode.identifier_field("Message-ID", (draft.message_id,)),
    ]
    if draft.in_reply_to:
        fields.append(encode.identifier_field("In-Reply-To", draft.in_reply_to))
    if draft.references:
        fields.append(encode.identifier_field("References", draft.references))
    fields += [_further(name, value) for name, value in draft.headers]
    fields.append(b"MIME-Version: 1.0\r\n")
    return b"".join(fields)


def _addresses(draft: Draft) -> Iterator[bytes]:
    lists = (("Reply-To", draft.reply_to), ("To", draft.to), ("Cc", draft.cc))
    for name, addresses in lists:
        if addresses:
            yield encode.address_field(name, addresses)
    if draft.bcc and not draft.to and not draft.cc:
        yield b"To: undisclosed-recipients:;\r\n"


def _further(name: str, value: str) -> bytes:
    if _OWN.fullmatch(name):
        raise InvalidArgument(name, "is a field of the draft itself")
    return encode.text_field(name, value)


def _body(draft: Draft) -> Entity:
    """Return mixed(alternative(text, related(html, pictures)), files), as far as there are any."""
    pictures: list[Entity] = []
    files: list[Entity] = []
    for each in draft.attachments:
        if each.cid and draft.html is not None:
            pictures.append(attachment(each, disposition="inline"))
        else:
            files.append(attachment(each))
    body = _texts(draft, pictures)
    return multipart("mixed", [body, *files]) if files else body


def _texts(draft: Draft, pictures: list[Entity]) -> Entity:
    plain = text("text", "plain", draft.text)
    if draft.html is None:
        return plain
    html = text("html", "html", draft.html)
    if pictures:
        html = multipart("related", [html, *pictures], (("type", "text/html"),))
    return multipart("alternative", [plain, html]) if draft.text else html
