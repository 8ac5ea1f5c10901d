"""The body of a message that a client creates: EmailBodyParts become MIME entities (RFC 8621 §4.6).

Either ``bodyStructure`` says it all, or ``textBody``, ``htmlBody`` and ``attachments`` do, of which
mixed(alternative(text, related(html, pictures)), files) is made, as far as there are any.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from hongyan.errors import NotFound
from hongyan.jmap import blob
from hongyan.jmap.arguments import (
    Arguments,
    array,
    id_,
    json_object,
    mapping,
    optional,
    text,
    unsigned,
)
from hongyan.jmap.email_fields import joined, take_fields
from hongyan.jmap.errors import Json, NotSet
from hongyan.mime import encode, entity
from hongyan.mime.draft import Attachment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hongyan.jmap.call import Jmap
    from hongyan.mime.entity import Entity
    from hongyan.store.protection import Octets

_DEPTH: Final = 20
_CHUNK: Final = 1 << 18
_MULTIPART: Final = re.compile(r"multipart/([a-z0-9!#$&^_.+-]{1,60})")
_LISTS: Final = ("textBody", "htmlBody", "attachments")
_parts = optional(array(json_object))
_body_values = optional(mapping(text, json_object))
_texts = optional(array(text))


@dataclass(frozen=True, slots=True)
class _Made:
    """A part: its entity, and whether it is a picture that the HTML shows."""

    entity: Entity
    is_shown: bool = False


class Parts:
    """Makes the body of one message."""

    def __init__(self, server: Jmap, given: Json) -> None:
        """Take the properties that make the body out of ``given``. Raises `MethodError`."""
        self._server = server
        fields = Arguments(given)
        values: dict[str, Json] | None = fields.take("bodyValues", _body_values, None)
        self._values = values or {}
        self._structure = fields.take("bodyStructure", optional(json_object), None)
        self._lists = {name: fields.take(name, _parts, None) for name in _LISTS}
        given.clear()
        given.update(fields.rest())
        self.missing: list[str] = []

    def body(self) -> Entity:
        """Return the whole body. Raises `NotSet`, `MethodError`, `InvalidArgument`."""
        if self._structure is None:
            made = self._of_lists()
        elif any(value is not None for value in self._lists.values()):
            raise NotSet("invalidProperties", "the body is given in two ways", "bodyStructure")
        else:
            made = self._part("bodyStructure", self._structure).entity
        if self.missing:
            words = "what the message is to be made of is not there"
            raise NotSet("blobNotFound", words, notFound=self.missing)
        return made

    def _of_lists(self) -> Entity:
        texts = self._only("textBody", "text/plain")
        html = self._only("htmlBody", "text/html")
        files = [self._part("attachments", each) for each in self._lists["attachments"] or ()]
        pictures = [each.entity for each in files if each.is_shown and html]
        others = [each.entity for each in files if not (each.is_shown and html)]
        if html and pictures:
            html = entity.multipart("related", [html, *pictures], (("type", "text/html"),))
        shown = [each for each in (texts, html) if each]
        if not shown and not others:
            return entity.text("textBody", "plain", "", verbatim=True)
        body = entity.multipart("alternative", shown) if len(shown) == 2 else None
        together = ([body] if body else shown) + others
        return together[0] if len(together) == 1 else entity.multipart("mixed", together)

    def _only(self, name: str, kind: str) -> Entity | None:
        """Return the one part that textBody and htmlBody may have."""
        parts = self._lists[name]
        if not parts:
            return None
        if len(parts) != 1 or str(parts[0].get("type") or kind).lower() != kind:
            raise NotSet("invalidProperties", f"{name} has exactly one part, of {kind}", name)
        return self._part(name, {**parts[0], "type": kind}).entity

    def _part(self, where: str, given: Json, *, depth: int = 0) -> _Made:
        if depth > _DEPTH:
            raise NotSet("invalidProperties", "the parts are nested too deep", where)
        rest = dict(given)
        fields = take_fields(rest, in_part=True)
        part = _Part.take(rest)
        more = part.fields(fields, where)
        if part.kind.startswith("multipart/"):
            return _Made(self._multipart(where, part, more, depth))
        if part.sub_parts or (part.part_id is None) == (part.blob_id is None):
            words = "a part has a partId, a blobId, or it is a multipart with subParts"
            raise NotSet("invalidProperties", words, where)
        if part.part_id is not None:
            return _Made(self._text(where, part, more))
        return _Made(self._file(part, more), is_shown=bool(part.cid))

    def _multipart(self, where: str, part: _Part, more: bytes, depth: int) -> Entity:
        kind = _MULTIPART.fullmatch(part.kind)
        if kind is None or not part.sub_parts or part.part_id or part.blob_id:
            raise NotSet("invalidProperties", "a multipart has a type and subParts alone", where)
        children = [self._part(where, each, depth=depth + 1).entity for each in part.sub_parts]
        return entity.multipart(kind[1], children, more=more)

    def _text(self, where: str, part: _Part, more: bytes) -> Entity:
        value = self._values.get(part.part_id or "")
        if value is None:
            words = f"bodyValues has no {part.part_id!r}"
            raise NotSet("invalidProperties", words, "bodyValues")
        if value.get("isEncodingProblem") or value.get("isTruncated"):
            raise NotSet("invalidProperties", "a value must be whole", "bodyValues")
        main, _, subtype = part.kind.partition("/")
        if main != "text" or part.charset or part.size is not None:
            words = "a part with a partId is a text, without charset and size"
            raise NotSet("invalidProperties", words, where)
        content = Arguments(value).take("value", text)
        return entity.text("bodyValues", subtype, content, verbatim=True, more=more)

    def _file(self, part: _Part, more: bytes) -> Entity:
        blob_id = part.blob_id or ""
        try:
            octets = blob.find(self._server, blob_id).octets
        except NotFound:
            self.missing.append(blob_id)
            octets = b""
        kind = f"{part.kind}; charset={part.charset}" if part.charset else part.kind
        file = Attachment(part.name, chunks_of(octets), kind, part.cid)
        return entity.attachment(file, disposition=part.disposition, more=more)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The properties of an EmailBodyPart that a client may give."""

    part_id: str | None
    blob_id: str | None
    kind: str
    charset: str | None
    size: int | None
    name: str
    disposition: str | None
    cid: str
    language: list[str]
    location: str
    sub_parts: list[Json]

    @classmethod
    def take(cls, given: Json) -> _Part:
        fields = Arguments(given)

        def words(name: str) -> str | None:
            return fields.take(name, optional(text), None)

        sub_parts: list[Json] | None = fields.take("subParts", _parts, None)
        language: list[str] | None = fields.take("language", _texts, None)
        part = cls(
            part_id=words("partId"),
            blob_id=fields.take("blobId", optional(id_), None),
            kind=(words("type") or ("multipart/mixed" if sub_parts else "text/plain")).lower(),
            charset=words("charset"),
            size=fields.take("size", optional(unsigned), None),
            name=words("name") or "",
            disposition=(words("disposition") or "").lower() or None,
            cid=words("cid") or "",
            language=language or [],
            location=words("location") or "",
            sub_parts=sub_parts or [],
        )
        fields.end()
        return part

    def fields(self, given: dict[str, bytes], where: str) -> bytes:
        """Return the further Content fields of the part. Raises `NotSet` for one given twice."""
        own = {"content-type", *self._own()}
        for name in own & given.keys():
            raise NotSet("invalidProperties", f"{name} has a property of its own", where)
        found = list(given.values())
        if self.language:
            found.append(encode.text_field("Content-Language", ", ".join(self.language)))
        if self.location:
            found.append(encode.text_field("Content-Location", self.location))
        is_file = self.blob_id is not None
        if not is_file and self.disposition:
            names = [("filename", self.name)] if self.name else []
            found.append(encode.parameter_field("Content-Disposition", self.disposition, names))
        if not is_file and self.cid:
            found.append(encode.identifier_field("Content-ID", (self.cid,)))
        return joined(found)

    def _own(self) -> Iterator[str]:
        for name, value in (
            ("content-disposition", self.disposition),
            ("content-id", self.cid),
            ("content-language", self.language),
            ("content-location", self.location),
        ):
            if value:
                yield name


def chunks_of(octets: Octets) -> Callable[[], Iterator[bytes]]:
    """Return what gives octets in pieces, anew at each call."""
    return partial(_chunks, octets)


def _chunks(octets: Octets) -> Iterator[bytes]:
    for at in range(0, len(octets), _CHUNK):
        yield bytes(octets[at : at + _CHUNK])
