"""Hostile markup made harmless to the parsers: bounded length, depth and attributes.

Parsers of HTML follow its standard, where deep nesting and long attribute lists cost quadratic
time. `tame` is one linear pass that drops the tags beyond the bounds and leaves all text.
"""

from __future__ import annotations

import re
from typing import Final

LENGTH_LIMIT: Final = 4_194_304  # characters that are looked at
DEPTH_LIMIT: Final = 100
ATTRIBUTE_LIMIT: Final = 400
REFERENCE_LIMIT: Final = 50_000
_SMALL: Final = 100_000
_FEW_TAGS: Final = 1000
_TAG: Final = re.compile(
    r"<!--(?:.*?-->|.*)"
    r"|<(/?)([a-z][^\s/>]*)((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+)(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_VALUE: Final = re.compile(r"=\s*+(?:\"[^\"<]*+\"|'[^'<]*+')")
_SEPARATOR: Final = re.compile(r"[\s/\"'<]")
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
    depth = 0
    last = 0
    dropped: dict[str, int] = {}
    for tag in _TAG.finditer(html):
        name = (tag[2] or "").lower()
        if not name or (name in _FLAT and _is_short(tag[3])):
            continue
        if tag[1]:
            drop = dropped.get(name, 0) > 0
            if drop:
                dropped[name] -= 1
            else:
                depth = max(depth - 1, 0)
        else:
            drop = depth >= DEPTH_LIMIT or not _is_short(tag[3])
            if drop:
                dropped[name] = dropped.get(name, 0) + 1
            else:
                depth += 1
        if drop:
            kept.append(html[last : tag.start()])
            last = tag.end()
    return "".join((*kept, html[last:])) if kept else html


def _is_short(attributes: str) -> bool:
    """Tell whether a tag has no more attributes than the limit."""
    if len(attributes) < ATTRIBUTE_LIMIT:
        return True
    return len(_SEPARATOR.findall(_VALUE.sub("=", attributes))) <= ATTRIBUTE_LIMIT
