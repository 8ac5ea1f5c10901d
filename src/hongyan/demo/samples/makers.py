"""Attachments made on the spot: small, valid, and the same octets every time.

A PDF of one page (ISO 32000-1 §7), a PNG drawn dot by dot (ISO 15948), a ZIP, a table, and the long
log of a goose. Each maker takes the text that the script gives and returns the file.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import io
import math
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Maker: TypeAlias = Callable[[str], bytes]
Colour: TypeAlias = tuple[int, int, int]

WIDTH, HEIGHT, SHORE = 480, 200, 140
SUN_X, SUN_Y, GLOW = 340, 112, 96
NIGHT: Final = (12, 14, 30)
LOG_ROWS: Final = 3_400
PALETTES: Final[Mapping[str, tuple[Colour, Colour, Colour]]] = {
    "dawn": ((58, 74, 122), (246, 190, 152), (255, 236, 196)),
    "dusk": ((28, 30, 66), (214, 108, 94), (255, 206, 138)),
}
GEESE: Final = frozenset(  # nine in a V, each two wings wide
    (150 + 24 * place + wing, 34 + 9 * abs(place) - abs(wing) // 2 + 3 * (abs(wing) < 2) + line)
    for place in range(-4, 5)
    for wing in range(-7, 8)
    for line in range(2)
)


def digest(text: str) -> str:
    """Return twelve hexadecimal digits that stand for ``text``."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def as_text(content: str) -> bytes:
    """Return ``content`` in UTF-8 with CRLF."""
    return content.replace("\n", "\r\n").encode()


def pdf(content: str) -> bytes:
    """Return one A5 page; the first line of ``content`` is its title."""
    escaped = [
        line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        for line in content.strip().split("\n")
    ]
    title, *rest = escaped
    body = "".join(f"({line}) Tj T*\n" for line in rest)
    drawing = f"BT /F1 17 Tf 40 540 Td ({title}) Tj /F1 10 Tf 15 TL 0 -30 Td\n{body}ET".encode(
        "latin-1", "replace"
    )
    return _pdf_file(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 595]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    )


def _pdf_file(*objects: bytes) -> bytes:
    """Return the objects, numbered from 1, with their cross-reference table."""
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return bytes(out) + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        table,
    )


@functools.cache
def png(palette: str) -> bytes:
    """Return a picture of geese over a lake, in the light of ``palette``."""
    colours = PALETTES[palette]
    rows = (b"\0" + _row(y, colours) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _png_chunk(kind, data)
        for kind, data in (
            (b"IHDR", header),
            (b"IDAT", zlib.compress(b"".join(rows), 9)),
            (b"IEND", b""),
        )
    )


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _row(y: int, colours: tuple[Colour, Colour, Colour]) -> bytes:
    high, low, sun = colours
    height = y if y < SHORE else 2 * SHORE - y  # the lake mirrors the sky
    sky = _mix(high, low, height / SHORE)
    ripple = 0.0 if y < SHORE else 4 * math.sin(y)
    row = bytearray()
    for x in range(WIDTH):
        if (x, y) in GEESE or _hill(x) < y < SHORE:
            row += bytes(_mix(high, NIGHT, 0.72))
            continue
        apart = math.hypot(x - SUN_X, height + ripple - SUN_Y) if abs(x - SUN_X) < GLOW else GLOW
        lit = sun if apart < 22 else _mix(sky, sun, max(0.0, (GLOW - apart) / 160))
        row += bytes(lit if y < SHORE else _mix(lit, high, 0.35))
    return bytes(row)


@functools.cache
def _hill(x: int) -> float:
    return 122 + 9 * math.sin(x / 61) + 5 * math.sin(x / 23 + 2)


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def archive(content: str) -> bytes:
    """Return a ZIP; each line of ``content`` is ``name: what is in it``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for line in content.strip().split("\n"):
            name, _, inside = line.partition(": ")
            file.writestr(zipfile.ZipInfo(name), inside + "\n", zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def track(day: dt.datetime) -> str:
    """Return the log of goose 17 up to ``day``: a fix every quarter of an hour, for weeks."""
    moods = ("grazing", "asleep on one leg", "afloat", "arguing", "airborne", "looking at a fox")
    start = day - dt.timedelta(minutes=15 * LOG_ROWS)
    rows = []
    for row in range(LOG_ROWS):
        moment = start + dt.timedelta(minutes=15 * row)
        north = 61.2 - row * 0.0042 + 0.31 * math.sin(row / 37)
        east = 8.4 + row * 0.0007 + 0.52 * math.sin(row / 53)
        mood = moods[int(3 * math.sin(row / 29) + 3 * math.sin(row / 11)) % len(moods)]
        rows.append(
            f"{moment:%Y-%m-%d %H:%M}  {north:8.4f} N  {east:8.4f} E  {row * 7 % 41:2d} m  {mood}"
        )
    return "\n".join(rows)


MAKERS: Final[Mapping[str, tuple[str, Maker]]] = {
    "pdf": ("application/pdf", pdf),
    "png": ("image/png", png),
    "csv": ("text/csv; charset=utf-8", as_text),
    "txt": ("text/plain; charset=utf-8", as_text),
    "vcf": ("text/vcard; charset=utf-8", as_text),
    "zip": ("application/zip", archive),
}
