"""THREAD responses (RFC 5256 §4), read into a flat table: no depth costs more than its parentheses.

``(2)(3 6 (4 23)(44 7 96))``: numbers side by side are each the child of the one before, lists
beside each other are children of the same parent. ``((3)(5))`` has a parent that is missing.
"""

from __future__ import annotations

import re
from typing import Final

from hongyan.errors import ProtocolError
from hongyan.imap.data import Threads
from hongyan.imap.sets import LARGEST

DEPTH: Final = 10_000
_TOKEN: Final = re.compile(rb" *+(?:(\()|(\))|(\d{1,10}))")
_OPEN, _CLOSE = 1, 2


def threads(text: bytes) -> Threads:
    """Return the threads in ``text``. Raises `ProtocolError`."""
    items: list[tuple[int | None, int]] = []
    parents = [-1]  # the item that each open list hangs on by now
    text = text.rstrip(b" ")
    at = 0
    fresh = False  # whether the last token opened a list
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ProtocolError("the server's THREAD is no list of threads")
        at = token.end()
        if token.lastindex == _OPEN:
            if fresh:
                items.append((None, parents[-1]))
                parents[-1] = len(items) - 1
            _deeper(parents)
        elif token.lastindex == _CLOSE:
            _back(parents)
        else:
            _add(items, parents, int(token[3]))
        fresh = token.lastindex == _OPEN
    if len(parents) > 1:
        raise ProtocolError("the server's THREAD lacks a closing parenthesis")
    return Threads(tuple(items))


def _deeper(parents: list[int]) -> None:
    if len(parents) > DEPTH:
        raise ProtocolError(f"the server's THREAD nests deeper than {DEPTH} lists")
    parents.append(parents[-1])


def _back(parents: list[int]) -> None:
    if len(parents) == 1:
        raise ProtocolError("the server's THREAD has a parenthesis too many")
    parents.pop()


def _add(items: list[tuple[int | None, int]], parents: list[int], number: int) -> None:
    if len(parents) == 1 or not 0 < number <= LARGEST:
        raise ProtocolError("the server's THREAD has a number out of place")
    items.append((number, parents[-1]))
    parents[-1] = len(items) - 1
