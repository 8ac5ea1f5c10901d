"""Header fields on their way out: ASCII alone, folded, no value able to begin another field.

RFC 5322 §2.2.3 folding, RFC 2047 encoded-words (UTF-8, B or Q, whichever is shorter), RFC 2231
parameters. Each function returns one whole field with its CRLF, or raises `InvalidArgument` that
names it. Invariant: lines of 78 octets at most, save those with one longer word of at most 998.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.guard import argument
from hongyan.mime.recipients import wire_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from hongyan.mime.types import Address

LINE: Final = 78  # RFC 5322 §2.1.1
LINE_WITH_WORD: Final = 76  # RFC 2047 §2
LONGEST_WORD: Final = 900  # a line has 998 octets, and the name of the field stands before it

_WORD: Final = "=?utf-8?{}?{}?="
_WORD_ROOM: Final = 75 - len(_WORD.format("b", ""))
_LEAST_ROOM: Final = 40  # less is not worth a word of its own
_LONGEST_NAME_BESIDE_WORD: Final = LINE_WITH_WORD - _LEAST_ROOM - 2
_PHRASE_ROOM: Final = LINE_WITH_WORD - len("Resent-From: ")
_SECTION_ROOM: Final = 54  # of one RFC 2231 section: ` filename*99*=utf-8''…;` fits in a line

_LEGACY_FOLD: Final = "\r\n "
_LEGACY_ROOM: Final = LINE_WITH_WORD - len(' name="')

_FIELD_NAME: Final = re.compile(r"[!-9;-~]{1,76}")
_PLAIN: Final = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
_ATOMS: Final = re.compile(r"[\w!#$%&'*+\-/=?^`{|}~]+(?: [\w!#$%&'*+\-/=?^`{|}~]+)*", re.ASCII)
_TOKEN: Final = re.compile(r"[!#$&+\-.^_`{|}~0-9A-Za-z]+")  # no *'% (RFC 2231 §7)
_VALUE: Final = re.compile(r"[!#$%&'*+\-.^_`{|}~0-9A-Za-z]+(?:/[!#$%&'*+\-.^_`{|}~0-9A-Za-z]+)?")
_MESSAGE_ID: Final = re.compile(r"[!-;=?-~]+")  # many have no @: what threads must stay
_URL: Final = re.compile(r"[!-;=?-~]+")
_RAW_LINE: Final = re.compile(r"[\t\x20-\x7e]{0,900}")
_SPECIAL: Final = re.compile(r'(["\\])')

# What stands for itself in Q even in a display name (RFC 2047 §5 (3)), and in RFC 2231 §7.
_Q_SAFE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_PERCENT_SAFE: Final = _Q_SAFE - frozenset(b"*/") | frozenset(b".~_")
_Q: Final = [chr(octet) if octet in _Q_SAFE else f"={octet:02X}" for octet in range(256)]
_Q[0x20] = "_"
_PERCENT: Final = [
    chr(octet) if octet in _PERCENT_SAFE else f"%{octet:02X}" for octet in range(256)
]

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def text_field(name: str, value: str) -> bytes:
    """Return an unstructured field (RFC 5322 §3.2.5), such as Subject."""
    if not _FIELD_NAME.fullmatch(name):
        raise InvalidArgument("header name", "may hold printable ASCII without a colon, 76 at most")
    argument(name, value)
    if _readable_as_it_is(value):
        return _fold(name, value.split(" "))
    return _fold(name, encoded_words(value, room=LINE_WITH_WORD - len(name) - 2))


def address_field(name: str, addresses: Iterable[Address]) -> bytes:
    """Return an address list (RFC 5322 §3.4); a domain outside ASCII becomes its A-label."""
    return _list_field(name, [_mailbox(name, address) for address in addresses])


def draft_address_field(name: str, addresses: Iterable[Address]) -> bytes:
    """Return an address list of which some may be half typed: those stand as words."""
    return _list_field(name, [_half_typed(name, address) for address in addresses])


def _list_field(name: str, mailboxes: list[list[str]]) -> bytes:
    for mailbox in mailboxes[:-1]:
        mailbox[-1] += ","
    return _fold(name, [token for mailbox in mailboxes for token in mailbox])


def _half_typed(field: str, address: Address) -> list[str]:
    try:
        return _mailbox(field, address)
    except InvalidArgument:
        words = f"{address.name or ''} {address.email}".strip()
        return _phrase(argument(field, words))


def group_field(name: str, groups: Iterable[tuple[str | None, Sequence[Address]]]) -> bytes:
    """Return an address list with groups; those of a group without a name stand by themselves."""
    entries: list[list[str]] = []
    for title, addresses in groups:
        mailboxes = [_mailbox(name, address) for address in addresses]
        if title is None:
            entries += mailboxes
            continue
        for mailbox in mailboxes[:-1]:
            mailbox[-1] += ","
        group = [*_phrase(argument(name, title)), *(token for each in mailboxes for token in each)]
        group[len(_phrase(title)) - 1] += ":"
        group[-1] += ";"
        entries.append(group)
    for entry in entries[:-1]:
        entry[-1] += ","
    return _fold(name, [token for entry in entries for token in entry])


def url_field(name: str, urls: Sequence[str]) -> bytes:
    """Return a field of URLs (RFC 2369 §2), given without angle brackets."""
    for url in urls:
        if len(url) > LONGEST_WORD or not _URL.fullmatch(url):
            raise InvalidArgument(name, "has a URL that is not printable ASCII")
    return _fold(name, [f"<{url}>," for url in urls[:-1]] + [f"<{url}>" for url in urls[-1:]])


def raw_field(name: str, value: str) -> bytes:
    """Return a field whose value is ready, with its folds and the space that begins it."""
    if not _FIELD_NAME.fullmatch(name):
        raise InvalidArgument("header name", "may hold printable ASCII without a colon, 76 at most")
    lines = value.split("\r\n")
    if not all(_RAW_LINE.fullmatch(line) for line in lines) or any(
        not line.strip() or line[0] not in " \t" for line in lines[1:]
    ):
        raise InvalidArgument(name, "is not printable ASCII in lines that are folded rightly")
    return f"{name}:{value}\r\n".encode("ascii")


def identifier_field(name: str, identifiers: Iterable[str]) -> bytes:
    """Return a field of msg-ids (RFC 5322 §3.6.4), which are given without angle brackets."""
    return _fold(name, [f"<{identifier(name, each)}>" for each in identifiers])


def identifier(field: str, value: str) -> str:
    """Return a msg-id as it is, or raise `InvalidArgument`."""
    if len(value) > LONGEST_WORD or not _MESSAGE_ID.fullmatch(value):
        raise InvalidArgument(field, "is not one word of printable ASCII without angle brackets")
    return value


def date_field(name: str, moment: datetime) -> bytes:
    """Return a date-time (RFC 5322 §3.3); ``moment`` knows its zone and is after 1900."""
    offset = moment.utcoffset()
    if offset is None:
        raise InvalidArgument(name, "has no time zone")
    if moment.year < 1900:
        raise InvalidArgument(name, "is before 1900")
    minutes = round(offset.total_seconds() / 60)
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    day = f"{_DAYS[moment.weekday()]}, {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
    return f"{name}: {day} {moment:%H:%M:%S} {zone}\r\n".encode("ascii")


def parameter_field(name: str, value: str, parameters: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return ``value`` with its parameters (RFC 2045 §5.1, RFC 2231), one or more a line.

    The value is a token, or two of them with a slash between.
    """
    if not _VALUE.fullmatch(value):
        raise InvalidArgument(name, "is neither a word nor a type of the form type/subtype")
    tokens = [value]
    for key, content in parameters:
        rendered = _parameter(key, argument(f"{name} {key}", content))
        tokens[-1] += ";"
        tokens += rendered
    return _fold(name, tokens)


