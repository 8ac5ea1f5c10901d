"""A framed response as a tree of values: the part of the grammar that all data share (RFC 9051 §9).

Atoms and strings become octets, ``NIL`` None, parentheses lists, a section such as
``BODY[HEADER.FIELDS (Date)]<0>`` one atom. Iterative, and linear in its input: no two alternatives
of the pattern begin alike and none gives back what it took. Nesting ends at `DEPTH`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import ProtocolError
from hongyan.guard import shown
from hongyan.imap.framing import Streamed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hongyan.imap.framing import Part

Value: TypeAlias = "bytes | Streamed | list[Value] | None"

DEPTH: Final = 200  # lists in lists; what is built from them may recurse as deep
_TOKEN: Final = re.compile(
    rb"""[ ]*+(?:
      (\() | (\))
      | "((?:[^"\\]|\\.)*+)"(?=[ ()]|\Z)
      | ((?i:BODY(?:\.PEEK)?|BINARY(?:\.SIZE)?|RFC822)\[(?:[^\]"]|"[^"]*+")*+\](?:<\d+>)?
         |(?!(?i:BODY(?:\.PEEK)?|BINARY(?:\.SIZE)?|RFC822)\[)[^\x00-\x20\x7f()"{]++)
      | \Z )""",
    re.VERBOSE | re.DOTALL,
)
# what servers write who do not escape: a string that ends where something else may begin
_UNESCAPED: Final = re.compile(rb'[ ]*+"((?:[^"]|"(?![ ()]|\Z))*+)"', re.DOTALL)
_ESCAPED: Final = re.compile(rb'\\(["\\])')
_OPEN, _CLOSE, _QUOTED, _ATOM = 1, 2, 3, 4


def lex(parts: Sequence[Part], *, whole: bool = True) -> list[Value]:
    """Return the values in ``parts``; lists still open at the end end there unless ``whole``.

    Raises `ProtocolError`.
    """
    top: list[Value] = []
    stack = [top]
    for index, part in enumerate(parts):
        if index % 2 or isinstance(part, Streamed):
            stack[-1].append(part)
        else:
            _text(part, stack)
    if whole and len(stack) > 1:
        raise ProtocolError("the server's response lacks a closing parenthesis")
    return top


def _text(text: bytes, stack: list[list[Value]]) -> None:
    """Append the values in ``text`` to the innermost list of ``stack``, which it may change."""
    here = stack[-1]
    match = _TOKEN.match
    at, end = 0, len(text)
    while at < end:
        token = match(text, at)
        if token is None:
            at = _unescaped(text, at, here)
            continue
        at = token.end()
        kind = token.lastindex
        if kind == _ATOM:
            atom = token[_ATOM]
            here.append(None if len(atom) == 3 and atom.upper() == b"NIL" else atom)
        elif kind == _QUOTED:
            here.append(unescaped(token[_QUOTED]))
        elif kind == _OPEN:
            here = _open(stack)
        elif kind == _CLOSE:
            here = _close(stack)


def _unescaped(text: bytes, at: int, here: list[Value]) -> int:
    """Append a string whose quotes are not escaped; return where it ends."""
    token = _UNESCAPED.match(text, at)
    if token is None:
        raise ProtocolError(f"the server's response makes no sense at {_words(text[at:])}")
    here.append(token[1])
    return token.end()


def _open(stack: list[list[Value]]) -> list[Value]:
    if len(stack) > DEPTH:
        raise ProtocolError(f"the server's response nests deeper than {DEPTH} lists")
    inner: list[Value] = []
    stack[-1].append(inner)
    stack.append(inner)
    return inner


def _close(stack: list[list[Value]]) -> list[Value]:
    if len(stack) == 1:
        raise ProtocolError("the server's response has a parenthesis too many")
    stack.pop()
    return stack[-1]


def unescaped(quoted: bytes) -> bytes:
    """Return what stands between quotes without its escapes; a stray backslash stays."""
    return _ESCAPED.sub(rb"\1", quoted) if b"\\" in quoted else quoted


def _words(text: bytes) -> str:
    return repr(shown(text[:60].decode("ascii", "replace"), limit=60))
