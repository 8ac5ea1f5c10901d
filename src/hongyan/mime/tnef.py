"""``winmail.dat``: the files that Outlook wraps in TNEF (MS-OXTNEF §2.1, MS-OXPROPS).

Any octets give the files that can be read from them. Every look-up is of a known offset and every
loop ends with the octets, so the work is linear whatever the counts in the data say.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hongyan.mime import charset
from hongyan.mime.header import Fields
from hongyan.mime.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
FILE_LIMIT: Final = 1000
_LARGEST: Final = 1 << 27  # octets, encoded, of a stream that is opened: it is read whole
_DEPTH_LIMIT: Final = 5
_SIGNATURE: Final = b"\x78\x9f\x3e\x22"
_START: Final = 6  # after the signature and a key
_LEVEL_FILE: Final = 2
_ATTRIBUTE: Final = struct.Struct("<BHHI")
_U32: Final = struct.Struct("<I")
_PROPERTY: Final = struct.Struct("<HH")

# attributes of the stream
_RENDERING, _TITLE, _DATA, _PROPERTIES_OF_FILE = 0x9002, 0x8010, 0x800F, 0x9005
_CODE_PAGE, _BODY, _PROPERTIES = 0x9007, 0x800C, 0x9003
# properties
_FILE_NAME, _LONG_NAME, _MIME_TYPE, _CONTENT_ID, _CONTENT = 0x3704, 0x3707, 0x370E, 0x3712, 0x3701
_TEXT, _HTML, _INTERNET_CODE_PAGE = 0x1000, 0x1013, 0x3FDE
# types of properties: octets of one value; 0 where each value tells its own length
_SIZES: Final = {
    0x02: 2,
    0x03: 4,
    0x04: 4,
    0x05: 8,
    0x06: 8,
    0x07: 8,
    0x0A: 4,
    0x0B: 2,
    0x14: 8,
    0x40: 8,
    0x48: 16,
    0x0D: 0,
    0x1E: 0,
    0x1F: 0,
    0x102: 0,
}
_OBJECT, _STRING, _UNICODE = 0x0D, 0x1E, 0x1F
_MULTIPLE: Final = 0x1000
_NAMED: Final = 0x8000
_MESSAGE_OBJECT: Final = bytes.fromhex("0703020000000000c000000000000046")
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,127}/[\w.+-]{1,127}(?:; charset=utf-8)?", re.ASCII)


@dataclass(slots=True)
class File:
    """A file in the stream: ``content`` as it was attached."""

    name: str = ""
    content_type: str = ""
    cid: str = ""
    content: bytes = b""


@dataclass(slots=True)
class Stream:
    """What was read: ``files``, and the message's ``text`` and ``html`` if they are there."""

    files: list[File] = field(default_factory=list)
    text: str = ""
    html: str = ""


def is_tnef(part: Part) -> bool:
    """Tell whether ``part`` is a TNEF stream, by its type or as a ``winmail.dat``."""
    named = part.content_type in TYPES or (part.filename or "").lower() == "winmail.dat"
    return named and not part.children and part.body_end - part.body_start <= _LARGEST


def read(octets: bytes, *, depth: int = 0) -> Stream:
    """Return what the TNEF stream ``octets`` holds; empty when it is none."""
    stream = Stream()
    if octets.startswith(_SIGNATURE):
        _Reader(octets, stream, depth).read()
    return stream


