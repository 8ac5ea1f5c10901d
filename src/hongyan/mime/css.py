"""CSS of strangers, cut down to what draws text and boxes (CSS Syntax 3, through tinycss2).

By allow-list: properties, functions, at-rules. Nothing that is left can load anything but an image
that ``url`` gives back, cover the page (no ``position``), or end the style element it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

import tinycss2  # type: ignore[import-untyped]  # it ships no types
from tinycss2 import ast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Url: TypeAlias = Callable[[str], str | None]
_LENGTH_LIMIT: Final = 524_288
_MARKS_LIMIT: Final = 50_000
_MARK: Final = re.compile(r"[^\w\s.#%-]")
_MEDIA_DEPTH: Final = 3
_BLOCK_DEPTH: Final = 12
_IMAGE_PROPERTIES: Final = frozenset({"background", "background-image", "list-style-image"})
_FAMILIES: Final = (
    *("background-", "border", "font-", "list-style-", "margin", "padding", "text-", "outline"),
    *("column-", "flex-", "grid-", "align-", "justify-"),
)
_PROPERTIES: Final = _IMAGE_PROPERTIES | frozenset(
    {"color", "font", "line-height", "letter-spacing", "word-spacing", "width", "height"}
    | {"min-width", "max-width", "min-height", "max-height", "display", "float", "clear"}
    | {"vertical-align", "white-space", "list-style", "table-layout", "caption-side"}
    | {"empty-cells", "direction", "overflow", "overflow-wrap", "word-wrap", "word-break"}
    | {"opacity", "visibility", "box-sizing", "box-shadow", "quotes", "hyphens", "gap"}
    | {"order", "columns", "object-fit", "aspect-ratio", "border-radius", "mso-hide"}
)
_FUNCTIONS: Final = frozenset(
    {"rgb", "rgba", "hsl", "hsla", "hwb", "calc", "min", "max", "clamp", "linear-gradient"}
    | {"radial-gradient", "repeating-linear-gradient", "repeating-radial-gradient"}
)
_PSEUDO_FUNCTIONS: Final = frozenset({"not", "is", "where", "nth-child", "nth-of-type", "lang"})
_ROOTS: Final = frozenset({"html", "body"})
_UNSAFE: Final = re.compile(r"[<>]|/\*|\*/")


class Budget:
    """How much style one document may still have; what is beyond it is left out."""

    __slots__ = ("_letters", "_marks")

    def __init__(self) -> None:
        self._letters = _LENGTH_LIMIT
        self._marks = _MARKS_LIMIT

    def take(self, style: str) -> str:
        """Return as much of ``style`` as there is room for."""
        style = style[: self._letters]
        marks = [mark.start() for mark in islice(_MARK.finditer(style), self._marks + 1)]
        if len(marks) > self._marks:
            style = style[: marks.pop()]
        self._letters -= len(style)
        self._marks -= len(marks)
        return style


def declarations(style: str, *, url: Url) -> str:
    """Return the safe declarations of a ``style`` attribute.

    ``url`` gives the address to load an image from instead of the one it gets, or None.
    """
    found = tinycss2.parse_declaration_list(style, skip_comments=True, skip_whitespace=True)
    return _declarations(found, url)


def _declarations(nodes: Iterable[ast.Node], url: Url) -> str:
    kept = (_declaration(node, url) for node in nodes if isinstance(node, ast.Declaration))
    return ";".join(filter(None, kept))


def _declaration(node: ast.Declaration, url: Url) -> str | None:
    name = node.lower_name
    if name not in _PROPERTIES and not name.startswith(_FAMILIES):
        return None
    value = _value(node.value, url if name in _IMAGE_PROPERTIES else _no_url)
    if value is None or _UNSAFE.search(value):
        return None
    return f"{name}:{value.strip()}{' !important' if node.important else ''}"


def _no_url(_address: str) -> None:
    return None


def _value(tokens: Iterable[ast.Node], url: Url, depth: int = 0) -> str | None:
    """Return the value that ``tokens`` spell, or None if one of them is not allowed."""
    pieces: list[str] = []
    for token in tokens:
        piece = _token(token, url, depth)
        if piece is None:
            return None
        pieces.append(piece)
    return "".join(pieces)


_PLAIN_TOKENS: Final = (
    *(ast.WhitespaceToken, ast.IdentToken, ast.NumberToken, ast.PercentageToken),
    *(ast.DimensionToken, ast.HashToken, ast.StringToken),
)


def _token(token: ast.Node, url: Url, depth: int) -> str | None:
    if isinstance(token, _PLAIN_TOKENS):
        return str(token.serialize())
    if isinstance(token, ast.LiteralToken):
        return str(token.value) if token.value in {",", "/", "+", "-", "*"} else None
    if isinstance(token, ast.URLToken):
        return _image(token.value, url)
    if isinstance(token, ast.FunctionBlock):
        if token.lower_name == "url":
            strings = [one for one in token.arguments if isinstance(one, ast.StringToken)]
            return _image(strings[0].value, url) if len(strings) == 1 else None
        if token.lower_name in _FUNCTIONS and depth < _BLOCK_DEPTH:
            inside = _value(token.arguments, _no_url, depth + 1)
            return None if inside is None else f"{token.lower_name}({inside})"
    return None


def _image(address: str, url: Url) -> str | None:
    found = url(address)
    return None if found is None else f"url({_quoted(found)})"


def _quoted(text: str) -> str:
    plain = re.sub(r'[\x00-\x20"\\<>()]', lambda found: f"%{ord(found[0]):02X}", text)
    return f'"{plain}"'


def sheet(style: str, *, scope: str, url: Url) -> str:
    """Return the safe rules of a style sheet, each selector below the class ``scope``."""
    style = style.replace("<!--", " ").replace("-->", " ")
    rules = tinycss2.parse_stylesheet(style, skip_comments=True, skip_whitespace=True)
    return "\n".join(_rules(rules, scope, url, 0))


def _rules(nodes: Iterable[ast.Node], scope: str, url: Url, depth: int) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.QualifiedRule):
            selector = _selectors(node.prelude, scope)
            content = tinycss2.parse_declaration_list(
                node.content, skip_comments=True, skip_whitespace=True
            )
            body = _declarations(content, url) if selector else ""
            if body:
                yield f"{selector}{{{body}}}"
        elif isinstance(node, ast.AtRule) and node.lower_at_keyword == "media" and node.content:
            condition = _condition(node.prelude)
            if condition and depth < _MEDIA_DEPTH:
                inner = tinycss2.parse_rule_list(
                    node.content, skip_comments=True, skip_whitespace=True
                )
                body = "\n".join(_rules(inner, scope, url, depth + 1))
                if body:
                    yield f"@media {condition}{{{body}}}"


def _condition(prelude: list[ast.Node]) -> str | None:
    text = tinycss2.serialize(prelude).strip()
    return text if re.fullmatch(r"[\w\s(),:.%/-]{1,500}", text) else None


def _selectors(prelude: list[ast.Node], scope: str) -> str:
    """Return the selector list with each selector below ``scope``; the unsafe ones are left out."""
    lists: list[list[ast.Node]] = [[]]
    for token in prelude:
        if isinstance(token, ast.LiteralToken) and token.value == ",":
            lists.append([])
        else:
            lists[-1].append(token)
    return ",".join(filter(None, (_selector(tokens, scope) for tokens in lists)))


def _selector(tokens: list[ast.Node], scope: str) -> str | None:
    for token in tokens:
        if isinstance(token, ast.FunctionBlock) and token.lower_name not in _PSEUDO_FUNCTIONS:
            return None
        if isinstance(token, ast.URLToken | ast.ParseError | ast.CurlyBracketsBlock):
            return None
    while tokens and isinstance(tokens[0], ast.WhitespaceToken):
        tokens = tokens[1:]
    if not tokens:
        return None
    first = tokens[0]
    if isinstance(first, ast.IdentToken) and first.lower_value in _ROOTS:
        tokens = tokens[1:]
        if _leaves(tokens) or (tokens and isinstance(tokens[0], ast.IdentToken)):
            return None
        rest = tinycss2.serialize(tokens).rstrip()
        selector = f".{scope}{rest}"
    else:
        selector = tinycss2.serialize(tokens).rstrip()
        is_scope = re.match(rf"\.{re.escape(scope)}(?![\w-])", selector)
        if _leaves(tokens if is_scope else tokens[:1]):
            return None
        if not is_scope:
            selector = f".{scope} {selector}"
    return None if re.search(r"[<{}@]|/\*", selector) else selector


def _leaves(tokens: list[ast.Node]) -> bool:
    """Tell whether the first combinator leads from the scope's own element to one beside it."""
    compound_ended = False
    for token in tokens:
        if isinstance(token, ast.LiteralToken) and token.value in {"+", "~", ">"}:
            return str(token.value) != ">"
        if compound_ended and not isinstance(token, ast.WhitespaceToken):
            return False  # that blank was the combinator
        compound_ended = compound_ended or isinstance(token, ast.WhitespaceToken)
    return False
