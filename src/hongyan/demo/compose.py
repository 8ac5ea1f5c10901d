"""Writing the demo's own messages: headers, texts, attachments, multiparts, as plain octets.

RFC 5322, 2045-2047, 2231. It stands apart from `hongyan.mime.builder` on purpose: the samples need
what a good client reads but never writes (GB18030 in 8 bits, ISO-2022-JP, format=flowed).
"""

from __future__ import annotations

import base64
import binascii
import urllib.parse
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORD_CHARACTERS: Final = 9  # four octets each at most: the line keeps to 76 (RFC 2047 §2)
_ATOM_MARKS: Final = "!#$%&'*+-/=?^_`{|}~ "


@dataclass(frozen=True, slots=True)
class Entity:
    """A MIME entity: its header fields, already encoded, and its body."""

    fields: tuple[tuple[str, str], ...]
    body: bytes

    def octets(self, *outer: tuple[str, str]) -> bytes:
        """Return it as it goes over the wire, with the fields ``outer`` before its own."""
        head = "".join(f"{name}: {value}\r\n" for name, value in (*outer, *self.fields))
        return head.encode() + b"\r\n" + self.body


def crlf(text: str) -> str:
    """Return ``text`` with CRLF at each end of a line, the last one too."""
    lines = text.removesuffix("\n").split("\n")
    return "\r\n".join(lines) + "\r\n"


def unstructured(text: str, charset: str = "utf-8") -> str:
    """Return a subject or a name as ASCII, in encoded-words where needed (RFC 2047 §2).

    They are in ``charset``, or in UTF-8 where that has not all the characters.
    """
    if text.isascii():
        return text
    charset = charset if _fits(text, charset) else "utf-8"
    pieces = (text[at : at + _WORD_CHARACTERS] for at in range(0, len(text), _WORD_CHARACTERS))
    words = (base64.b64encode(piece.encode(charset)).decode() for piece in pieces)
    return "\r\n ".join(f"=?{charset}?B?{word}?=" for word in words)


def mailbox(name: str, email: str, charset: str = "utf-8") -> str:
    """Return ``name <email>`` as a header field has it."""
    if not name:
        return email
    plain = name.isascii() and all(mark.isalnum() or mark in _ATOM_MARKS for mark in name)
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    shown = name if plain else f'"{quoted}"' if name.isascii() else unstructured(name, charset)
    return f"{shown} <{email}>"


def text(
    content: str,
    *,
    charset: str = "utf-8",
    subtype: str = "plain",
    encoding: str = "",
    extra: str = "",
) -> Entity:
    """Return a text part; ``encoding`` is chosen when empty, ``extra`` more parameters."""
    octets = crlf(content).encode(charset)
    encoding = encoding or _fitting(octets)
    kind = f"text/{subtype}; charset={charset}{extra}"
    return Entity(
        (("Content-Type", kind), ("Content-Transfer-Encoding", encoding)), _encode(octets, encoding)
    )


def attachment(name: str, kind: str, content: bytes, *, cid: str = "") -> Entity:
    """Return an attachment, or with ``cid`` an inline picture that HTML refers to."""
    fields = [
        ("Content-Type", f"{kind}; {_parameter('name', name)}"),
        ("Content-Transfer-Encoding", "base64"),
        (
            "Content-Disposition",
            f"{'inline' if cid else 'attachment'}; {_parameter('filename', name)}",
        ),
    ]
    if cid:
        fields.append(("Content-ID", f"<{cid}>"))
    return Entity(tuple(fields), _encode(content, "base64"))


def multipart(subtype: str, parts: Sequence[Entity]) -> Entity:
    """Return ``parts`` as one; the boundary depends on their octets alone."""
    octets = [part.octets() for part in parts]
    mark = f"=_goose_{zlib.crc32(b''.join(octets)):08x}_{subtype[:3]}"
    body = b"".join(b"--" + mark.encode() + b"\r\n" + part + b"\r\n" for part in octets)
    kind = f'multipart/{subtype}; boundary="{mark}"'
    return Entity((("Content-Type", kind),), body + b"--" + mark.encode() + b"--\r\n")


def references(ancestors: Iterable[str]) -> str:
    """Return message ids, without angle brackets, folded one a line."""
    return "\r\n ".join(f"<{ancestor}>" for ancestor in ancestors)


def _fits(content: str, charset: str) -> bool:
    try:
        content.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _fitting(octets: bytes) -> str:
    if max(map(len, octets.split(b"\r\n"))) > 998:
        return "quoted-printable"
    if octets.isascii():
        return "7bit"
    latin = sum(octet < 128 for octet in octets) > len(octets) * 2 // 3
    return "quoted-printable" if latin else "base64"


def _encode(octets: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return base64.encodebytes(octets).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        soft = binascii.b2a_qp(octets.replace(b"\r\n", b"\n"), istext=True)
        return soft.replace(b"\n", b"\r\n")
    return octets


def _parameter(name: str, value: str) -> str:
    if value.isascii():
        return f'{name}="{value}"'
    return f"{name}*=utf-8''{urllib.parse.quote(value, safe='')}"
