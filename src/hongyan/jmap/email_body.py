"""The body of a message as JMAP has it: parts with the properties asked for, and body values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hongyan.jmap import email_headers
from hongyan.jmap.arguments import array, optional, text, unsigned
from hongyan.jmap.errors import invalid
from hongyan.mime import jmap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.mime import Message, Part

    BlobId = Callable[[Part], str]

DEFAULT: Final = (
    "partId", "blobId", "size", "name", "type", "charset", "disposition", "cid", "language",
    "location",
)  # fmt: skip
_KNOWN: Final = frozenset((*DEFAULT, "headers", "subParts"))
_names = optional(array(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyWish:
    """The arguments of Email/get and Email/parse that concern bodies (RFC 8621 §4.2)."""

    properties: tuple[str, ...] = DEFAULT
    text: bool = False
    html: bool = False
    all: bool = False
    limit: int = 0
    headers: dict[str, email_headers.HeaderProperty] = field(default_factory=dict)

    @classmethod
    def take(cls, call: Call) -> BodyWish:
        """Take the arguments. Raises `MethodError`."""
        given = call.take("bodyProperties", _names, None)
        properties = DEFAULT if given is None else tuple(dict.fromkeys(given))
        return cls(
            properties=properties,
            text=call.flag("fetchTextBodyValues"),
            html=call.flag("fetchHTMLBodyValues"),
            all=call.flag("fetchAllBodyValues"),
            limit=call.take("maxBodyValueBytes", unsigned, 0),
            headers=header_properties(properties, known=_KNOWN, argument="bodyProperties"),
        )

    def part(self, part: Part, blob_id: BlobId) -> Json:
        """Return an EmailBodyPart without its subParts."""
        whole = jmap.body_part(part, blob_id=blob_id)
        shown = {name: whole[name] for name in self.properties if name in whole}
        for name, wanted in self.headers.items():
            shown[name] = wanted.of(part.headers)
        return shown

    def structure(self, message: Message, blob_id: BlobId) -> Json:
        """Return the tree of the message's parts."""
        built = [self.part(part, blob_id) for part in message.parts]
        for part in message.parts:
            if part.children:
                built[part.index]["subParts"] = [built[index] for index in part.children]
        return built[0]

    def parts(self, parts: Iterable[Part], blob_id: BlobId) -> list[Json]:
        """Return a flat list of parts."""
        return [self.part(part, blob_id) for part in parts]

    def values(self, message: Message) -> Json:
        """Return the body values that were asked for, by part id."""
        chosen: list[Part] = []
        if self.text or self.all:
            chosen += message.body.text
        if self.html or self.all:
            chosen += message.body.html
        if self.all:
            chosen += message.parts
        return {part.part_id: self._value(part) for part in chosen if _is_text(part)}

    def _value(self, part: Part) -> Json:
        whole = part.text()
        value = truncated(whole, self.limit, html=part.content_type == "text/html")
        return {
            "value": value,
            "isEncodingProblem": part.has_encoding_problem,
            "isTruncated": len(value) < len(whole),
        }


def _is_text(part: Part) -> bool:
    return part.content_type.startswith("text/") and not part.is_multipart


def header_properties(
    properties: Iterable[str], *, known: frozenset[str], argument: str
) -> dict[str, email_headers.HeaderProperty]:
    """Return the header properties among some. Raises `MethodError` for one that is nothing."""
    found = {}
    for name in properties:
        if name in known:
            continue
        wanted = email_headers.parse(name)
        if wanted is None:
            raise invalid(argument, f"there is no {name!r}")
        found[name] = wanted
    return found


def truncated(value: str, limit: int, *, html: bool) -> str:
    """Return at most ``limit`` octets of a text (0: all of it), no character or tag cut in two."""
    if not limit or len(value) * 4 <= limit:
        return value
    octets = value.encode("utf-8", "replace")
    if len(octets) <= limit:
        return value
    cut = octets[:limit].decode("utf-8", "ignore")
    tag = cut.rfind("<")
    return cut[:tag] if html and tag > cut.rfind(">") else cut
