"""Commands as octets (RFC 9051 §9; RFC 7888 for literals that need no leave).

An argument is an atom where its characters allow, a quoted string where its octets do, and else a
literal. Its invariant: no argument can end a line, for CR, LF, NUL and other control characters are
refused before an octet is made. Where a literal must wait for leave the command is cut in
`Segment`s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import InvalidArgument
from hongyan.guard import argument
from hongyan.imap import utf7
from hongyan.imap.read import MONTHS
from hongyan.imap.sets import NumberSet, Saved

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hongyan.imap.sets import Uids
    from hongyan.imap.types import Mailbox

_ATOM: Final = re.compile(r'[^\x00-\x20\x7f-\U0010ffff(){%*"\\\]]+')
_QUOTABLE: Final = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*")
_LONGEST_QUOTED: Final = 1000
_FLAG: Final = re.compile(r'\\?[^\x00-\x20\x7f-\U0010ffff(){%*"\\\]]+')
_SHORT_LITERAL: Final = 4096  # RFC 7888 §5, LITERAL-


@dataclass(frozen=True, slots=True)
class Raw:
    """Octets that stand in a command as they are; made by this engine, never by a caller."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """A literal of ``size`` octets whose content the caller sends himself.

    ``eight_bit`` makes it a literal8, in which any octet may stand (RFC 3516 §4.4, RFC 6855 §4).
    """

    size: int
    eight_bit: bool = False


Argument: TypeAlias = "str | bytes | int | date | Uids | Raw | Content | Sequence[Argument]"
"""What stands in a command: texts, numbers, dates, sets, and lists of these in parentheses."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Octets to be sent in one go; ``leave``: what follows needs the server's leave first.

    ``content`` is how many octets of the caller's go out after these.
    """

    octets: bytes
    leave: bool = False
    content: int = 0


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the server understands beyond RFC 3501."""

    literal_plus: bool = False
    literal_minus: bool = False
    utf8: bool = False

    def unasked(self, size: int) -> bool:
        """Whether a literal of ``size`` octets may go without leave."""
        return self.literal_plus or (self.literal_minus and size <= _SHORT_LITERAL)


class Encoder:
    """Puts one command together, cutting it where leave is needed."""

    __slots__ = ("_dialect", "_octets", "_segments")

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._octets = bytearray()
        self._segments: list[Segment] = []

    def add(self, field: str, value: Argument) -> None:
        """Append an argument; ``field`` names it in errors. Raises `InvalidArgument`."""
        match value:
            case Raw():
                self._octets += value.octets
            case str() | bytes():
                self.string(field, value)
            case Content():
                self._octets += b"~" if value.eight_bit else b""
                self._announce(value.size, content=True)
            case date():
                self._octets += _day(value)
            case int() | NumberSet() | Saved():
                self._octets += str(value).encode()
            case _:
                self._octets += b"("
                self.spaced(field, value)
                self._octets += b")"

    def spaced(self, field: str, values: Sequence[Argument]) -> None:
        """Append arguments with spaces between them."""
        for index, value in enumerate(values):
            self._octets += b" " if index else b""
            self.add(field, value)

    def string(self, field: str, value: str | bytes) -> None:
        """Append an astring (RFC 9051 §9)."""
        if isinstance(value, str):
            if _ATOM.fullmatch(argument(field, value)) and value.upper() != "NIL":
                self._octets += value.encode()
                return
            value = value.encode()
            if self._dialect.utf8 and len(value) <= _LONGEST_QUOTED:
                self._octets += _quoted(value)
                return
        elif any(octet in value for octet in b"\0\r\n"):
            raise InvalidArgument(field, "contains CR, LF or NUL")
        if len(value) <= _LONGEST_QUOTED and _QUOTABLE.fullmatch(value):
            self._octets += _quoted(value)
        else:
            self._announce(len(value))
            self._octets += value

    def finish(self) -> tuple[Segment, ...]:
        """End the line and return the whole command."""
        self._octets += b"\r\n"
        return (*self._segments, Segment(bytes(self._octets)))

    def _announce(self, size: int, *, content: bool = False) -> None:
        unasked = self._dialect.unasked(size)
        self._octets += b"{%d+}\r\n" % size if unasked else b"{%d}\r\n" % size
        if content or not unasked:
            self._segments.append(Segment(bytes(self._octets), not unasked, size if content else 0))
            self._octets.clear()


def encode(
    tag: str, verb: str, arguments: Iterable[Argument], dialect: Dialect
) -> tuple[Segment, ...]:
    """Return a command; every segment but the last is followed by a literal.

    Raises `InvalidArgument` for an argument that could end a line.
    """
    encoder = Encoder(dialect)
    encoder.spaced(verb, [Raw(f"{tag} {verb}".encode()), *arguments])
    return encoder.finish()


def mailbox(name: Mailbox, *, utf8: bool = False) -> Argument:
    """Return a mailbox's name as an argument; octets, the server's spelling, stay as they are."""
    if isinstance(name, bytes) or utf8:
        return name
    if name.upper() == "INBOX":
        return Raw(b"INBOX")
    return utf7.encode(argument("mailbox", name)).decode()


def as_octets(name: Argument) -> bytes:
    """Return the octets of a name that `mailbox` made, as the server writes it."""
    if isinstance(name, Raw):
        return name.octets
    return (
        name.encode() if isinstance(name, str) else bytes(name) if isinstance(name, bytes) else b""
    )


def gmail_label(name: Mailbox, *, utf8: bool = False) -> Argument:
    r"""Return a label, spelled as a mailbox is; a system label such as ``\Inbox`` as it stands."""
    if isinstance(name, str) and name.startswith("\\"):
        return flag(name)
    return mailbox(name, utf8=utf8)


def flag(name: str) -> Raw:
    """Return a flag or a keyword. Raises `InvalidArgument` for what is none (RFC 9051 §9)."""
    if not _FLAG.fullmatch(name):
        raise InvalidArgument("flag", f"{name!r} is no flag")
    return Raw(name.encode())


def moment(when: datetime) -> Raw:
    """Return an aware date and time (RFC 9051 §9, date-time)."""
    offset = when.utcoffset()
    if offset is None:
        raise InvalidArgument("date", "has no time zone")
    minutes = abs(int(offset.total_seconds())) // 60
    sign = "-" if offset.total_seconds() < 0 else "+"
    zone = f"{sign}{minutes // 60:02}{minutes % 60:02}"
    day = f"{when.day:2}-{MONTHS[when.month - 1]}-{when.year:04}"
    return Raw(f'"{day} {when:%H:%M:%S} {zone}"'.encode())


def _day(when: date) -> bytes:
    return f"{when.day}-{MONTHS[when.month - 1]}-{when.year:04}".encode()


def _quoted(octets: bytes) -> bytes:
    return b'"' + octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
