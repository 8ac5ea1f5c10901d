"""Content-Transfer-Encoding, read with every breakage (RFC 2045 §6, uuencode, yEnc).

Every decoder takes any octets and gives octets, in one linear pass in C; `stream` does the same in
bounded memory over a part of a large buffer. An unknown encoding is `Encoding.UNKNOWN`: the octets
stay as they are and are never shown as text (RFC 2045 §6.4).
"""

from __future__ import annotations

import binascii
import re
from enum import Enum
from mmap import mmap
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Buffer: TypeAlias = bytes | mmap
CHUNK: Final = 786_432  # octets of input a step; a multiple of 4
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64: Final = bytes(octet for octet in range(256) if octet not in _ALPHABET + b"=")
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_BASE64_START: Final = re.compile(rb"\s*+(?:\Z|[A-Za-z0-9+/_-]++[ \t]*+(?:=|[\r\n]|\Z))")
_BASE64_END: Final = re.compile(rb"=|\n[ \t\r]*+\n|\n[-_ \t]{2,}+\r?(?:\n|\Z)")
_PADDING: Final = re.compile(rb"=+")
_BLANKS_ALIKE: Final = bytes.maketrans(b"\t\r", b" \n")
_TRAILING_SPACE: Final = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n|\Z)")
_LONE_CR: Final = re.compile(rb"=\r(?!\n)")


class Encoding(Enum):
    """How the octets of a body are encoded."""

    IDENTITY = "binary"
    BASE64 = "base64"
    QUOTED_PRINTABLE = "quoted-printable"
    UUENCODE = "x-uuencode"
    YENC = "x-yenc"
    UNKNOWN = "unknown"


_NAMES: Final = {
    "": Encoding.IDENTITY,
    "binary": Encoding.IDENTITY,
    "none": Encoding.IDENTITY,
    "7bit": Encoding.IDENTITY,
    "8bit": Encoding.IDENTITY,
    "7bits": Encoding.IDENTITY,
    "8bits": Encoding.IDENTITY,
    "base64": Encoding.BASE64,
    "quotedprintable": Encoding.QUOTED_PRINTABLE,
    "xuuencode": Encoding.UUENCODE,
    "xuue": Encoding.UUENCODE,
    "uuencode": Encoding.UUENCODE,
    "uue": Encoding.UUENCODE,
    "xyenc": Encoding.YENC,
    "yenc": Encoding.YENC,
}
_DECORATION: Final = re.compile(rb"[\s\"'_-]+|[;(].*", re.DOTALL)


def encoding(value: bytes | None) -> Encoding:
    """Return the encoding that a Content-Transfer-Encoding value means."""
    if value is None:
        return Encoding.IDENTITY
    name = _DECORATION.sub(b"", value[:200]).decode("ascii", "replace").lower()
    return _NAMES.get(name, Encoding.UNKNOWN)


def base64_octets(text: bytes) -> bytes:
    """Decode base64 with foreign octets, lost or inner padding and the URL-safe alphabet."""
    if _is_url_safe(text[:CHUNK]):
        text = text.translate(_URL_SAFE)
    pad = text.find(b"=")
    if pad < 0 or not text[pad:].strip(b"= \t\r\n"):
        try:
            return binascii.a2b_base64(text)
        except binascii.Error:
            pass
    first, *rest = _PADDING.split(text.translate(None, _NOT_BASE64))
    return _base64_run(first) + b"".join(map(_base64_run, filter(_is_whole, rest)))


def _is_url_safe(start: bytes) -> bool:
    """Tell whether base64 that begins with ``start`` uses ``-_`` for ``+/`` (RFC 4648 §5).

    What a mailing list puts below it, such as ``-- `` or a line of ``_``, does not count.
    """
    end = _BASE64_END.search(start)
    start = start[: end.start()] if end else start
    return (b"-" in start or b"_" in start) and b"+" not in start and b"/" not in start


def _is_whole(run: bytes) -> bool:
    """Tell whether a run after padding is more base64, and not a footer that a list added."""
    return len(run) % 4 == 0


def _base64_run(run: bytes) -> bytes:
    spare = len(run) % 4
    if spare == 1:
        run = run[:-1]
    return binascii.a2b_base64(run + b"==" if spare > 1 else run)


def looks_like_base64(start: bytes) -> bool:
    """Tell whether a body that begins with ``start`` can be base64, as its sender says.

    Its first word must be of the alphabet, and fill its line or end in padding.
    """
    return not start or bool(_BASE64_START.match(start))


