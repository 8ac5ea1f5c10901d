"""How POP3 looks on the wire: commands to octets, lines to values (RFC 1939 §3, RFC 2449 §8).

Pure functions. A line that does not have its form is a `ProtocolError`, an argument that could end
a command an `InvalidArgument`.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

from hongyan.errors import AuthenticationRefused, ProtocolError, Refused
from hongyan.guard import argument, shown
from hongyan.pop3.types import Capabilities, Entry, Reply, Stat, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODE: Final = re.compile(r"\[([A-Za-z0-9/_-]{1,64})\] ?")
_NUMBERS: Final = re.compile(rb"(\d{1,10}) +(\d{1,15})(?: .*)?\Z", re.DOTALL)
_UIDL: Final = re.compile(rb"(\d{1,10}) +(.*?) *\Z", re.DOTALL)
_TEMPORARY: Final = frozenset({"IN-USE", "LOGIN-DELAY", "SYS/TEMP"})
_LONGEST_UIDL: Final = 1024


def command(verb: Verb, *arguments: str) -> bytes:
    """Return a command line with its CRLF. Raises `InvalidArgument`."""
    checked = [argument(verb.value, each).encode() for each in arguments]
    return b" ".join([verb.value.encode(), *checked]) + b"\r\n"


def status(verb: Verb, line: bytes) -> Reply:
    """Read a status line. Raises `ProtocolError` when it is neither ``+OK`` nor ``-ERR``."""
    word, _, rest = line.partition(b" ")
    if word.upper() not in (b"+OK", b"-ERR"):
        raise ProtocolError(
            f"the server answered {verb.value} with neither +OK nor -ERR: {text_of(line, limit=80)}"
        )
    text = text_of(rest)
    code = _CODE.match(text)
    if not code:
        return Reply(verb, word.upper() == b"+OK", text)
    return Reply(verb, word.upper() == b"+OK", text[code.end() :], code[1].upper())


def text_of(line: bytes, *, limit: int = 500) -> str:
    """Return a server's words fit for one line of a screen."""
    return shown(line[: limit * 4].decode("utf-8", "replace"), limit=limit)


def refusal(reply: Reply) -> Refused:
    """Return the error that a ``-ERR`` means (RFC 2449 §8.1, RFC 3206)."""
    login = reply.verb in (Verb.PASS, Verb.AUTH, Verb.USER)
    temporary = reply.code in _TEMPORARY
    kind = AuthenticationRefused if login and not temporary else Refused
    text = reply.text or f"the server refused {reply.verb.value}"
    return kind(text, code=reply.code, temporary=temporary)


def encode_response(data: bytes) -> bytes:
    """Return a SASL response line (RFC 5034 §4)."""
    return base64.b64encode(data) + b"\r\n"


def challenge(line: bytes) -> bytes:
    """Read a ``+`` line of an AUTH exchange. Raises `ProtocolError`."""
    try:
        return base64.b64decode(line[1:].strip(), validate=True)
    except binascii.Error:
        raise ProtocolError("the server's SASL challenge is not base64") from None


def capabilities(listing: bytes) -> Capabilities:
    """Read the body of CAPA's reply."""
    names: dict[str, tuple[str, ...]] = {}
    for line in listing.decode("ascii", "replace").split("\r\n"):
        tag, *arguments = line.split() or [""]
        if tag:
            names[tag.upper()] = (*names.get(tag.upper(), ()), *arguments)
    return Capabilities(names)


def stat(text: str) -> Stat:
    """Read the text of STAT's reply. Raises `ProtocolError`."""
    found = _NUMBERS.match(text.encode())
    if not found:
        raise ProtocolError(f"the server's STAT says {shown(text, limit=80)!r}")
    return Stat(int(found[1]), int(found[2]))


def sizes(listing: bytes) -> Iterator[tuple[int, int]]:
    """Yield number and size in octets out of LIST's body. Raises `ProtocolError`."""
    for line in _lines(listing):
        found = _NUMBERS.match(line)
        if not found:
            raise ProtocolError(f"the server's LIST says {text_of(line, limit=80)!r}")
        yield int(found[1]), int(found[2])


def uidls(listing: bytes) -> Iterator[tuple[int, str]]:
    """Yield number and unique id out of UIDL's body. Raises `ProtocolError`.

    RFC 1939 §7 allows 1 to 70 printable characters; servers do otherwise, so an id is opaque here,
    may hold spaces or be longer, and may be empty, which the caller takes as no id.
    """
    for line in _lines(listing):
        found = _UIDL.match(line) or _UIDL.match(line + b" ")
        if not found or len(found[2]) > _LONGEST_UIDL:
            raise ProtocolError(f"the server's UIDL says {text_of(line, limit=80)!r}")
        yield int(found[1]), found[2].decode("utf-8", "backslashreplace")


def entries(listed: Iterator[tuple[int, int]], ids: Iterator[tuple[int, str]]) -> tuple[Entry, ...]:
    """Put LIST and UIDL together. Raises `ProtocolError` when a number is listed twice."""
    known = dict(ids)
    found: dict[int, Entry] = {}
    for number, size in listed:
        if number in found or number < 1:
            raise ProtocolError(f"the server lists message {number} twice, or below 1")
        found[number] = Entry(number, size, known.get(number) or None)
    return tuple(found.values())


def _lines(listing: bytes) -> list[bytes]:
    return [line for line in listing.split(b"\r\n") if line]
