"""A message as the Email object of RFC 8621 §4: what ``Email/parse`` answers (§4.9).

Pure translation of `Message`; ``email.schema.json`` beside this file describes its shape. Ids that
only a store can give are null, and a part's blob id is what ``blob_id`` makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.mime import address, date, header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from hongyan.mime.message import Message
    from hongyan.mime.part import Part
    from hongyan.mime.types import Address

BlobId: TypeAlias = Callable[["Part"], str | None]


class Form(Enum):
    """The parsed forms of a header field, RFC 8621 §4.1.2."""

    RAW = "asRaw"
    TEXT = "asText"
    ADDRESSES = "asAddresses"
    GROUPED_ADDRESSES = "asGroupedAddresses"
    MESSAGE_IDS = "asMessageIds"
    DATE = "asDate"
    URLS = "asURLs"


def header_form(value: bytes, form: Form) -> object:
    """Return the raw header value ``value`` in ``form``, as JSON has it."""
    return _FORMS[form](value)


def raw_text(value: bytes) -> str:
    """Return the Raw form: octets that are no UTF-8, and NUL, become U+FFFD."""
    return value.decode("utf-8", "replace").replace("\0", "\ufffd")


def addresses(found: Iterable[Address]) -> list[dict[str, str | None]]:
    """Return EmailAddress objects."""
    return [{"name": one.name, "email": one.email} for one in found]


def date_text(moment: datetime | None) -> str | None:
    """Return a Date of RFC 8620 §1.4: RFC 3339 with its zone, ``Z`` for UTC."""
    if moment is None:
        return None
    text = moment.isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "Z" if moment.tzinfo is UTC else text


def _no_blob(_part: Part) -> str | None:
    return None


def body_part(part: Part, *, blob_id: BlobId = _no_blob) -> dict[str, object]:
    """Return the EmailBodyPart of ``part`` without its ``subParts`` (RFC 8621 §4.1.4)."""
    multipart = part.is_multipart
    return {
        "partId": None if multipart else part.part_id,
        "blobId": None if multipart else blob_id(part),
        "size": part.size,
        "headers": header_list(part.headers),
        "name": part.filename,
        "type": part.content_type,
        "charset": _charset(part),
        "disposition": part.disposition,
        "cid": part.cid,
        "language": None if part.language is None else list(part.language),
        "location": part.location,
    }


def header_list(fields: Iterable[tuple[bytes, bytes]]) -> list[dict[str, str]]:
    """Return EmailHeader objects."""
    return [{"name": raw_text(name), "value": raw_text(value)} for name, value in fields]


def _charset(part: Part) -> str | None:
    """Return the charset parameter, or what RFC 8621 says where it is absent."""
    if part.charset:
        return part.charset
    return "us-ascii" if part.content_type.startswith("text/") else None


def body_structure(message: Message, *, blob_id: BlobId = _no_blob) -> dict[str, object]:
    """Return the whole tree of EmailBodyParts, built from its leaves up."""
    built: list[dict[str, object]] = [body_part(part, blob_id=blob_id) for part in message.parts]
    for part in message.parts:
        if part.children:
            built[part.index]["subParts"] = [built[index] for index in part.children]
    return built[0]


def body_values(message: Message) -> dict[str, dict[str, object]]:
    """Return the EmailBodyValue of every text part, by its part id."""
    return {
        part.part_id: {
            "value": part.text(),
            "isEncodingProblem": part.has_encoding_problem,
            "isTruncated": False,
        }
        for part in message.parts
        if not part.children and part.content_type.startswith("text/")
    }


def email_object(message: Message, *, blob_id: BlobId = _no_blob) -> dict[str, object]:
    """Return the Email object of ``message`` with all its body values."""
    part_lists = {
        "textBody": message.body.text,
        "htmlBody": message.body.html,
        "attachments": message.attachments,
    }
    return {
        **dict.fromkeys(("id", "blobId", "threadId", "mailboxIds", "keywords", "receivedAt")),
        "size": message.size,
        "headers": header_list(message.headers),
        **{name: value(message) for name, value in fields().items()},
        "bodyStructure": body_structure(message, blob_id=blob_id),
        "bodyValues": body_values(message),
        **{
            name: [body_part(part, blob_id=blob_id) for part in parts]
            for name, parts in part_lists.items()
        },
    }


def _addresses_or_null(
    message: Message, name: str, found: tuple[Address, ...]
) -> list[dict[str, str | None]] | None:
    return None if message.header(name) is None else addresses(found)


def _grouped(value: bytes) -> object:
    return [
        {"name": group.name, "addresses": addresses(group.addresses)}
        for group in address.groups(value)
    ]


_FORMS: Final[dict[Form, Callable[[bytes], object]]] = {
    Form.RAW: raw_text,
    Form.TEXT: header.text,
    Form.ADDRESSES: lambda value: addresses(address.mailboxes(value)),
    Form.GROUPED_ADDRESSES: _grouped,
    Form.MESSAGE_IDS: lambda value: list(header.message_ids(value)) or None,
    Form.DATE: lambda value: date_text(date.parse(value)),
    Form.URLS: lambda value: list(header.urls(value)) or None,
}


@cache
def fields() -> Mapping[str, Callable[[Message], object]]:
    """Return what makes each property of an Email that its octets alone give, bodies aside."""
    return {
        "messageId": lambda message: [message.message_id] if message.message_id else None,
        "inReplyTo": lambda message: list(message.in_reply_to) or None,
        "references": lambda message: list(message.references) or None,
        "sender": lambda message: _addresses_or_null(message, "sender", message.sender),
        "from": lambda message: _addresses_or_null(message, "from", message.from_),
        "to": lambda message: _addresses_or_null(message, "to", message.to),
        "cc": lambda message: _addresses_or_null(message, "cc", message.cc),
        "bcc": lambda message: _addresses_or_null(message, "bcc", message.bcc),
        "replyTo": lambda message: _addresses_or_null(message, "reply-to", message.reply_to),
        "subject": lambda message: None if message.header("subject") is None else message.subject,
        "sentAt": lambda message: date_text(message.date),
        "hasAttachment": lambda message: message.has_attachment,
        "preview": lambda message: message.preview,
    }
