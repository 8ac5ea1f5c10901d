"""A `Draft` becomes the octets of a message, once (RFC 5322, 2045-2047, 2183, 2387).

Everything is checked and every field encoded before the first octet is given; attachments stream
from disk. Invariants: CRLF alone, 7 bits (SMTPUTF8 addresses aside), no Bcc, no field that the
draft did not ask for, and no User-Agent: it would tell strangers which holes to try.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.guard import argument
from hongyan.mime import encode
from hongyan.mime.content_type import parse_content_type
from hongyan.mime.draft import (
    Attachment,
    Draft,
    envelope_recipients,
    make_message_id,
    needs_smtputf8,
    stamp,
)
from hongyan.mime.encode_body import base64_lines, encode_text, is_seven_bit
from hongyan.mime.recipients import parse_recipients, wire_address
from hongyan.mime.types import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hongyan.mime.draft import Content

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

CHUNK: Final = 1 << 18  # octets read from a file at a time

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


@dataclass(frozen=True, slots=True)
class _Entity:
    """A MIME entity: its Content fields, ready, and what gives its body."""

    fields: bytes
    chunks: Callable[[], Iterator[bytes]]


def _chunks(head: bytes, body: _Entity) -> Iterator[bytes]:
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


def _body(draft: Draft) -> _Entity:
    """Return mixed(alternative(text, related(html, pictures)), files), as far as there are any."""
    pictures: list[_Entity] = []
    files: list[_Entity] = []
    for attachment in draft.attachments:
        if attachment.cid and draft.html is not None:
            pictures.append(_attachment(attachment, disposition="inline"))
        else:
            files.append(_attachment(attachment))
    body = _texts(draft, pictures)
    return _multipart("mixed", [body, *files]) if files else body


def _texts(draft: Draft, pictures: list[_Entity]) -> _Entity:
    plain = _text("text", "plain", draft.text)
    if draft.html is None:
        return plain
    html = _text("html", "html", draft.html)
    if pictures:
        html = _multipart("related", [html, *pictures], (("type", "text/html"),))
    return _multipart("alternative", [plain, html]) if draft.text else html


def _text(field: str, subtype: str, text: str) -> _Entity:
    encoded = encode_text(field, text, may_flow=subtype == "plain")
    parameters = [("charset", "utf-8")]
    if encoded.flowed:
        parameters.append(("format", "flowed"))
    fields = encode.parameter_field("Content-Type", f"text/{subtype}", parameters)
    return _Entity(fields + _transfer(encoded.encoding), lambda: iter((encoded.octets,)))


def _transfer(encoding: str) -> bytes:
    return f"Content-Transfer-Encoding: {encoding}\r\n".encode("ascii")


def _attachment(attachment: Attachment, *, disposition: str = "attachment") -> _Entity:
    media_type, parameters = parse_content_type("attachment type", attachment.content_type)
    chunks = _source(attachment)
    encoding = "base64"
    if media_type.startswith("message/"):
        # RFC 2046 §5.2 allows these no encoding: one that needs it travels as a plain file.
        encoding = "7bit" if is_seven_bit(chunks()) else "base64"
        media_type = media_type if encoding == "7bit" else "application/octet-stream"
    parameters = [(key, value) for key, value in parameters if key.lower() != "name"]
    filename = argument("attachment filename", attachment.filename)
    names = [("filename", filename)] if filename else []
    parameters += [("name", value) for _, value in names]
    fields = [
        encode.parameter_field("Content-Type", media_type, parameters),
        _transfer(encoding),
        encode.parameter_field("Content-Disposition", disposition, names),
    ]
    if attachment.cid:
        fields.append(encode.identifier_field("Content-ID", (attachment.cid,)))
    encoded = chunks if encoding == "7bit" else lambda: base64_lines(chunks())
    return _Entity(b"".join(fields), encoded)


def _source(attachment: Attachment) -> Callable[[], Iterator[bytes]]:
    content: Content = attachment.content
    if isinstance(content, bytes):
        return lambda: (content[at : at + CHUNK] for at in range(0, len(content), CHUNK))
    if isinstance(content, Path):
        if not content.is_file():
            raise InvalidArgument("attachment", f"{attachment.filename!r} is no file here")
        return partial(_file_chunks, content)
    return lambda: iter(content())


def _file_chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise InvalidArgument("attachment", f"{path.name!r}: {error.strerror}") from error


def _multipart(
    subtype: str, parts: Sequence[_Entity], parameters: tuple[tuple[str, str], ...] = ()
) -> _Entity:
    # "=_" occurs in neither base64 nor quoted-printable (RFC 2045 §6.7), 128 bits nowhere else.
    boundary = f"=_{secrets.token_hex(16)}"
    fields = encode.parameter_field(
        "Content-Type", f"multipart/{subtype}", (*parameters, ("boundary", boundary))
    )
    return _Entity(fields, partial(_joined, boundary.encode("ascii"), parts))


def _joined(boundary: bytes, parts: Sequence[_Entity]) -> Iterator[bytes]:
    for part in parts:
        yield b"--" + boundary + b"\r\n" + part.fields + b"\r\n"
        yield from part.chunks()
        yield b"\r\n"
    yield b"--" + boundary + b"--\r\n"