def quoted_printable_octets(text: bytes) -> bytes:
    """Decode quoted-printable; white space that transport left at line ends is not content."""
    if text[-1:] in b" \t" or b" \n" in text.translate(_BLANKS_ALIKE):
        text = _TRAILING_SPACE.sub(b"", text)
    if b"\r" in text:
        text = _LONE_CR.sub(b"=\r\n", text)
    return binascii.a2b_qp(text)


def uuencoded_octets(text: bytes) -> bytes:
    """Decode the lines between ``begin`` and ``end``, or all lines if there is no ``begin``."""
    lines = text.splitlines()
    starts = (i for i, line in enumerate(lines) if line.startswith(b"begin "))
    return b"".join(map(_uu_line, lines[next(starts, -1) + 1 :]))


def _uu_line(line: bytes) -> bytes:
    if not line or line.startswith((b"end", b"begin ")) or line in {b"`", b" "}:
        return b""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        pass
    size = (line[0] - 32) & 63
    try:  # the trailing octets of some encoders are not what the length says
        return binascii.a2b_uu(line[: 1 + (size * 4 + 5) // 3])
    except binascii.Error:
        return b""


_YENC_ESCAPE: Final = re.compile(rb"=(.)", re.DOTALL)
_YENC_SHIFT: Final = bytes((octet - 42) & 255 for octet in range(256))


def yenc_octets(text: bytes) -> bytes:
    """Decode the data lines of a yEnc block."""
    lines = [line for line in text.splitlines() if not line.startswith(b"=y")]
    joined = b"".join(lines)
    plain = _YENC_ESCAPE.sub(lambda found: bytes(((found[1][0] - 64) & 255,)), joined)
    return plain.translate(_YENC_SHIFT)


def decode(data: bytes, encoding_: Encoding) -> bytes:
    """Return the content of encoded ``data``."""
    if encoding_ is Encoding.BASE64:
        return base64_octets(data)
    if encoding_ is Encoding.QUOTED_PRINTABLE:
        return quoted_printable_octets(data)
    if encoding_ is Encoding.UUENCODE:
        return uuencoded_octets(data)
    if encoding_ is Encoding.YENC:
        return yenc_octets(data)
    return data


def stream(source: Buffer, start: int, end: int, encoding_: Encoding) -> Iterator[bytes]:
    """Yield the decoded content of ``source[start:end]`` piece by piece, in bounded memory."""
    if encoding_ is Encoding.BASE64:
        return _stream_base64(source, start, end)
    if encoding_ is Encoding.IDENTITY or encoding_ is Encoding.UNKNOWN:
        return (source[at : min(at + CHUNK, end)] for at in range(start, end, CHUNK))
    if encoding_ is Encoding.QUOTED_PRINTABLE:
        return map(quoted_printable_octets, _line_chunks(source, start, end))
    if encoding_ is Encoding.UUENCODE:
        return _stream_uuencoded(source, start, end)
    return map(yenc_octets, _line_chunks(source, start, end))


def _stream_uuencoded(source: Buffer, start: int, end: int) -> Iterator[bytes]:
    pieces = _line_chunks(source, start, end)
    first = next(pieces, b"")
    yield uuencoded_octets(first)
    for piece in pieces:
        yield b"".join(map(_uu_line, piece.splitlines()))


def _stream_base64(source: Buffer, start: int, end: int) -> Iterator[bytes]:
    held = b""
    url_safe = _is_url_safe(source[start : min(start + CHUNK, end)])
    for at in range(start, end, CHUNK):
        text = source[at : min(at + CHUNK, end)]
        text = held + (text.translate(_URL_SAFE) if url_safe else text).translate(None, _NOT_BASE64)
        runs = _PADDING.split(text) if b"=" in text else [text]
        whole = len(runs[-1]) // 4 * 4
        held, runs[-1] = runs[-1][whole:], runs[-1][:whole]
        yield b"".join(map(_base64_run, runs))
    if held:
        yield _base64_run(held)


def _line_chunks(source: Buffer, start: int, end: int) -> Iterator[bytes]:
    """Yield slices that end at a line's end wherever a line is shorter than a chunk."""
    while start < end:
        stop = min(start + CHUNK, end)
        piece = source[start:stop]
        if stop < end:
            cut = piece.rfind(b"\n") + 1 or max(piece.rfind(b"="), 0)
            piece = piece[:cut] if cut else piece
        start += len(piece)
        yield piece
