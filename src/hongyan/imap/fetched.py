"""FETCH responses (RFC 9051 §7.5.2): attributes by name, envelopes, body structures.

`Fetched` comes of the whole, and of its beginning when a large body is about to leave in chunks.
The structure's readers recurse no deeper than the lexer nests. Attributes that are not known are
named and left; envelopes and structures are read as far as they make sense.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hongyan.errors import ProtocolError
from hongyan.imap import read
from hongyan.imap.data import Address, Body, Disposition, Envelope, Fetched, Structure
from hongyan.imap.framing import Streamed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hongyan.imap.lexer import Value

_SECTION: Final = re.compile(
    rb"(BODY|BINARY|RFC822)(?:\.PEEK)?\[(.*)\](?:<(\d{1,19})>)?", re.IGNORECASE | re.DOTALL
)
_ROUNDED: Final = re.compile(rb"\d\.\d{1,9}e\+0\d")  # such as 9.3736e+06
_OLD_NAMES: Final = {b"RFC822": "", b"RFC822.HEADER": "HEADER", b"RFC822.TEXT": "TEXT"}
_SHORT: Final = 80  # octets of a section that is kept
_ENVELOPE_FIELDS: Final = 10
_SINGLE_FIELDS: Final = 7


def fetched(seq: int, values: list[Value]) -> Fetched:
    """Return what the attributes in ``values`` say. Raises `ProtocolError`."""
    fields: dict[str, Any] = {}
    bodies: list[Body] = []
    others: list[str] = []
    for name, value in read.pairs(_paired(values), "FETCH"):
        reader = _READERS.get(name)
        if reader is not None and not (name == b"BODY" and isinstance(value, bytes | Streamed)):
            field, convert = reader
            fields[field] = convert(value)
        elif (body := _body(name, value)) is not None:
            bodies.append(body)
        else:
            others.append(name.decode("ascii", "backslashreplace"))
    return Fetched(seq, bodies=tuple(bodies), others=tuple(others), **fields)


def _paired(values: list[Value]) -> list[Value]:
    """Return ``values`` with a last section that lacks its value, for it is empty, as NIL."""
    last = values[-1] if len(values) % 2 else None
    return [*values, None] if isinstance(last, bytes) and _SECTION.fullmatch(last) else values


def _body(name: bytes, value: Value) -> Body | None:
    """Return a part of a message's octets, or None when ``name``, in upper case, names none."""
    told = _known_section(name) if len(name) <= _SHORT else _section(name)
    if told is None:
        return None
    section, origin, binary = told
    size = read.streamed(value)
    data = None if size is not None else read.maybe(value, "BODY")
    return Body(section, data, len(data) if data is not None else size, origin, binary)


def _section(name: bytes) -> tuple[str, int | None, bool] | None:
    """Return the section that an attribute in upper case names, its first octet, and if decoded."""
    old = _OLD_NAMES.get(name)
    if old is not None:
        return old, None, False
    found = _SECTION.fullmatch(name)
    if not found:
        return None
    section = found[2].decode("utf-8", "backslashreplace").replace('"', "")
    return section, int(found[3]) if found[3] else None, found[1].upper() == b"BINARY"


_known_section = lru_cache(64)(_section)  # the same few in all responses to a command


# -- envelopes


def envelope(value: Value) -> Envelope | None:
    """Return an envelope; fields that are missing at its end are None or empty."""
    if value is None:
        return None
    items = _ten(read.many(value, "ENVELOPE"))
    items = items + [None] * (_ENVELOPE_FIELDS - len(items))
    return Envelope(
        date=_octets(items[0]),
        subject=_octets(items[1]),
        from_=_addresses(items[2]),
        sender=_addresses(items[3]),
        reply_to=_addresses(items[4]),
        to=_addresses(items[5]),
        cc=_addresses(items[6]),
        bcc=_addresses(items[7]),
        in_reply_to=_octets(items[8]),
        message_id=_octets(items[9]),
    )


def _ten(items: list[Value]) -> list[Value]:
    """Return the fields with the one that some servers leave out: Bcc, or else In-Reply-To.

    Either way the last one is the Message-ID.
    """
    if len(items) != _ENVELOPE_FIELDS - 1:
        return items
    at = -1 if isinstance(items[7], list) else 7
    return [*items[:at], None, *items[at:]]


def _addresses(value: Value) -> tuple[Address, ...]:
    """Return the addresses of a field; servers write NIL, (), and "" for none."""
    if not isinstance(value, list):
        return ()
    return tuple(
        Address(*(_octets(part) for part in each))
        for each in value
        if isinstance(each, list) and len(each) == 4
    )


def _octets(value: Value) -> bytes | None:
    return value if isinstance(value, bytes) else None


# -- structures


def structure(value: Value) -> Structure | None:
    """Return a body structure. Raises `ProtocolError` for what is no list of parts."""
    if value is None or value == []:
        return None
    items = read.many(value, "BODYSTRUCTURE")
    if isinstance(items[0], list):
        return _multipart(items)
    if items[0] is None and 1 < len(items) < _SINGLE_FIELDS:  # a multipart without parts
        return _multipart(items[1:])
    return _single(items)


def _multipart(items: list[Value]) -> Structure:
    count = next((n for n, each in enumerate(items) if not isinstance(each, list)), len(items))
    children = tuple(part for each in items[:count] if (part := structure(each)))
    rest = [*items[count:], None, None, None, None, None]
    subtype = _octets(rest[0]) or b"mixed"
    return Structure(
        f"multipart/{_lower(subtype)}",
        _parameters(rest[1]),
        children=children,
        disposition=_disposition(rest[2]),
        languages=_languages(rest[3]),
        location=_octets(rest[4]),
    )


