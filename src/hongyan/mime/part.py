"""One part of a message: offsets into the raw octets, and its fields decoded when asked for.

RFC 2045, 2183, 2231, 2392. A part owns nothing but its place: `content` and `chunks` read the
source, `text` follows its charset. The first of two fields of one name is the one that counts.
"""

# ruff: noqa: D401 - what `lazy` decorates are attributes, described by nouns
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hongyan.mime import header, names
from hongyan.mime.lazy import lazy
from hongyan.mime.place import text_of
from hongyan.mime.transfer import Encoding, decode, encoding, looks_like_base64, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hongyan.mime.header import Fields, Parameterised
    from hongyan.mime.transfer import Buffer

_TYPE: Final = re.compile(r"[^\s/;,\"()<>@]+/[^\s;,\"()<>@]+")
_WHOLE_KINDS: Final = {"text": "text/plain", "multipart": "multipart/mixed"}
_META_CHARSET: Final = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE
)
_EMPTY: Final = header.Parameterised("", {}, {})


class Part:
    """A part, leaf or multipart, at ``source[header_start:body_end]``; its body at ``body_start``.

    ``index`` is its place in `Message.parts` (document order), ``parent`` that of its multipart or
    None, ``children`` the places of its own parts. ``part_id`` is RFC 8621's. ``default_type`` is
    what RFC 2046 §5.1.5 gives a part without Content-Type.
    """

    def __init__(  # noqa: PLR0913 - a place is this many numbers
        self,
        source: Buffer,
        fields: Fields,
        *,
        index: int,
        parent: int | None,
        header_start: int,
        body_start: int,
        default_type: str = "text/plain",
        part_id: str = "",
    ) -> None:
        self.source = source
        self.fields = fields
        self.index = index
        self.part_id = part_id or str(index)
        self.parent = parent
        self.header_start = header_start
        self.body_start = body_start
        self.body_end = body_start  # set when the parser has found it
        self.children: list[int] = []
        self._default_type = default_type

    def __repr__(self) -> str:
        return f"<Part {self.index} {self.content_type} {self.body_start}:{self.body_end}>"

    def header(self, name: str) -> bytes | None:
        """Return the first raw value of the field called ``name``, or None."""
        return self.fields.get(name.lower().encode("ascii", "replace"))

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """All fields in order: names as written, raw values."""
        return self.fields.all

    @lazy
    def _type(self) -> Parameterised:
        value = self.fields.get(b"content-type")
        return header.parameterised(value) if value else _EMPTY

    @lazy
    def _disposition(self) -> Parameterised:
        value = self.fields.get(b"content-disposition")
        return header.parameterised(value) if value else _EMPTY

    @lazy
    def declared_type(self) -> str:
        """The media type that the header gives, in lower case, of the form ``type/subtype``."""
        value = self._type.value
        if not value:
            return self._default_type
        if _TYPE.fullmatch(value):
            return value
        kind = _WHOLE_KINDS.get(value.rstrip("/"))
        if kind:
            return kind
        # RFC 2045 §5.2 takes what is no media type for text; a file is still a file.
        is_file = "name" in self._type.parameters or self.disposition is not None
        return "application/octet-stream" if is_file else "text/plain"

    @lazy
    def content_type(self) -> str:
        """The media type to treat it as: a multipart without parts is ``text/plain``."""
        declared = self.declared_type
        if declared.startswith("multipart/") and not self.children:
            return "text/plain"
        return declared

    @property
    def parameters(self) -> Mapping[str, str]:
        """The parameters of Content-Type, names in lower case."""
        return self._type.parameters

    @property
    def is_multipart(self) -> bool:
        """Whether the part has parts."""
        return bool(self.children)

    @property
    def charset(self) -> str | None:
        """The charset label that the sender names, or None."""
        return self._type.parameters.get("charset") or None

    @property
    def disposition(self) -> str | None:
        """``inline``, ``attachment`` or whatever else is said, in lower case; None if nothing."""
        return self._disposition.value or None

    @property
    def disposition_parameters(self) -> Mapping[str, str]:
        """The parameters of Content-Disposition, names in lower case."""
        return self._disposition.parameters

    @lazy
    def filename(self) -> str | None:
        """The name to show: no path, no control or bidi characters, one line; None if not named."""
        for found in (self._disposition.parameters, self._type.parameters):
            name = found.get("filename") or found.get("name")
            if name:
                return names.display(name)
        return None

    @lazy
    def cid(self) -> str | None:
        """The Content-ID without its angle brackets (RFC 2392), or None."""
        value = self.fields.get(b"content-id")
        ids = header.message_ids(value) if value else ()
        return ids[0] if ids else None

    @lazy
    def location(self) -> str | None:
        """The Content-Location (RFC 2557), unfolded, or None."""
        value = self.fields.get(b"content-location")
        return "".join(header.text(value).split()) or None if value else None

    @lazy
    def language(self) -> tuple[str, ...] | None:
        """The tags of Content-Language (RFC 3282), or None."""
        value = self.fields.get(b"content-language")
        if not value:
            return None
        return tuple(tag.strip() for tag in header.text(value).split(",") if tag.strip())

    @lazy
    def encoding(self) -> Encoding:
        """The transfer encoding; identity for multiparts, and for base64 that is none."""
        if self.children:
            return Encoding.IDENTITY
        said = encoding(self.fields.get(b"content-transfer-encoding"))
        if said is Encoding.BASE64 and self._is_mislabelled:
            return Encoding.IDENTITY
        return said

    @property
    def _is_mislabelled(self) -> bool:
        start = self.source[self.body_start : min(self.body_end, self.body_start + 1200)]
        return not looks_like_base64(start)

    @property
    def raw_body(self) -> bytes:
        """The octets of the body as they stand in the message."""
        return self.source[self.body_start : self.body_end]

    def content(self) -> bytes:
        """Return the whole body, its transfer encoding undone."""
        return decode(self.raw_body, self.encoding)

    def chunks(self) -> Iterator[bytes]:
        """Yield what `content` returns in pieces, in bounded memory for a source on disk."""
        return stream(self.source, self.body_start, self.body_end, self.encoding)

    @lazy
    def size(self) -> int:
        """The number of octets of `content`."""
        if self.encoding in {Encoding.IDENTITY, Encoding.UNKNOWN}:
            return self.body_end - self.body_start
        return sum(map(len, self.chunks()))

    @property
    def has_encoding_problem(self) -> bool:
        """Whether the charset is unknown or the octets break it (RFC 8621 §4.1.4)."""
        return self.encoding is Encoding.UNKNOWN or self._decoded[1]

    def text(self) -> str:
        """Return the body as text with LF line ends, whatever its type says; never raises."""
        return self._decoded[0]

    @lazy
    def _decoded(self) -> tuple[str, bool]:
        octets = self.content()
        label = self.charset
        if not label and self.content_type == "text/html":
            meta = _META_CHARSET.search(octets[:4096])
            label = meta[1].decode("ascii") if meta else None
        return text_of(octets, label)
