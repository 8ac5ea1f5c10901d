"""The parts of a message on its way out: MIME entities whose bodies stream (RFC 2045-2049, 2387).

An `Entity` is its Content fields, ready, and what gives its body; entities are put together to
multiparts. Everything is checked when an entity is made, before the first octet is given.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.guard import argument
from hongyan.mime import encode
from hongyan.mime.content_type import parse_content_type
from hongyan.mime.encode_body import base64_lines, encode_text, is_seven_bit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hongyan.mime.draft import Attachment, Content

CHUNK: Final = 1 << 18  # octets read from a file at a time


@dataclass(frozen=True, slots=True)
class Entity:
    """A MIME entity: its Content fields, ready, and what gives its body."""

    fields: bytes
    chunks: Callable[[], Iterator[bytes]]


def text(
    field: str, subtype: str, content: str, *, verbatim: bool = False, more: bytes = b""
) -> Entity:
    """Return a text in UTF-8; ``field`` names it in errors, ``more`` are further Content fields.

    ``verbatim`` keeps its lines and its end as they are; else long lines may flow (RFC 3676), and
    the last one is ended.
    """
    encoded = encode_text(field, content, may_flow=subtype == "plain", verbatim=verbatim)
    parameters = [("charset", "utf-8")]
    if encoded.flowed:
        parameters.append(("format", "flowed"))
    fields = encode.parameter_field("Content-Type", f"text/{subtype}", parameters)
    return Entity(fields + _transfer(encoded.encoding) + more, lambda: iter((encoded.octets,)))


def _transfer(encoding: str) -> bytes:
    return f"Content-Transfer-Encoding: {encoding}\r\n".encode("ascii")


def attachment(
    file: Attachment, *, disposition: str | None = "attachment", more: bytes = b""
) -> Entity:
    """Return a file, streamed in base64; ``more`` are further Content fields.

    Raises `InvalidArgument` for its name and type.
    """
    media_type, parameters = parse_content_type("attachment type", file.content_type)
    chunks = _source(file)
    encoding = "base64"
    if media_type.startswith("message/"):
        # RFC 2046 §5.2 allows these no encoding: one that needs it travels as a plain file.
        encoding = "7bit" if is_seven_bit(chunks()) else "base64"
        media_type = media_type if encoding == "7bit" else "application/octet-stream"
    parameters = [(key, value) for key, value in parameters if key.lower() != "name"]
    filename = argument("attachment filename", file.filename)
    names = [("filename", filename)] if filename else []
    parameters += [("name", value) for _, value in names]
    fields = [
        encode.parameter_field("Content-Type", media_type, parameters),
        _transfer(encoding),
        more,
    ]
    if disposition:
        fields.append(encode.parameter_field("Content-Disposition", disposition, names))
    if file.cid:
        fields.append(encode.identifier_field("Content-ID", (file.cid,)))
    encoded = chunks if encoding == "7bit" else lambda: base64_lines(chunks())
    return Entity(b"".join(fields), encoded)


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


def multipart(
    subtype: str,
    parts: Sequence[Entity],
    parameters: tuple[tuple[str, str], ...] = (),
    *,
    more: bytes = b"",
) -> Entity:
    """Return the multipart of ``parts``; ``more`` are further Content fields."""
    # "=_" occurs in neither base64 nor quoted-printable (RFC 2045 §6.7), 128 bits nowhere else.
    boundary = f"=_{secrets.token_hex(16)}"
    fields = encode.parameter_field(
        "Content-Type", f"multipart/{subtype}", (*parameters, ("boundary", boundary))
    )
    return Entity(fields + more, partial(_joined, boundary.encode("ascii"), parts))


def _joined(boundary: bytes, parts: Sequence[Entity]) -> Iterator[bytes]:
    for part in parts:
        yield b"--" + boundary + b"\r\n" + part.fields + b"\r\n"
        yield from part.chunks()
        yield b"\r\n"
    yield b"--" + boundary + b"--\r\n"
