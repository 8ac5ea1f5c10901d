"""Hostile markup made harmless to the parsers: bounded length, depth and attributes.

Parsers of HTML follow its standard, where deep nesting and long attribute lists cost quadratic
time. `tame` is one linear pass that drops the tags beyond the bounds and leaves all text.
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
_SMALL: Final = 100_000
_FEW_TAGS: Final = 1000
_TAG: Final = re.compile(
    r"<!--(?:.*?-->|.*)"
    r"|<(/?)([a-z][^\s/>]*)((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+)(?:>|\Z)",
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


def tame(html: str) -> str:
    """Return ``html`` with what a parser handles in linear time, the same for ordinary mail."""
    html = html[:LENGTH_LIMIT]
    if len(html) < _SMALL and html.count("<") < _FEW_TAGS:
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
    """Decides, tag by tag, which are within the bounds."""

    def __init__(self) -> None:
        self._count = 0
        self._depth = 0
        self._dropped: dict[str, int] = {}  # how many of an element were dropped and not yet ended
        self._attributes: set[str] = set()

    def keeps(self, tag: re.Match[str]) -> bool:
        """Tell whether ``tag`` stays."""
        self._count += 1
        name = (tag[2] or "").lower()
        if self._count > TAG_LIMIT:
            return False
        if not name:
            return True  # a comment
        if tag[1]:
            return self._ends(name)
        flat = name in _FLAT
        keeps = (flat or self._depth < DEPTH_LIMIT) and self._has_few(tag[3])
        if not keeps:
            self._dropped[name] = self._dropped.get(name, 0) + 1
        elif not flat:
            self._depth += 1
        return keeps

    def _ends(self, name: str) -> bool:
        if self._dropped.get(name):
            self._dropped[name] -= 1
            return False
        if name not in _FLAT:
            self._depth = max(self._depth - 1, 0)
        return True

    def _has_few(self, attributes: str) -> bool:
        """Tell whether a tag keeps to the bounds of attributes and of different names of them."""
        if not attributes.strip():
            return True
        names = _NAME.findall(_VALUE.sub("=", attributes))
        self._attributes.update(names[: ATTRIBUTE_LIMIT + 1])
        return len(names) <= ATTRIBUTE_LIMIT and len(self._attributes) <= NAME_LIMIT
