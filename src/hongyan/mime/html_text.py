"""The plain text of HTML, good enough to quote and to index.

`to_text` gives what a person would read: blocks on lines of their own, links and pictures by their
words, nothing of scripts, styles or what is hidden. Iterative and bounded, whatever the markup.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from selectolax.lexbor import LexborHTMLParser

from hongyan.mime.markup import tame

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_SKIPPED: Final = frozenset(
    [
        "audio",
        "base",
        "basefont",
        "canvas",
        "datalist",
        "embed",
        "frame",
        "frameset",
        "head",
        "iframe",
        "link",
        "map",
        "math",
        "meta",
        "noembed",
        "noframes",
        "object",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
        "video",
    ]
)
_BLOCK: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
        "caption",
    ]
)
_PARAGRAPH: Final = frozenset(
    ["blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"]
)
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")
_HIDDEN_STYLE: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HIDES: Final = re.compile(r"hidden|display", re.IGNORECASE)
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u00ad\u034f\u200b\u2060\ufeff"))
_NBSP: Final = {0xA0: " "}


class _Text:
    """The growing text: white space collapsed, at most one empty line in a row."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quote = 0
        self._pre = 0

    def words(self, text: str) -> None:
        """Add running text."""
        if self._pre:
            first, *rest = text.split("\n")
            self._line.append(first)
            for line in rest:
                self.end_line(keep=True)
                self._line.append(line)
            return
        text = _SPACES.sub(" ", text)
        if text != " " or self._line:
            self._line.append(text)

    def end_line(self, *, keep: bool = False) -> None:
        """End the line if there is one; ``keep`` ends it even if it is empty."""
        line = "".join(self._line)
        line = line.rstrip() if self._pre else _SPACES.sub(" ", line).strip()
        self._line.clear()
        if line or keep:
            marks = ">" * self._quote
            self._lines.append(f"{marks} {line}".rstrip() if marks else line)

    def end_paragraph(self) -> None:
        """End the line and leave an empty one, unless there is one already."""
        self.end_line()
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(">" * self._quote)

    def enter(self, tag: str) -> None:
        """Begin the element ``tag``."""
        if tag in _PARAGRAPH:
            self.end_paragraph()
        elif tag in _BLOCK:
            self.end_line()
        if tag == "blockquote":
            self._quote = min(self._quote + 1, 20)
        elif tag == "pre":
            self._pre += 1
        elif tag == "li":
            self._line.append("* ")
        elif tag == "hr":
            self._line.append("---")
            self.end_line()
        elif tag == "br":
            self.end_line(keep=True)
        elif tag in {"td", "th"} and self._line:
            self._line.append(" ")

    def leave(self, tag: str) -> None:
        """End the element ``tag``."""
        if tag in _BLOCK:
            self.end_line()
        if tag == "pre":
            self._pre -= 1
        elif tag == "blockquote":
            self._quote = max(self._quote - 1, 0)
            while self._lines and not self._lines[-1].strip("> "):
                self._lines.pop()
        if tag in _PARAGRAPH:
            self.end_paragraph()

    def finish(self) -> str:
        """Return the whole text."""
        self.end_line()
        text = "\n".join(self._lines).translate(_INVISIBLE).translate(_NBSP)
        return text.strip("\n").rstrip("\n> ")


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return bool(style and _HIDDEN_STYLE.search(style))


def to_text(html: str) -> str:
    """Return what the HTML document ``html`` says, as plain text to read, quote and index."""
    body = LexborHTMLParser(tame(html)).body
    if body is None:
        return ""
    hides = bool(_HIDES.search(html))
    text = _Text()
    node: LexborNode | None = body
    open_nodes: list[str] = []
    while node is not None:
        tag = node.tag
        child = None
        if tag == "-text":
            text.words(node.text_content or "")
        elif tag == "img":
            text.words(node.attributes.get("alt") or "")
        elif (
            tag and tag[0] not in "-_!" and tag not in _SKIPPED and not (hides and _is_hidden(node))
        ):
            text.enter(tag)
            child = node.child
            if child is None:
                text.leave(tag)
        if child is not None:
            open_nodes.append(tag or "")
            node = child
            continue
        while node is not None and node.next is None and open_nodes:
            text.leave(open_nodes.pop())
            node = node.parent if open_nodes else None
        node = node.next if node is not None and open_nodes else None
    return text.finish()