def _single(items: list[Value]) -> Structure:
    """Return a part without parts; a message has an envelope and a structure, a text its lines."""
    padded = items + [None] * (_SINGLE_FIELDS - len(items))
    major = _lower(_octets(padded[0]) or b"text")
    usual = b"plain" if major == "text" else b"octet-stream"
    kind = f"{major}/{_lower(_word(_octets(padded[1]) or usual))}"
    rest = items[_SINGLE_FIELDS:]
    inner: Structure | None = None
    about: Envelope | None = None
    lines: int | None = None
    if kind in ("message/rfc822", "message/global") and len(rest) >= 2 and _lists(rest[:2]):
        about, inner, rest = envelope(rest[0]), structure(rest[1]), rest[2:]
    if (inner or kind.startswith("text/")) and rest:
        lines, rest = _count(rest[0]), rest[1:]
    extension = [*rest, None, None, None, None]
    return Structure(
        kind,
        _parameters(padded[2]),
        id=_octets(padded[3]),
        description=_octets(padded[4]),
        encoding=_lower(_octets(padded[5]) or b""),
        size=_count(padded[6]) or 0,
        lines=lines,
        envelope=about,
        children=(inner,) if inner else (),
        md5=_octets(extension[0]),
        disposition=_disposition(extension[1]),
        languages=_languages(extension[2]),
        location=_octets(extension[3]),
    )


def _word(octets: bytes) -> bytes:
    """Return a subtype without the parameters that some servers leave on it."""
    return re.split(rb"[\s;]", octets, maxsplit=1)[0]


def _lists(values: list[Value]) -> bool:
    return all(isinstance(each, list) for each in values)


def _lower(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace").lower()


def _count(value: Value) -> int | None:
    """Return a number; NIL and -1, which servers write too, are none."""
    if not isinstance(value, bytes):
        return None
    if value.isdigit() and len(value) < 20:
        return int(value)
    return int(float(value)) if _ROUNDED.fullmatch(value) else None


def _parameters(value: Value) -> Mapping[str, bytes]:
    items = value if isinstance(value, list) else []
    return {
        _lower(name): each
        for name, each in zip(items[::2], items[1::2], strict=False)
        if isinstance(name, bytes) and isinstance(each, bytes)
    }


def _disposition(value: Value) -> Disposition | None:
    if isinstance(value, bytes):
        return Disposition(_lower(value), {})
    if not isinstance(value, list) or not value or not isinstance(value[0], bytes):
        return None
    return Disposition(_lower(value[0]), _parameters(value[1] if len(value) > 1 else None))


def _languages(value: Value) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(_lower(each) for each in items if isinstance(each, bytes))


# -- the table of attributes


def _only(value: Value, what: str) -> Value:
    """Return the one item of a list, or a value that lacks its parentheses."""
    if isinstance(value, list):
        if len(value) != 1:
            raise ProtocolError(f"the server's {what} is no list of one")
        return value[0]
    return value


def _number(what: str) -> Callable[[Value], int]:
    return lambda value: read.number(_only(value, what), what)


def _identity(what: str) -> Callable[[Value], str | None]:
    """Return a reader of an id; NIL, and Cyrus' ``(NIL)`` and ``()``, are none."""
    return lambda value: (
        None if value in (None, [None], []) else read.text(_only(value, what), what)
    )


_SYSTEM_FLAGS: Final = {
    each.lower(): each
    for each in (r"\Seen", r"\Answered", r"\Flagged", r"\Deleted", r"\Draft", r"\Recent")
}


def _flags(value: Value) -> tuple[str, ...]:
    """Return flags, those of the system in one spelling and each once (RFC 9051 §2.3.2)."""
    told = read.texts(value, "FLAGS")
    return tuple(dict.fromkeys(_SYSTEM_FLAGS.get(each.lower(), each) for each in told))


def _labels(value: Value) -> tuple[bytes, ...]:
    return tuple(
        b"NIL" if each is None else read.octets(each, "X-GM-LABELS")
        for each in read.many(value, "X-GM-LABELS")
    )


def _preview(value: Value) -> bytes | None:
    if isinstance(value, list):  # RFC 8970's draft named the algorithm first
        value = value[-1] if value else None
    return read.maybe(value, "PREVIEW")


_READERS: Final[dict[bytes, tuple[str, Callable[[Value], object]]]] = {
    b"UID": ("uid", _number("UID")),
    b"FLAGS": ("flags", _flags),
    b"MODSEQ": ("modseq", _number("MODSEQ")),
    b"RFC822.SIZE": ("size", _number("RFC822.SIZE")),
    b"INTERNALDATE": ("internal_date", lambda value: read.date(value, "INTERNALDATE")),
    b"SAVEDATE": ("save_date", lambda value: read.date(value, "SAVEDATE")),
    b"ENVELOPE": ("envelope", envelope),
    b"BODY": ("structure", structure),
    b"BODYSTRUCTURE": ("structure", structure),
    b"EMAILID": ("email_id", _identity("EMAILID")),
    b"THREADID": ("thread_id", _identity("THREADID")),
    b"PREVIEW": ("preview", _preview),
    b"X-GM-MSGID": ("gmail_message", _number("X-GM-MSGID")),
    b"X-GM-THRID": ("gmail_thread", _number("X-GM-THRID")),
    b"X-GM-LABELS": ("gmail_labels", _labels),
}
