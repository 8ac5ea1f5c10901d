"""ManageSieve's grammar, both ways (RFC 5804 §1.2, §4): lines of strings, literals and atoms.

A response line may go on behind a literal, so it is taken apart token by token: `tokens` gives a
whole line, or None while octets are missing. Everything is bounded before it is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.guard import argument, shown
from hongyan.managesieve.types import Capabilities, Reply, Script, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hongyan.managesieve.types import Token

LINE_LIMIT: Final = 65_536  # octets of a line without its literals
LITERAL_LIMIT: Final = 4 * 1024 * 1024  # a script; servers allow far less
TOKEN_LIMIT: Final = 100
NAME_LIMIT: Final = 512  # RFC 5804 §1.6, in octets

_TOKEN: Final = re.compile(
    rb"""
    [ ]* (?:
        (?P<end> \r?\n )
      | \{ (?P<literal> [0-9]{1,9} ) \+? \} \r?\n
      | " (?P<quoted> (?: [^"\\\r\n] | \\ ["\\] )* ) "
      | (?P<bracket> [()] )
      | (?P<atom> [^\s"(){}\\]+ )
    )
    """,
    re.VERBOSE,
)
_INCOMPLETE: Final = re.compile(
    rb'[ ]*(?:"(?:[^"\\\r\n]|\\["\\])*\\?|\{[0-9]{0,9}\+?\}?\r?|[^\s"(){}\\]*|\r?)\Z'
)
_ESCAPED: Final = re.compile(rb'\\(["\\])')


def tokens(data: bytes) -> tuple[tuple[Token, ...], int] | None:
    """Return the tokens of the first line of ``data`` and where the next begins.

    None when it is not whole yet. Raises `ProtocolError` for what no line may hold, and for too
    much of it.
    """
    found: list[Token] = []
    at = outside = 0
    while token := _TOKEN.match(data, at):
        outside += token.end() - at
        if token["end"] is not None:
            return tuple(found), token.end()
        value, at = _value(token, data)
        if value is None:
            break
        found.append(value)
        if len(found) > TOKEN_LIMIT:
            raise ProtocolError(f"the server sent a line of more than {TOKEN_LIMIT} words")
    else:
        _expect_more(data, at)
    if outside > LINE_LIMIT:
        raise ProtocolError(f"the server sent a line longer than {LINE_LIMIT} octets")
    return None


def _value(token: re.Match[bytes], data: bytes) -> tuple[Token | None, int]:
    """Return what a token says and where it ends; None when octets of it are missing."""
    at = token.end()
    if token["literal"] is not None:
        size = int(token["literal"])
        if size > LITERAL_LIMIT:
            raise ProtocolError(f"the server announced a string of {size} octets")
        return (data[at : at + size] if len(data) - at >= size else None), at + size
    if token["quoted"] is not None:
        return _ESCAPED.sub(rb"\1", token["quoted"]), at
    if token["atom"] is not None and at == len(data):
        return None, at  # it may go on
    return _text(token["bracket"] or token["atom"]), at


def _expect_more(data: bytes, at: int) -> None:
    """Raise `ProtocolError` unless ``data`` from ``at`` on may be the beginning of a token."""
    if len(data) - at > LINE_LIMIT:
        raise ProtocolError(f"the server sent a line longer than {LINE_LIMIT} octets")
    if not _INCOMPLETE.match(data, at):
        raise ProtocolError(f"the server sent {shown(_text(data[at : at + 80]), limit=80)!r}")


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def reply(line: Sequence[Token]) -> Reply | None:
    """Return the reply that a line is, or None for one of data. Raises `ProtocolError`."""
    if not line or not isinstance(line[0], str) or line[0].upper() not in Status.__members__:
        return None
    rest, code, data = list(line[1:]), "", b""
    if rest and rest[0] == "(":
        if ")" not in rest:
            raise ProtocolError("the server sent a response code without its end")
        end = rest.index(")")
        inside, rest = rest[1:end], rest[end + 1 :]
        code = str(inside[0]).upper() if inside and isinstance(inside[0], str) else ""
        data = next((each for each in inside if isinstance(each, bytes)), b"")
    text = next((_text(each) for each in rest if isinstance(each, bytes)), "")
    return Reply(Status[line[0].upper()], code, shown(text, limit=500), data)


def capabilities(lines: Iterable[Sequence[Token]]) -> Capabilities:
    """Return what the lines of a capability response offer."""
    names: dict[str, str] = {}
    for line in lines:
        words = [_text(each) for each in line if isinstance(each, bytes)]
        if words:
            names[words[0].upper()] = words[1] if len(words) > 1 else ""
    return Capabilities(names)


def scripts(lines: Iterable[Sequence[Token]]) -> tuple[Script, ...]:
    """Return the scripts that the lines of LISTSCRIPTS name (RFC 5804 §2.7)."""
    return tuple(
        Script(_text(line[0]), any(str(each).upper() == "ACTIVE" for each in line[1:]))
        for line in lines
        if line and isinstance(line[0], bytes)
    )


def command(verb: str, *arguments: str | bytes) -> bytes:
    """Return a command's octets; text is quoted, octets go as a literal (RFC 5804 §4).

    Raises `InvalidArgument`.
    """
    return b" ".join([verb.encode("ascii"), *map(_argument, arguments)]) + b"\r\n"


def _argument(value: str | bytes) -> bytes:
    if isinstance(value, bytes):
        return b"{%d+}\r\n%s" % (len(value), value)
    argument("argument", value)
    return b'"' + value.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def name(value: str) -> str:
    """Return a script's name when it may be one (RFC 5804 §1.6). Raises `InvalidArgument`."""
    argument("script name", value)
    if not 0 < len(value.encode()) <= NAME_LIMIT:
        raise InvalidArgument("script name", f"has none, or more than {NAME_LIMIT} octets")
    return value
