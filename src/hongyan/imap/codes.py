"""Conditions and their response codes (RFC 9051 §7.1, RFC 4315 §3, RFC 5530, RFC 7162).

Text after a condition is free, so nothing here fails: a code that has not its form keeps what was
written, and whoever needs its value sees by the type that there is none.
"""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Final

from hongyan.errors import ProtocolError
from hongyan.guard import shown
from hongyan.imap import read
from hongyan.imap.lexer import lex
from hongyan.imap.sets import NumberSet
from hongyan.imap.types import (
    AppendUid,
    Capabilities,
    Code,
    CodeValue,
    CopyUid,
    MessageLimit,
    Progress,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_CODE: Final = re.compile(
    rb'\[([^\s\[\]"()]{1,80})(?: ((?:[^\]"]|"(?:[^"\\]|\\.)*+")*+))?\] ?', re.DOTALL
)
_LONGEST_TEXT: Final = 500
_LONGEST_LIST: Final = 65_536
_MOST_COPIED: Final = 1_000_000


def split(octets: bytes) -> tuple[str, Code | None]:
    """Return the words of a condition, fit for one line of a screen, and its code."""
    found = _CODE.match(octets)
    words = octets[found.end() :] if found else octets
    text = shown(words[: _LONGEST_TEXT * 4].decode("utf-8", "replace"), limit=_LONGEST_TEXT)
    return text, _code(found) if found else None


def _code(found: re.Match[bytes]) -> Code:
    name = found[1].decode("utf-8", "backslashreplace").upper()
    written = found[2] or b""
    value: CodeValue = None
    if found[2] is not None:
        value = shown(written[:2000].decode("utf-8", "backslashreplace"), limit=_LONGEST_TEXT)
        with suppress(ProtocolError, ValueError):
            if reader := _READERS.get(name):
                value = reader(written)
    return Code(name, value)


def capabilities(written: bytes) -> Capabilities:
    """Return the capabilities named in ``written``."""
    return Capabilities(frozenset(names(written)))


def names(written: bytes) -> list[str]:
    """Return the upper-case words of ``written``, as far as it is no longer than it may be."""
    return written[:_LONGEST_LIST].decode("ascii", "backslashreplace").upper().split()


def _number(written: bytes) -> int:
    return read.number(written.strip(), "response code")


def _texts(written: bytes) -> tuple[str, ...]:
    items = lex([written])
    return read.texts(items[0] if items else [], "response code")


def _append_uid(written: bytes) -> AppendUid:
    validity, uids = _words(written, 2)
    return AppendUid(_number(validity), NumberSet.parse(uids))


def _copy_uid(written: bytes) -> CopyUid:
    validity, source, target = _words(written, 3)
    before, after = _in_order(source), _in_order(target)
    if len(before) != len(after):
        raise ProtocolError("the server's COPYUID has sides of unequal length")
    return CopyUid(_number(validity), tuple(zip(before, after, strict=True)))


def _progress(written: bytes) -> Progress:
    items = lex([written])
    tag, done, goal = read.many(items[0], "INPROGRESS") if items else (None, None, None)
    return Progress(
        tag=None if tag is None else read.text(tag, "INPROGRESS"),
        done=None if done is None else read.number(done, "INPROGRESS"),
        goal=None if goal is None else read.number(goal, "INPROGRESS"),
    )


def _message_limit(written: bytes) -> MessageLimit:
    limit, *uid = written.split()
    return MessageLimit(_number(limit), _number(uid[0]) if uid else None)


def _words(written: bytes, count: int) -> list[bytes]:
    words = written.split()
    if len(words) != count:
        raise ProtocolError(f"the server's response code has {len(words)} words, not {count}")
    return words


def _in_order(written: bytes) -> list[int]:
    """Return the numbers of a set as it is written; both sides of COPYUID go by that order."""
    ranges = [NumberSet.parse(each) for each in written.split(b",")]
    if sum(map(len, ranges)) > _MOST_COPIED:
        raise ProtocolError("the server's COPYUID names too many messages")
    return list(chain.from_iterable(ranges))


_READERS: Final[dict[str, Callable[[bytes], CodeValue]]] = {
    "UIDVALIDITY": _number,
    "UIDNEXT": _number,
    "UNSEEN": _number,
    "HIGHESTMODSEQ": _number,
    "PERMANENTFLAGS": _texts,
    "BADCHARSET": _texts,
    "MODIFIED": lambda written: NumberSet.parse(written.strip()),
    "CAPABILITY": capabilities,
    "APPENDUID": _append_uid,
    "COPYUID": _copy_uid,
    "INPROGRESS": _progress,
    "MESSAGELIMIT": _message_limit,
}
