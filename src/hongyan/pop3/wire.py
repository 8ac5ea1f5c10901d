"""How POP3 looks on the wire: commands to octets, lines to values (RFC 1939 §3, RFC 2449 §8).

Pure functions. A line that does not have its form is a `ProtocolError`, an argument that could end
a command an `InvalidArgument`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Final

from hongyan.errors import AuthenticationRefused, ProtocolError, Refused
from hongyan.guard import argument, shown
from hongyan.pop3.types import Capabilities, Entry, Language, Reply, Stat, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CODE: Final = re.compile(r"\[([A-Za-z0-9/_-]{1,64})\] ?")
_NUMBERS: Final = re.compile(rb"(\d{1,10}) +(\d{1,15})(?: .*)?\Z", re.DOTALL)
_UIDL: Final = re.compile(rb"(\d{1,10}) +(.*?) *\Z", re.DOTALL)
_TIMESTAMP: Final = re.compile(rb"<[!-;=?A-~]+@[!-;=?A-~]+>")
_LONGEST_UIDL: Final = 1024
LONGEST_COMMAND: Final = 255  # RFC 2449 §4, with the CRLF

# What a response code means for the person: RFC 2449 §8.1, RFC 3206
_NEXT_STEP: Final = {
    "IN-USE": "another program has this mailbox open; try again when it is done",
    "LOGIN-DELAY": "the server wants {delay} between two logins; wait that long",
    "SYS/TEMP": "a fault of the server that should pass; try again later",
    "SYS/PERM": "a fault of the server that stays; tell its operator",
    "AUTH": "",  # the words of every refused login say it already
}
_TEMPORARY: Final = frozenset({"IN-USE", "LOGIN-DELAY", "SYS/TEMP"})
_LOGINS: Final = frozenset({Verb.USER, Verb.PASS, Verb.APOP, Verb.AUTH})
_FORM: Final = re.compile(
    r"argument|parameter|syntax|initial|unrecogni[sz]ed|bad command|unknown command|too long",
    re.IGNORECASE,
)


def command(verb: Verb, *arguments: str) -> bytes:
    """Return a command line with its CRLF. Raises `InvalidArgument`."""
    checked = [argument(verb.value, each).encode() for each in arguments]
    return b" ".join([verb.value.encode(), *checked]) + b"\r\n"


def status(verb: Verb, line: bytes) -> Reply:
    """Read a status line. Raises `ProtocolError` when it is neither ``+OK`` nor ``-ERR``."""
    word, _, rest = line.partition(b" ")
    ok = word.upper() == b"+OK"
    if not ok and word.upper() != b"-ERR":
        raise ProtocolError(
            f"the server answered {verb.value} with neither +OK nor -ERR: {text_of(line, limit=80)}"
        )
    text = text_of(rest)
    code = _CODE.match(text)
    if not code:
        return Reply(verb, ok, text)
    return Reply(verb, ok, text[code.end() :], code[1].upper())


def text_of(line: bytes, *, limit: int = 500) -> str:
    """Return a server's words fit for one line of a screen."""
    return shown(line[: limit * 4].decode("utf-8", "replace"), limit=limit)


def refusal(reply: Reply, *, delay: int | None = None, because: str = "") -> Refused:
    """Return the error that a ``-ERR`` means (RFC 2449 §8.1, RFC 3206), with what to do next.

    ``delay`` is the server's LOGIN-DELAY in seconds, ``because`` what a mechanism was told. A
    server that names another cause than the credentials did not refuse them.
    """
    known = _known_code(reply.code)
    credentials = reply.verb in _LOGINS and known in ("", "AUTH")
    words = [reply.text or f"the server refused {reply.verb.value}"]
    if step := _NEXT_STEP.get(known):
        some = f"{delay} seconds" if delay else "some time"
        words.append(f"({step.format(delay=some)})")
    if because:
        words.append(f"({because})")
    kind = AuthenticationRefused if credentials else Refused
    return kind(" ".join(words), code=reply.code, temporary=known in _TEMPORARY)


def _known_code(code: str) -> str:
    """Return the code that ``code`` is, or is below of (RFC 2449 §8); ``""`` for others."""
    return next((each for each in _NEXT_STEP if f"{code}/".startswith(f"{each}/")), "")


def about_form(reply: Reply, capabilities: Capabilities) -> bool:
    """Whether a refused AUTH may have been refused for its form, and not for the credentials.

    A server with AUTH-RESP-CODE says AUTH when it means them (RFC 3206 §6); of others the words
    tell. Otherwise a second attempt could count as another wrong password.
    """
    if reply.code:
        return False
    return "AUTH-RESP-CODE" in capabilities or bool(_FORM.search(reply.text))


def encode_response(data: bytes) -> bytes:
    """Return a SASL response line (RFC 5034 §4)."""
    return base64.b64encode(data) + b"\r\n"


def challenge(encoded: bytes) -> bytes:
    """Read what follows the ``+`` of an AUTH exchange. Raises `ProtocolError`."""
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        raise ProtocolError("the server's SASL challenge is not base64") from None


def timestamp(greeting: bytes) -> bytes:
    """Return the greeting's timestamp, or ``b""`` (RFC 1939 §7, APOP).

    Only a proper msg-id is one: others serve to find passwords by colliding digests.
    """
    found = _TIMESTAMP.search(greeting)
    return found[0] if found else b""


def digest(stamp: bytes, password: str) -> str:
    """Return APOP's digest (RFC 1939 §7)."""
    return hashlib.md5(stamp + password.encode(), usedforsecurity=False).hexdigest()


def capabilities(listing: bytes) -> Capabilities:
    """Read the body of CAPA's reply."""
    names: dict[str, tuple[str, ...]] = {}
    for line in listing.decode("ascii", "replace").split("\r\n"):
        tag, *arguments = line.split() or [""]
        if tag:
            names[tag.upper()] = (*names.get(tag.upper(), ()), *arguments)
    return Capabilities(names)


def languages(listing: bytes) -> tuple[Language, ...]:
    """Read the body of LANG's reply (RFC 6856 §3.2): a tag, a space and the language's name."""
    pairs = (text_of(line).partition(" ") for line in _lines(listing))
    return tuple(Language(tag, name) for tag, _, name in pairs if tag)


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


def entries(listed: Iterable[tuple[int, int]], ids: Iterable[tuple[int, str]]) -> tuple[Entry, ...]:
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
