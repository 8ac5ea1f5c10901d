"""Files that stand in plain text itself: uuencode (POSIX ``begin 644 name``) and yEnc.

A file found is a `Part` like any other, over the text's own octets. Only whole blocks with a first
line of data count, so a sentence that begins with "begin" stays text. Linear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.mime import charset
from hongyan.mime.header import Fields
from hongyan.mime.part import Part
from hongyan.mime.transfer import Encoding

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMIT: Final = 1000
_BEGIN: Final = re.compile(
    rb"^begin(?P<base64>-base64)? [0-7]{3,4} (?P<name>[^\r\n]+)\r?\n"
    rb"(?=(?(base64)[A-Za-z0-9+/=]+\r?\n|(?:[!-M][ -`]+|`)\r?\n))"
    rb"|^=ybegin (?P<yenc>[^\r\n]*)\r?\n",
    re.MULTILINE,
)
_UU_END: Final = re.compile(rb"^(?:end|====)[ \t]*\r?$\n?", re.MULTILINE)
_YENC_END: Final = re.compile(rb"^=yend [^\n]*\n?", re.MULTILINE)
_YENC_NAME: Final = re.compile(rb"\bname=([^\r\n]*)")


@dataclass(frozen=True, slots=True)
class _Block:
    """One file in text: the whole block, the data in it, its name and encoding."""

    start: int
    data_start: int
    data_end: int
    end: int
    name: bytes
    encoding: Encoding


def _blocks(octets: bytes) -> Iterator[_Block]:
    if b"begin" not in octets:
        return
    at = 0
    for _ in range(_LIMIT):
        begin = _BEGIN.search(octets, at)
        if not begin:
            return
        yenc = begin["yenc"]
        end = (_UU_END if yenc is None else _YENC_END).search(octets, begin.end())
        if not end:
            return
        if yenc is None:
            kind, name = Encoding.UUENCODE, begin["name"]
            kind = Encoding.BASE64 if begin["base64"] else kind
        else:
            found = _YENC_NAME.search(yenc)
            kind, name = Encoding.YENC, found[1] if found else b""
        yield _Block(begin.start(), begin.end(), end.start(), end.end(), name.strip(), kind)
        at = end.end()


def files(text: Part) -> tuple[Part, ...]:
    """Return the files that stand in a ``text/plain`` part."""
    if text.content_type != "text/plain" or "begin" not in text.text():
        return ()
    octets = text.content()
    return tuple(
        _file(text, octets, number, block) for number, block in enumerate(_blocks(octets), start=1)
    )


def _file(text: Part, octets: bytes, number: int, block: _Block) -> Part:
    name = block.name.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    fields = [
        (b"Content-Type", b"application/octet-stream"),
        (b"Content-Disposition", b'attachment; filename="' + name + b'"'),
        (b"Content-Transfer-Encoding", block.encoding.value.encode("ascii")),
    ]
    part = Part(
        octets,
        Fields(fields),
        index=text.index,
        parent=text.index,
        header_start=block.start,
        body_start=block.data_start,
        part_id=f"{text.part_id}.{number}",
    )
    part.body_end = block.data_end
    return part


def text_without_files(part: Part) -> str:
    """Return the text of a ``text/plain`` part without the files that stand in it."""
    text = part.text()
    if "begin" not in text:
        return text
    octets = part.content()
    kept: list[bytes] = []
    last = 0
    for block in _blocks(octets):
        kept.append(octets[last : block.start])
        last = block.end
    if not last:
        return text
    kept.append(octets[last:])
    return charset.decode(b"".join(kept), part.charset).replace("\r\n", "\n")