def encoded_words(text: str, *, room: int = LINE_WITH_WORD - 1) -> list[str]:
    """Return ``text`` as encoded-words of 75 octets at most, each of whole characters.

    ``room`` is what the line leaves to the first of them; too little is taken as a fresh line's.
    """
    octets = [character.encode() for character in text]
    in_b = -(-sum(map(len, octets)) // 3) * 4
    in_q = ["".join(_Q[octet] for octet in character) for character in octets]
    overhead = len(_WORD.format("b", ""))
    first = _WORD_ROOM if room < _LEAST_ROOM else min(room - overhead, _WORD_ROOM)
    if sum(map(len, in_q)) <= in_b:
        return [_WORD.format("q", piece) for piece in _pack(in_q, first, _WORD_ROOM)]
    pieces = _pack_octets(octets, first // 4 * 3, _WORD_ROOM // 4 * 3)
    return [
        _WORD.format("b", binascii.b2a_base64(piece, newline=False).decode()) for piece in pieces
    ]


def _readable_as_it_is(value: str) -> bool:
    if not _PLAIN.fullmatch(value) or "=?" in value:
        return not value
    return max(map(len, value.split(" "))) <= LONGEST_WORD


def _fold(name: str, tokens: Sequence[str]) -> bytes:
    """Put ``tokens`` on lines, a space between each two; non-ASCII only where SMTPUTF8 allows.

    The first stays beside the name: some readers take a field that begins with a fold as empty.
    """
    if not tokens:
        raise InvalidArgument(name, "is empty")
    beside = 0 if "=?" in tokens[0] and len(name) > _LONGEST_NAME_BESIDE_WORD else 1
    lines = [" ".join((f"{name}:", *tokens[:beside]))]
    width = len(lines[0])
    for token in tokens[beside:]:
        head = token.partition("\r\n")[0]
        if width + 1 + len(head) > (LINE_WITH_WORD if "=?" in head else LINE):
            lines.append("")
        lines[-1] += f" {token}"
        width = len(lines[-1]) - (lines[-1].rfind("\n") + 1)
    return ("\r\n".join(lines) + "\r\n").encode()


def _mailbox(field: str, address: Address) -> list[str]:
    """Return the tokens of one mailbox; each may begin a line."""
    spec = wire_address(field, address.email)
    name = argument(field, address.name or "")
    if not name.strip():
        return [spec]
    return [*_phrase(name), f"<{spec}>"]


def _phrase(name: str) -> list[str]:
    if len(name) <= _PHRASE_ROOM and name.isascii() and "=?" not in name:
        return name.split(" ") if _ATOMS.fullmatch(name) else [_quoted(name)]
    return encoded_words(name, room=_PHRASE_ROOM)


def _quoted(text: str) -> str:
    return '"' + _SPECIAL.sub(r"\\\1", text) + '"'


def _parameter(key: str, value: str) -> list[str]:
    """Return the tokens of one parameter, in sections when it is long (RFC 2231 §3, §4).

    ``name`` is there for old clients alone, which know only the encoded-words that RFC 2047 §5
    forbids in a quoted string; the others read ``filename``.
    """
    if len(value) <= _SECTION_ROOM and value.isascii() and "=?" not in value:
        return [f"{key}={value if _TOKEN.fullmatch(value) else _quoted(value)}"]
    if key == "name":
        return [f'name="{_LEGACY_FOLD.join(encoded_words(value, room=_LEGACY_ROOM))}"']
    characters = ["".join(_PERCENT[octet] for octet in each.encode()) for each in value]
    sections = _pack(characters, _SECTION_ROOM - len("utf-8''"), _SECTION_ROOM)
    sections[0] = "utf-8''" + sections[0]
    if len(sections) == 1:
        return [f"{key}*={sections[0]}"]
    last = len(sections) - 1
    return [
        f"{key}*{index}*={section}{';' if index < last else ''}"
        for index, section in enumerate(sections)
    ]


def _pack(units: Iterable[str], first: int, rest: int) -> list[str]:
    """Join ``units`` to pieces: one of at most ``first``, then of at most ``rest`` characters."""
    pieces: list[list[str]] = [[]]
    size, room = 0, first
    for unit in units:
        if size + len(unit) > room:
            pieces.append([])
            size, room = 0, rest
        pieces[-1].append(unit)
        size += len(unit)
    return ["".join(piece) for piece in pieces]


def _pack_octets(units: Iterable[bytes], first: int, rest: int) -> list[bytes]:
    as_text = _pack((unit.decode("latin-1") for unit in units), first, rest)
    return [piece.encode("latin-1") for piece in as_text]
