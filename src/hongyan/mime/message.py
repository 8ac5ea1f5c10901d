"""A message that has been taken apart; every value is decoded when it is first asked for.

RFC 5322 fields in the forms of RFC 8621 §4.1.2 and §4.1.4. Nothing here raises, whatever the octets
are; what was wrong with them is in `defects`.
"""

# ruff: noqa: D401 - what `lazy` decorates are attributes, described by nouns
from __future__ import annotations

from itertools import chain
from mmap import mmap
from typing import TYPE_CHECKING, Final

from hongyan.mime import address, date, embedded, flowed, header, related, tnef, view
from hongyan.mime.lazy import lazy
from hongyan.mime.parser import Defect, Structure
from hongyan.mime.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hongyan.mime.part import Part
    from hongyan.mime.transfer import Buffer
    from hongyan.mime.types import Address

PREVIEW_LENGTH: Final = 256
_PREVIEW_SOURCES: Final = (1024, 8192)  # mostly the first is enough


class Message:
    """A parsed message: ``raw`` octets, flat ``parts`` in document order, ``defects``."""

    def __init__(self, structure: Structure, *, is_as_it_came: bool = True) -> None:
        self.raw: Final = structure.source
        self.parts: Final = tuple(structure.parts)
        self.defects: Final[tuple[Defect, ...]] = tuple(structure.defects)
        self._fields = self.parts[0].fields
        self._is_as_it_came = is_as_it_came

    def header(self, name: str) -> bytes | None:
        """Return the first raw value of the field called ``name`` (any case), or None."""
        return self._fields.get(name.lower().encode("ascii", "replace"))

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """All fields of the message in order: names as written, raw values."""
        return self._fields.all

    @lazy
    def subject(self) -> str:
        """The Subject in its Text form; empty if there is none."""
        value = self._fields.last(b"subject")
        return header.text(value) if value else ""

    @lazy
    def date(self) -> datetime | None:
        """The Date with its zone, or None."""
        return date.parse(self._fields.last(b"date"))

    @lazy
    def from_(self) -> tuple[Address, ...]:
        """The authors: From."""
        return address.mailboxes(self._fields.last(b"from"))

    @lazy
    def sender(self) -> tuple[Address, ...]:
        """The mailbox of Sender."""
        return address.mailboxes(self._fields.last(b"sender"))

    @lazy
    def reply_to(self) -> tuple[Address, ...]:
        """Where answers are wanted: Reply-To."""
        return address.mailboxes(self._fields.last(b"reply-to"))

    @lazy
    def to(self) -> tuple[Address, ...]:
        """The recipients of To."""
        return self._recipients(b"to")

    @lazy
    def cc(self) -> tuple[Address, ...]:
        """The recipients of Cc."""
        return self._recipients(b"cc")

    @lazy
    def bcc(self) -> tuple[Address, ...]:
        """The recipients of Bcc, which only a sender's own copy has."""
        return self._recipients(b"bcc")

    def _recipients(self, name: bytes) -> tuple[Address, ...]:
        """Return the mailboxes of all fields called ``name``, as one list (RFC 5322 §4.5.3)."""
        first = self._fields.get(name)
        if not first:
            return ()
        every = self._fields.every(name)
        return address.mailboxes(b",".join(every) if len(every) > 1 else first)

    @lazy
    def message_id(self) -> str:
        """The Message-ID without angle brackets; empty if there is none."""
        return next(iter(self._ids(b"message-id")), "")

    @lazy
    def in_reply_to(self) -> tuple[str, ...]:
        """The ids of In-Reply-To."""
        return self._ids(b"in-reply-to")

    @lazy
    def references(self) -> tuple[str, ...]:
        """The ids of References, oldest first."""
        return self._ids(b"references")

    def _ids(self, name: bytes) -> tuple[str, ...]:
        value = self._fields.last(name)
        return header.message_ids(value) if value else ()

    @lazy
    def body(self) -> view.Body:
        """The parts to show as text, to show as HTML, and to list (RFC 8621 §4.1.4)."""
        return view.body(self.parts)

    @lazy
    def attachments(self) -> tuple[Part, ...]:
        """The parts to list as files: those in text (uuencode, yEnc) and in ``winmail.dat`` too."""
        found = tuple(part for text in self.body.text for part in embedded.files(text))
        return tuple(chain.from_iterable(map(_opened, self.body.attachments))) + found

    @lazy
    def has_attachment(self) -> bool:
        """Whether a file is there that is no image of the HTML (RFC 8621 §4.1.4)."""
        if not self.attachments:
            return False
        html = self.html or ""
        shown = related.content_ids(html).union(html.split('"'))  # locations stand in quotes
        return any(shown.isdisjoint((part.cid, part.location)) for part in self.attachments)

    @lazy
    def text(self) -> str:
        """The best plain text: text/plain with its flowed lines joined, else HTML as text."""
        return "\n".join(filter(None, map(_as_text, self.body.text)))

    @lazy
    def place(self) -> Place | None:
        """Where `text` lies, or None where it takes more than decoding to get it."""
        parts = self.body.text
        if len(parts) != 1 or parts[0].content_type != "text/plain" or not self._is_as_it_came:
            return None
        part = parts[0]
        if part.text() != self.text:
            return None
        return Place(part.body_start, part.body_end, part.encoding, part.charset)

    @lazy
    def html(self) -> str | None:
        """The HTML parts as they came, unsafe to show; None when there is only plain text.

        Each part is its own document: `body.html` has them one by one.
        """
        documents = [part.text() for part in self.body.html if part.content_type == "text/html"]
        return "\n".join(documents) if documents else None

    @lazy
    def preview(self) -> str:
        """The beginning of the text on one line, at most 256 characters."""
        return preview_of(self.text)

    @property
    def size(self) -> int:
        """The number of octets of the message."""
        return len(self.raw)


def _opened(part: Part) -> tuple[Part, ...]:
    """Return what is in a ``winmail.dat``; any other part, or one that holds nothing, is itself."""
    return (tnef.is_tnef(part) and tnef.parts(part)) or (part,)


def preview_of(text: str, length: int = PREVIEW_LENGTH) -> str:
    """Return the beginning of a text on one line, at most ``length`` characters.

    Lines that are quoted are left out, unless there is nothing else.
    """
    own = ""
    for source in _PREVIEW_SOURCES:
        lines = text[:source].splitlines()
        own = _on_one_line(line for line in lines if not line.startswith(">"))
        if len(own) > length or len(text) <= source:
            break
    line = own or _on_one_line(lines)
    return line if len(line) <= length else line[: length - 1] + "…"


def _on_one_line(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())


def _as_text(part: Part) -> str:
    if part.content_type == "text/html":
        from hongyan.mime.html_text import to_text  # whose parser takes its time to load

        return to_text(part.text())
    if not part.content_type.startswith("text/"):
        return ""
    text = embedded.text_without_files(part)
    if part.parameters.get("format", "").lower() != "flowed":
        return text
    return flowed.joined(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")


def parse(raw: bytes | bytearray | memoryview | mmap) -> Message:
    """Return the message in ``raw``; any octets are a message, nothing raises.

    A ``mmap`` is read in place, so a large message takes no memory. Octets without any LF have
    their CRs read as line ends.
    """
    source: Buffer = raw if isinstance(raw, bytes | mmap) else bytes(raw)
    if isinstance(source, bytes) and b"\n" not in source:
        return Message(Structure(source.replace(b"\r", b"\n")), is_as_it_came=False)
    return Message(Structure(source))


def nested(part: Part) -> Message:
    """Return the message within a ``message/rfc822`` part (any transfer encoding)."""
    return parse(part.content())
