"""Hostile markup made harmless to the parsers: bounded length, depth, attributes and copies.

Parsers of HTML follow its standard, where deep nesting and long attribute lists cost quadratic
time, and formatting that is not closed is made anew in every paragraph that follows (§13.2.4.3).
`tame` is one linear pass that drops the tags beyond the bounds and leaves all text.
"""

from __future__ import annotations

import re
from typing import Final

LENGTH_LIMIT: Final = 4_194_304  # characters that are looked at
DEPTH_LIMIT: Final = 100
NAME_LIMIT: Final = 5000  # different names of attributes in one document
ATTRIBUTE_LIMIT: Final = 400
TAG_LIMIT: Final = 100_000
REFERENCE_LIMIT: Final = 20_000
COPY_LIMIT: Final = 16_777_216  # characters of formatting that tags may find open before them
_COPY: Final = 32  # what each element costs besides its characters
_SMALL: Final = 100_000
_FEW_TAGS: Final = 1000
# What the tokeniser of HTML (§13.2.5) takes for one token: a comment, a tag with its attributes.
_TAG: Final = re.compile(
    r"<!--(?:-?>|.*?--!?>|.*)|<(?:[!?]|/(?![a-z]))[^>]*+"
    r"|<(/?)([a-z][^\s/>]*)"
    r"((?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]*+))?+)*+)(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_VALUE: Final = re.compile(r"=\s*+(?:\"[^\"<]*+\"|'[^'<]*+')")
_NAME: Final = re.compile(r"[^\s/=\"'<]+")
# Elements that end themselves, or that another of their kind ends.
_FLAT: Final = frozenset(
    {"area", "base", "br", "col", "colgroup", "dd", "dt", "embed", "hr", "img", "input", "li"}
    | {"link", "meta", "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead"}
    | {"tr", "track", "wbr"}
)
_FORMATTING: Final = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt"}
    | {"u"}
)
# Elements whose content may be text, and those that formatting does not end within.
_RAW: Final = frozenset(
    {"iframe", "math", "noembed", "noframes", "noscript", "plaintext", "script", "style", "svg"}
    | {"textarea", "title", "xmp"}
)
_BARRIERS: Final = _RAW | frozenset(
    {"applet", "button", "caption", "marquee", "object", "select", "table", "template"}
)


def tame(html: str) -> str:
    """Return ``html`` with what a parser handles in linear time, the same for ordinary mail."""
    html = html[:LENGTH_LIMIT]
    tags = html.count("<")
    if len(html) < _SMALL and tags < _FEW_TAGS and len(html) * tags < COPY_LIMIT:
        return html
    if html.count("&") > REFERENCE_LIMIT:
        *few, rest = html.split("&", REFERENCE_LIMIT)
        html = "&".join((*few, rest.replace("&", " ")))
    kept: list[str] = []
    last = 0
    judge = _Judge()
    for tag in _TAG.finditer(html):
        if not judge.keeps(tag):
            kept.append(html[last : tag.start()])
            last = tag.end()
    return "".join((*kept, html[last:])) if kept else html


class _Judge:
    """Decides, tag by tag, which are within the bounds.

    It knows no tree: where a parser may see it differently, an element counts as still open.
    """

    def __init__(self) -> None:
        self._count = 0
        self._depth = 0
        self._open: dict[str, list[tuple[int, int]]] = {}  # by name: number and cost of each
        self._dropped: dict[str, int] = {}  # how many of an element were dropped and not yet ended
        self._attributes: set[str] = set()
        self._formatting = 0  # what it costs to copy the formatting that is open
        self._copied = 0
        self._barrier = 0  # the number of the last open element that no end reaches beyond

    def keeps(self, tag: re.Match[str]) -> bool:
        """Tell whether ``tag`` stays."""
        self._count += 1
        self._copied += self._formatting
        name = (tag[2] or "").lower()
        if self._count > TAG_LIMIT or self._copied > COPY_LIMIT:
            return False
        if "<" in tag[0][1:] and any(map(self._open.get, _RAW)):
            return False  # as text, it would hide the end of that text
        if not name:
            return True  # a comment
        if tag[1]:
            return self._ends(name)
        flat = name in _FLAT
        keeps = (flat or self._depth < DEPTH_LIMIT) and self._has_few(tag[3])
        if not keeps:
            self._dropped[name] = self._dropped.get(name, 0) + 1
        elif not flat:
            self._begins(name, len(tag[0]) + _COPY)
        return keeps

    def _begins(self, name: str, cost: int) -> None:
        self._depth += 1
        self._open.setdefault(name, []).append((self._count, cost))
        if name in _FORMATTING:
            self._formatting += cost
        elif name in _BARRIERS:
            self._barrier = self._count

    def _ends(self, name: str) -> bool:
        if self._dropped.get(name):
            self._dropped[name] -= 1
            return False
        if name in _FLAT:
            return True
        if not self._open.get(name):
            return False  # an end without a beginning, which a parser would search for
        number, cost = self._open[name][-1]
        if number >= self._barrier:
            self._open[name].pop()
            self._depth -= 1
            self._formatting -= cost if name in _FORMATTING else 0
            if name in _BARRIERS:
                still = filter(None, map(self._open.get, _BARRIERS))
                self._barrier = max((each[-1][0] for each in still), default=0)
        return True

    def _has_few(self, attributes: str) -> bool:
        """Tell whether a tag keeps to the bounds of attributes and of different names of them."""
        if not attributes.strip():
            return True
        names = _NAME.findall(_VALUE.sub("=", attributes))
        self._attributes.update(names[: ATTRIBUTE_LIMIT + 1])
        return len(names) <= ATTRIBUTE_LIMIT and len(self._attributes) <= NAME_LIMIT
