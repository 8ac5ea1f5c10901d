"""Addresses that a person types, and every address on its way out: strict, unlike the reader.

RFC 5322 §3.4, RFC 5321 §4.1.2, RFC 6531, IDNA 2008 (RFC 5891). What is shown is where it goes, or
it is refused: no comments, groups or routes, no ``%``, ``!`` or second ``@`` in a local part (they
name another destination than the domain shown), no domain that a mapping would change.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.guard import argument, shown
from hongyan.mime.types import Address

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST: Final = 254  # octets of an address: a path has 256 (RFC 5321 §4.5.3.1.3)
_ATEXT: Final = r"[^\s\x00-\x20\x7f-\x9f()<>\[\]:;@\\,.\"]"
_DOT_ATOM: Final = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_QUOTED: Final = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*+"')
_ROUTING: Final = re.compile(r"[@%!]")
_LABEL: Final = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?")
_PIECE: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|\[[^\[\]]*+\]|[<>,;():"\[\]\\]|[^<>,;():"\[\]\\]+')
_ESCAPED: Final = re.compile(r"\\(.)")

_UNWANTED: Final = {
    "(": "comments are not understood here",
    ")": "comments are not understood here",
    ":": "groups and routes are not understood here",
    '"': "the quotation mark is not closed",
    "[": "the bracket is not closed",
    "]": "the bracket was not opened",
    "\\": "a backslash stands only between quotation marks",
}
_ANGLES: Final = "one address has to stand between < and >, at the end"


def wire_address(field: str, email: str) -> str:
    """Return ``email`` as the envelope and the header carry it: its domain in A-labels.

    The local part stays as it is, also outside ASCII (RFC 6531). Raises `InvalidArgument`.
    """
    argument(field, email)
    local, _, domain = email[: _LONGEST + 1].rpartition("@")
    wire = f"{_local(field, local)}@{_domain(field, domain)}"
    if len(email) > _LONGEST or len(wire.encode()) > _LONGEST:
        raise InvalidArgument(field, f"the address is longer than {_LONGEST} octets")
    return wire


def domain_of(email: str) -> str:
    """Return the domain of an address, or the empty string."""
    return email.rpartition("@")[2]


def needs_utf8(email: str) -> bool:
    """Return whether ``email`` can only travel with SMTPUTF8: its local part is not ASCII."""
    return not email.rpartition("@")[0].isascii()


def parse_recipients(text: str, *, field: str = "to") -> tuple[Address, ...]:
    """Return the mailboxes in ``text``, parted by ``,`` or ``;``.

    Each is ``a@b``, ``<a@b>`` or ``name <a@b>``. Raises `InvalidArgument` that says what is wrong
    and at which character (from 1).
    """
    argument(field, text)
    return tuple(_mailbox(field, item) for item in _items(field, text))


_Piece = tuple[int, str]


def _items(field: str, text: str) -> Iterator[list[_Piece]]:
    """Yield the pieces of each item that is not blank, with the offsets of the pieces."""
    item: list[_Piece] = []
    wanted = "<"
    for found in _PIECE.finditer(text):
        piece = found[0]
        if piece in _UNWANTED or (piece in "<>" and piece != wanted):
            raise _at(field, found.start(), _UNWANTED.get(piece, _ANGLES))
        if piece in ",;":
            yield from (item,) if item else ()
            item, wanted = [], "<"
        elif piece.strip():
            item.append((found.start(), piece))
            wanted = {"<": ">", ">": ""}.get(piece, wanted)
    if item:
        yield item


def _mailbox(field: str, item: list[_Piece]) -> Address:
    opening = next((index for index, (_, piece) in enumerate(item) if piece == "<"), None)
    if opening is None:
        return Address(None, _checked(field, item))
    if item[-1][1] != ">":
        raise _at(field, item[opening][0], _ANGLES)
    email = _checked(field, item[opening + 1 : -1] or item[opening:])
    return Address(_name(field, item[:opening], email), email)


def _checked(field: str, item: list[_Piece]) -> str:
    email = "".join(piece for _, piece in item).strip()
    try:
        wire_address(field, email)
    except InvalidArgument as error:
        raise _at(field, item[0][0], error.reason) from None
    return email


def _name(field: str, item: list[_Piece], email: str) -> str | None:
    for at, piece in item:
        if "@" in piece and not piece.startswith('"') and piece.strip() != email:
            raise _at(field, at, "an @ in a name stands only between quotation marks")
    name = "".join(map(_unquoted, (piece for _, piece in item)))
    return " ".join(name.split()) or None


def _unquoted(piece: str) -> str:
    return _ESCAPED.sub(r"\1", piece[1:-1]) if piece.startswith('"') else piece


def _at(field: str, offset: int, reason: str) -> InvalidArgument:
    return InvalidArgument(field, f"character {offset + 1}: {reason}")


def _local(field: str, local: str) -> str:
    quoted = _QUOTED.fullmatch(local)
    if not quoted and not _DOT_ATOM.fullmatch(local):
        raise InvalidArgument(field, "this is not an address of the form name@domain")
    if _ROUTING.search(local):
        raise InvalidArgument(field, "@, % or ! before the last @ would name another destination")
    if not local.isascii() and shown(local) != local:
        raise InvalidArgument(field, "the address holds characters that cannot be seen")
    return local


def _domain(field: str, domain: str) -> str:
    if domain.startswith("["):
        return _literal(field, domain)
    if not domain.isascii():
        domain = _to_ascii(field, domain)
    if not all(map(_LABEL.fullmatch, domain.split("."))):
        raise InvalidArgument(field, "the domain is not well formed")
    return domain


def _to_ascii(field: str, domain: str) -> str:
    """Return the A-labels of ``domain`` by IDNA 2008, which maps nothing but case and NFC.

    The interpreter's own codec is IDNA 2003: it makes ``faß.example`` the other domain
    ``fass.example``. UTS 46 mapping is left out for the same reason.
    """
    import idna

    try:
        return idna.encode(unicodedata.normalize("NFC", domain.lower()), strict=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise InvalidArgument(field, "the domain is not an internationalised name") from None


def _literal(field: str, domain: str) -> str:
    """Check an address literal (RFC 5321 §4.1.3)."""
    inner = domain[1:-1]
    try:
        if not domain.endswith("]"):
            raise ValueError
        if inner[:5].lower() == "ipv6:":
            ipaddress.IPv6Address(inner[5:])
        else:
            ipaddress.IPv4Address(inner)
    except ValueError:
        raise InvalidArgument(field, "the address literal is not well formed") from None
    return domain