class _Reader:
    """One pass over a stream."""

    def __init__(self, octets: bytes, stream: Stream, depth: int) -> None:
        self._octets = octets
        self._stream = stream
        self._depth = depth
        self._charset = "cp1252"

    def read(self) -> None:
        for level, name, value in _attributes(self._octets):
            if level == _LEVEL_FILE:
                self._take_of_file(name, value)
            elif name == _CODE_PAGE and len(value) >= 4:
                self._charset = _code_page(_U32.unpack_from(value)[0])
            elif name == _BODY:
                self._stream.text = self._text(value)
            elif name == _PROPERTIES:
                self._take_body(dict(_properties(value)))

    def _take_of_file(self, name: int, value: bytes) -> None:
        files = self._stream.files
        if name == _RENDERING and len(files) < FILE_LIMIT:
            files.append(File())
        elif files and name == _TITLE:
            files[-1].name = files[-1].name or self._text(value)
        elif files and name == _DATA:
            files[-1].content = value
        elif files and name == _PROPERTIES_OF_FILE:
            self._take_properties(files[-1], dict(_properties(value)))

    def _take_properties(self, file: File, found: dict[int, tuple[int, bytes]]) -> None:
        file.name = self._string(found, _LONG_NAME) or self._string(found, _FILE_NAME) or file.name
        file.content_type = self._string(found, _MIME_TYPE)
        file.cid = self._string(found, _CONTENT_ID).strip("<>")
        kind, content = found.get(_CONTENT, (0, b""))
        if kind == _OBJECT and content.startswith(_MESSAGE_OBJECT) and self._depth < _DEPTH_LIMIT:
            inner = read(content[len(_MESSAGE_OBJECT) :], depth=self._depth + 1)
            self._stream.files += inner.files[: FILE_LIMIT - len(self._stream.files)]
            file.content = (inner.html or inner.text).encode()
            file.content_type = f"text/{'html' if inner.html else 'plain'}; charset=utf-8"
        elif content:
            file.content = content[16:] if kind == _OBJECT else content

    def _take_body(self, found: dict[int, tuple[int, bytes]]) -> None:
        self._stream.text = self._string(found, _TEXT) or self._stream.text
        page = found.get(_INTERNET_CODE_PAGE, (0, b""))[1]
        label = _code_page(_U32.unpack(page)[0]) if len(page) == 4 else None
        self._stream.html = charset.decode(found.get(_HTML, (0, b""))[1], label)

    def _string(self, found: dict[int, tuple[int, bytes]], name: int) -> str:
        kind, value = found.get(name, (0, b""))
        if kind == _UNICODE:
            return value[: len(value) & ~1].decode("utf-16-le", "replace").rstrip("\0")
        return self._text(value) if kind == _STRING else ""

    def _text(self, value: bytes) -> str:
        return charset.decode(value.rstrip(b"\0"), self._charset)


def _code_page(number: int) -> str:
    return {20127: "us-ascii", 65001: "utf-8", 65000: "utf-7"}.get(number, f"cp{number}")


def _attributes(octets: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield level, name and value of each attribute (MS-OXTNEF §2.1.3)."""
    at = _START
    while at + _ATTRIBUTE.size <= len(octets):
        level, name, _kind, size = _ATTRIBUTE.unpack_from(octets, at)
        at += _ATTRIBUTE.size
        yield level, name, octets[at : at + size]
        at += size + 2  # and a checksum


def _properties(octets: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Yield name, type and first value of each property (MS-OXTNEF §2.1.3.4)."""
    at = 4  # the count is not believed
    try:
        while at < len(octets):
            kind, name = _PROPERTY.unpack_from(octets, at)
            at += 4
            if name >= _NAMED:
                at = _after_name(octets, at)
            size = _SIZES[kind & ~_MULTIPLE]
            count = 1
            if kind & _MULTIPLE or not size:
                count = _U32.unpack_from(octets, at)[0]
                at += 4
            values, at = _values(octets, at, size=size, count=count)
            yield name, (kind, values)
    except (struct.error, KeyError):
        return  # cut off, or of a type whose size nobody knows


def _after_name(octets: bytes, at: int) -> int:
    """Return the offset after the GUID and the name or number of a named property."""
    by_name, size = _U32.unpack_from(octets, at + 16)[0], _U32.unpack_from(octets, at + 20)[0]
    return at + 24 + (_padded(size) if by_name else 0)


def _values(octets: bytes, at: int, *, size: int, count: int) -> tuple[bytes, int]:
    """Return the first of ``count`` values and the offset after the last."""
    if size:
        return octets[at : at + size], at + _padded(size * count)
    first = b""
    for number in range(count):
        length = _U32.unpack_from(octets, at)[0]
        first = first if number else octets[at + 4 : at + 4 + length]
        at += 4 + _padded(length)
    return first, at


def _padded(size: int) -> int:
    return (size + 3) & ~3


def parts(holder: Part) -> tuple[Part, ...]:
    """Return what the TNEF stream in ``holder`` holds, as parts; none when it cannot be read."""
    stream = read(holder.content())
    files = list(stream.files)
    if stream.html:
        files.append(File("message.html", "text/html; charset=utf-8", "", stream.html.encode()))
    elif stream.text:
        files.append(File("message.txt", "text/plain; charset=utf-8", "", stream.text.encode()))
    return tuple(_part(holder, file, number) for number, file in enumerate(files, start=1))


def _part(holder: Part, file: File, number: int) -> Part:
    kind = file.content_type
    kind = kind if _MEDIA_TYPE.fullmatch(kind) else "application/octet-stream"
    name = file.name.replace("\\", "/").rpartition("/")[2].replace('"', "'")
    fields = [
        (b"Content-Type", kind.encode()),
        (b"Content-Disposition", f'attachment; filename="{name}"'.encode("utf-8", "replace")),
    ]
    if file.cid:
        fields.append((b"Content-ID", f"<{file.cid}>".encode("utf-8", "replace")))
    part = Part(
        file.content,
        Fields(fields),
        index=holder.index,
        parent=holder.index,
        header_start=0,
        body_start=0,
        part_id=f"{holder.part_id}.{number}",
    )
    part.body_end = len(file.content)
    return part
