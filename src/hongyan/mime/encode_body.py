"""Bodies on their way out: 7 bits, CRLF alone, no line a gateway could change.

RFC 2045 §6.7 quoted-printable and §6.8 base64 (streamed), RFC 3676 format=flowed for English-like
text with long paragraphs. Invariant: only octets 9, 10, 13 and 32-126 leave, CR and LF only as a
pair, and what a reader decodes is the text that was given, its line ends made CRLF.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FLOWED: Final = 72  # characters of a flowed line; RFC 3676 §4.2 wants less than 79

_NEWLINE: Final = re.compile(r"\r\n|\r|\n")
_UNSAFE: Final = re.compile(
    rb"[^\t\r\n\x20-\x7e]|(?<!\n--) \r\n|\t\r\n|^From ", re.MULTILINE
)  # a signature's "-- " stays as it is (RFC 3676 §4.3)
_LONG: Final = re.compile(rb"[^\n]{80}")
_FROM: Final = re.compile(rb"^(?:From )+", re.MULTILINE)
_SIGNATURE: Final = b"-- "

_BASE64_STEP: Final = 57 * 8192  # whole lines of 76 characters


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text body: its transfer ``encoding``, its octets, and whether it is format=flowed."""

    encoding: str
    octets: bytes
    flowed: bool = False


def encode_text(field: str, text: str, *, may_flow: bool, verbatim: bool = False) -> Encoded:
    """Return ``text`` in the most readable form that arrives unharmed; a last line end is added.

    ``verbatim``: none is added, and no line flows. Raises `InvalidArgument` with ``field`` when the
    text has lone surrogates.
    """
    octets = _canonical(field, text, end_line=not verbatim)
    if not _UNSAFE.search(octets):
        if not _LONG.search(octets):
            return Encoded("7bit", octets)
        flowed = _flow(octets) if may_flow and not verbatim else None
        if flowed is not None:
            return Encoded("7bit", flowed, flowed=True)
    printable = quoted_printable(octets)
    if len(printable) > len(octets) * 78 // 57 + 4:
        return Encoded("base64", b"".join(base64_lines((octets,))))
    return Encoded("quoted-printable", printable)


def quoted_printable(octets: bytes) -> bytes:
    """Return ``octets`` (lines end in CRLF) as quoted-printable, "From " at a line start hidden."""
    encoded = binascii.b2a_qp(octets, istext=True)
    return _FROM.sub(lambda found: b"=46rom=20=\r\n" * (len(found[0]) // 5), encoded)


def base64_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield ``chunks``, cut anywhere, as base64 lines of 76 characters, in bounded memory."""
    held = b""
    for chunk in chunks:
        data = held + chunk if held else chunk
        whole = len(data) // 57 * 57
        for at in range(0, whole, _BASE64_STEP):
            yield _base64(data[at : min(at + _BASE64_STEP, whole)])
        held = data[whole:]
    if held:
        yield _base64(held)


def is_seven_bit(chunks: Iterable[bytes]) -> bool:
    """Return whether the octets may go unencoded: CRLF lines of at most 998 in ASCII, no NUL."""
    tail = b""
    for chunk in chunks:
        data = tail + chunk
        if _NOT_SEVEN_BIT.search(data):
            return False
        tail = data[data.rfind(b"\n") + 1 :]
        if len(tail.removesuffix(b"\r")) > 998:
            return False
    return not tail.endswith(b"\r")


_NOT_SEVEN_BIT: Final = re.compile(rb"[\0\x80-\xff]|\r(?!\n|\Z)|(?<!\r)\n|[^\n]{1000}")


def _base64(data: bytes) -> bytes:
    line = binascii.b2a_base64
    return b"".join(
        [line(data[at : at + 57], newline=False) + b"\r\n" for at in range(0, len(data), 57)]
    )


def _canonical(field: str, text: str, *, end_line: bool) -> bytes:
    if end_line and text and text[-1] not in "\r\n":
        text += "\r\n"
    try:
        return _NEWLINE.sub("\r\n", text).encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        raise InvalidArgument(field, f"holds half a character, U+{code:04X}") from None


def _flow(octets: bytes) -> bytes | None:
    """Return ``octets`` as format=flowed (RFC 3676 §4), or None when a word is too long for it."""
    lines: list[bytes] = []
    for line in octets.removesuffix(b"\r\n").split(b"\r\n"):
        flowed = _flow_line(line)
        if flowed is None:
            return None
        lines += flowed
    return b"".join([line + b"\r\n" for line in lines])


def _flow_line(line: bytes) -> list[bytes] | None:
    """Cut one line after spaces; each piece but the last ends in a space, which joins it."""
    content = line.lstrip(b">")
    quotes = line[: len(line) - len(content)]
    if len(line) <= FLOWED:
        return [line if quotes else _stuffed(line)]
    room = FLOWED - len(quotes) - 1
    lines = []
    at = 0
    while len(content) - at > room:
        end = content.rfind(b" ", at + 1, max(at + room, 0)) + 1
        if not end or content[at:end] == _SIGNATURE:
            return None
        lines.append(content[at:end])
        at = end
    lines.append(content[at:])
    if not quotes:
        return [_stuffed(piece) for piece in lines]
    return [quotes + lines[0], *(quotes + b" " + piece for piece in lines[1:])]


def _stuffed(piece: bytes) -> bytes:
    """Hide a beginning that would be a quote, a stuffed space or a mailbox separator."""
    return b" " + piece if piece.startswith((b" ", b">", b"From ")) else piece
