"""A framed response as a typed value (RFC 9051 §7): the beginning decides who reads the rest.

Any octets give a value or a `ProtocolError`. Data that is not known here is `Unknown`, never an
error; a message number beyond 32 bits, a list that is none, a set that is no set are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import ProtocolError
from hongyan.guard import shown
from hongyan.imap import codes, read
from hongyan.imap.data import (
    Body,
    BodyChunk,
    Enabled,
    Exists,
    Expunged,
    Fetched,
    Flags,
    Found,
    Identity,
    Listed,
    MailboxStatus,
    Namespace,
    Namespaces,
    Recent,
    Sorted,
    Unknown,
    Untagged,
    Vanished,
)
from hongyan.imap.fetched import fetched
from hongyan.imap.framing import Response, Streamed
from hongyan.imap.lexer import lex
from hongyan.imap.quotas import quota, quota_roots
from hongyan.imap.sets import LARGEST, NumberSet
from hongyan.imap.threads import threads
from hongyan.imap.types import Condition, Continuation, Status, Tagged

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.imap.framing import Opening, Part
    from hongyan.imap.lexer import Value

Parsed: TypeAlias = Untagged | Condition | Tagged | Continuation

_TAGGED: Final = re.compile(
    rb'([^\x00-\x20\x7f-\xff(){%*"\\+]{1,100}) (OK|NO|BAD)(?: (.*))?', re.IGNORECASE | re.DOTALL
)
_CONDITION: Final = re.compile(rb"\* (OK|NO|BAD|PREAUTH|BYE)(?: (.*))?", re.IGNORECASE | re.DOTALL)
_BODY_ALONE: Final = re.compile(rb"\* ([1-9]\d{0,8}) FETCH \(UID (\d{1,9}) BODY\[\] ")
_DATA: Final = re.compile(rb"\* (?:(\d{1,20}) )?([^\x00-\x20\x7f()]{1,80}) ?")


def parse(response: Response, *, utf8: bool = False) -> Parsed:
    """Read a whole response; ``utf8`` says that mailbox names are UTF-8 (RFC 9051 §5.1).

    Raises `ProtocolError`.
    """
    line = _first(response.parts)
    if (alone := _BODY_ALONE.fullmatch(line)) and response.parts[2:] == (b")",):
        return _body_alone(alone, response.parts[1])
    if line.startswith(b"* "):
        return _untagged(response.parts, line, utf8=utf8)
    if line[:1] == b"+":
        return Continuation(line[2:] if line[1:2] == b" " else line[1:])
    found = _TAGGED.fullmatch(line)
    if not found:
        raise ProtocolError(f"the server sent no IMAP response: {_words(line)!r}")
    text, code = codes.split(found[3] or b"")
    return Tagged(found[1].decode(), Status(found[2].decode().upper()), text, code)


def _body_alone(found: re.Match[bytes], part: Part) -> Fetched:
    """Return the answer to the fetch of bodies and nothing else, which need not be quicker."""
    data, size = (None, part.size) if isinstance(part, Streamed) else (part, len(part))
    return Fetched(int(found[1]), int(found[2]), bodies=(Body("", data, size),))


def opening(frame: Opening) -> BodyChunk:
    """Return what is known of a body that is about to come in chunks, as a chunk of nothing."""
    parts = (*frame.parts, Streamed(frame.size))
    found = _DATA.match(_first(parts))
    if not found or not found[1]:
        raise ProtocolError("the server sent a large literal out of place")
    values = lex(_rest(parts, found.end()), whole=False)
    message = _fetch(found, values)
    if not message.bodies or values[0] == [] or message.bodies[-1].data is not None:
        raise ProtocolError("the server sent a large literal that is no body")
    return BodyChunk(message, message.bodies[-1], b"", last=False)


def _first(parts: tuple[Part, ...]) -> bytes:
    first = parts[0]
    return first if isinstance(first, bytes) else b""


def _rest(parts: tuple[Part, ...], at: int) -> tuple[Part, ...]:
    return (_first(parts)[at:], *parts[1:])


def _untagged(parts: tuple[Part, ...], line: bytes, *, utf8: bool) -> Untagged | Condition:
    found = _DATA.match(line)
    if not found:
        raise ProtocolError(f"the server sent no IMAP response: {_words(line)!r}")
    word = found[2].upper()
    rest = _rest(parts, found.end())
    if found[1]:
        return _NUMBERED[word](found, lex(rest)) if word in _NUMBERED else _unknown(found, rest)
    if condition := _CONDITION.fullmatch(line):
        text, code = codes.split(condition[2] or b"")
        return Condition(Status(condition[1].decode().upper()), text, code)
    if word in _RAW:
        return _RAW[word](_first(rest))
    if word in _NAMED:
        return _NAMED[word](lex(rest), utf8)
    return _lexed(word, rest) if word in _LEXED else _unknown(found, rest)


def _lexed(word: bytes, rest: tuple[Part, ...]) -> Untagged:
    return _LEXED[word](lex(rest))


def _unknown(found: re.Match[bytes], rest: tuple[Part, ...]) -> Unknown:
    return Unknown(found[2].decode("ascii", "backslashreplace").upper(), _first(rest)[:1000])


def _words(line: bytes) -> str:
    return shown(line[:320].decode("utf-8", "replace"), limit=80)


# -- numbered data


def _seq(found: re.Match[bytes]) -> int:
    number = int(found[1])
    if number > LARGEST:
        raise ProtocolError("the server names a message number beyond 32 bits")
    return number


def _position(found: re.Match[bytes]) -> int:
    number = _seq(found)
    if not number:
        raise ProtocolError("the server names message number 0")
    return number


def _fetch(found: re.Match[bytes], values: list[Value]) -> Fetched:
    attributes = read.many(values[0] if values else None, "FETCH")
    number = _position(found)
    if found[2].upper() == b"FETCH":
        return fetched(number, attributes)
    return fetched(0, [*attributes, b"UID", b"%d" % number])  # RFC 9586 §3.4


_NUMBERED: Final[dict[bytes, Callable[[re.Match[bytes], list[Value]], Untagged]]] = {
    b"EXISTS": lambda found, _: Exists(_seq(found)),
    b"RECENT": lambda found, _: Recent(_seq(found)),
    b"EXPUNGE": lambda found, _: Expunged(_position(found)),
    b"FETCH": _fetch,
    b"UIDFETCH": _fetch,
}


# -- data that begins with its name


def _enabled(text: bytes) -> Enabled:
    return Enabled(tuple(codes.names(text)))


_RAW: Final[dict[bytes, Callable[[bytes], Untagged]]] = {
    b"CAPABILITY": codes.capabilities,
    b"ENABLED": _enabled,
    b"THREAD": threads,
}


def _flags(values: list[Value]) -> Flags:
    return Flags(read.texts(values[0] if values else None, "FLAGS"))


def _numbers(values: list[Value]) -> tuple[tuple[int, ...], int | None]:
    """Return the numbers of a search and its MODSEQ (RFC 7162 §3.1.5)."""
    modseq = None
    if values and isinstance(values[-1], list):
        values = values[:]
        modseq = dict(read.pairs(read.many(values.pop(), "SEARCH"), "SEARCH")).get(b"MODSEQ")
    numbers = tuple(read.number(each, "SEARCH") for each in values)
    if any(not 0 < number <= LARGEST for number in numbers):
        raise ProtocolError("the server found a message number that there cannot be")
    return numbers, read.number(modseq, "MODSEQ") if modseq is not None else None


def _search(values: list[Value]) -> Found:
    numbers, modseq = _numbers(values)
    return Found(NumberSet.of(numbers), modseq=modseq)


def _sort(values: list[Value]) -> Sorted:
    return Sorted(_numbers(values)[0])


def _esearch(values: list[Value]) -> Found:
    """Read RFC 4731 §3.1: a correlator, the word UID, then names with values."""
    tag: str | None = None
    if values and isinstance(values[0], list):
        correlator = dict(read.pairs(values[0], "ESEARCH"))
        tag = read.text(correlator[b"TAG"], "TAG") if b"TAG" in correlator else None
        values = values[1:]
    by_uid = bool(values) and isinstance(values[0], bytes) and values[0].upper() == b"UID"
    told = dict(read.pairs(values[1:] if by_uid else values, "ESEARCH"))
    single = {
        field: read.number(told[name], "ESEARCH") if name in told else None
        for field, name in _ESEARCH_NUMBERS.items()
    }
    return Found(_esearch_set(told), tag, by_uid, **single)


_ESEARCH_NUMBERS: Final = {
    "count": b"COUNT",
    "lowest": b"MIN",
    "highest": b"MAX",
    "modseq": b"MODSEQ",
}


def _esearch_set(told: dict[bytes, Value]) -> NumberSet | None:
    partial = told.get(b"PARTIAL")
    if isinstance(partial, list) and len(partial) == 2:  # RFC 9394 §3.1: the range, and the result
        return NumberSet.parse(partial[1]) if isinstance(partial[1], bytes) else NumberSet()
    if b"ALL" in told:
        return NumberSet.parse(read.octets(told[b"ALL"], "ESEARCH"))
    return None if told.keys() & {b"COUNT", b"MIN", b"MAX"} else NumberSet()


def _vanished(values: list[Value]) -> Vanished:
    earlier = len(values) > 1
    return Vanished(
        NumberSet.parse(read.octets(values[-1] if values else None, "VANISHED")), earlier
    )


def _identity(values: list[Value]) -> Identity:
    if not values or values[0] is None:
        return Identity({})
    fields = read.pairs(read.many(values[0], "ID"), "ID")
    return Identity(
        {
            shown(key.decode("utf-8", "backslashreplace"), limit=80).lower(): None
            if value is None
            else shown(read.text(value, "ID"))
            for key, value in fields
        }
    )


def _namespaces(values: list[Value]) -> Namespaces:
    classes = [
        tuple(map(_namespace, each)) if isinstance(each, list) else () for each in values[:3]
    ]
    return Namespaces(*classes)


def _namespace(value: Value) -> Namespace:
    items = read.many(value, "NAMESPACE")
    if len(items) < 2:
        raise ProtocolError("the server's NAMESPACE has no delimiter")
    return Namespace(read.octets(items[0], "NAMESPACE"), _delimiter(items[1]))


_LEXED: Final[dict[bytes, Callable[[list[Value]], Untagged]]] = {
    b"FLAGS": _flags,
    b"SEARCH": _search,
    b"SORT": _sort,
    b"ESEARCH": _esearch,
    b"VANISHED": _vanished,
    b"ID": _identity,
    b"NAMESPACE": _namespaces,
    b"QUOTA": quota,
    b"QUOTAROOT": quota_roots,
}


# -- data with mailbox names


def _delimiter(value: Value) -> str | None:
    if value is None or value == b"":
        return None
    delimiter = read.text(value, "delimiter")
    if len(delimiter) != 1:
        raise ProtocolError("the server's hierarchy delimiter is more than a character")
    return delimiter


def _list(values: list[Value], utf8: bool) -> Listed:  # noqa: FBT001 - the table's shape
    if len(values) < 3:
        raise ProtocolError("the server's LIST has no name")
    name, octets = read.name(values[2], "LIST", utf8=utf8)
    extension: dict[bytes, Value] = {}
    if len(values) > 3 and isinstance(values[3], list):
        extension = dict(read.pairs(values[3], "LIST"))
    children = extension.get(b"CHILDINFO")
    old = extension.get(b"OLDNAME")
    return Listed(
        name,
        octets,
        _delimiter(values[1]),
        read.texts(values[0], "LIST"),
        read.texts(children, "CHILDINFO") if children is not None else (),
        old[0] if isinstance(old, list) and old and isinstance(old[0], bytes) else None,
    )


def _status(values: list[Value], utf8: bool) -> MailboxStatus:  # noqa: FBT001 - the table's shape
    if len(values) < 2:
        raise ProtocolError("the server's STATUS has no values")
    name, octets = read.name(_spaced(values[:-1]), "STATUS", utf8=utf8)
    numbers: dict[str, int] = {}
    texts: dict[str, str] = {}
    for key, value in read.pairs(read.many(values[-1], "STATUS"), "STATUS"):
        field = key.decode("ascii", "backslashreplace")
        only = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(only, bytes) and only.isdigit():
            numbers[field] = read.number(only, "STATUS")
        elif isinstance(only, bytes):
            texts[field] = shown(only[:1000].decode("utf-8", "backslashreplace"))
    return MailboxStatus(name, octets, numbers, texts)


def _spaced(values: list[Value]) -> Value:
    """Return the one value, or the words of a name that a server forgot to quote, as one."""
    if len(values) == 1:
        return values[0]
    return b" ".join(read.octets(each, "STATUS") for each in values)


_NAMED: Final[dict[bytes, Callable[[list[Value], bool], Untagged]]] = {
    b"LIST": _list,
    b"LSUB": _list,
    b"XLIST": _list,
    b"STATUS": _status,
}
