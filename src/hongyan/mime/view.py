"""What of a message is shown as text, as HTML and as attachments: RFC 8621 §4.1.4.

The algorithm of the RFC, without its recursion. Its order is document order; a part can stand in
more than one list, exactly as there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hongyan.mime.transfer import Encoding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hongyan.mime.part import Part

_MEDIA: Final = ("image/", "audio/", "video/")


@dataclass(frozen=True, slots=True)
class Body:
    """The three lists of RFC 8621 §4.1.4."""

    text: tuple[Part, ...]
    html: tuple[Part, ...]
    attachments: tuple[Part, ...]


@dataclass(slots=True)
class _Level:
    """A multipart under way: what its parts still to come inherit."""

    parts: Iterator[tuple[int, Part]]
    kind: str
    in_alternative: bool
    text: list[Part] | None
    html: list[Part] | None
    text_before: int = field(default=-1)
    html_before: int = field(default=-1)


def _is_inline(part: Part, position: int, kind: str) -> bool:
    """Tell whether a leaf is shown in the body at all; ``kind`` is its multipart's subtype."""
    media = part.content_type
    if part.disposition == "attachment":
        return False
    if part.encoding is Encoding.UNKNOWN and media != "text/plain":
        return False  # RFC 2045 §6.4: octets; but plain text can be shown as what it is
    if media not in {"text/plain", "text/html"} and not media.startswith(_MEDIA):
        return False
    if position == 0:
        return True
    return kind != "related" and (media.startswith(_MEDIA) or not part.filename)


class _Sorter:
    """The three lists while they grow."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self.text: list[Part] = []
        self.html: list[Part] = []
        self.attachments: list[Part] = []
        self._levels: list[_Level] = []

    def sort(self) -> None:
        root = self.parts[0]
        self._levels.append(
            _Level(
                iter(((0, root),)),
                "mixed",
                in_alternative=False,
                text=self.text,
                html=self.html,
            )
        )
        while self._levels:
            level = self._levels[-1]
            following = next(level.parts, None)
            if following is None:
                self._even_out(self._levels.pop())
            elif following[1].children:
                self._levels.append(self._enter(following[1], level))
            else:
                self._place(following[1], following[0], level)

    def _enter(self, part: Part, level: _Level) -> _Level:
        kind = part.content_type.partition("/")[2]
        children = enumerate(self.parts[index] for index in part.children)
        entered = _Level(
            iter(children),
            kind,
            in_alternative=level.in_alternative or kind == "alternative",
            text=level.text,
            html=level.html,
        )
        if kind == "alternative":
            entered.text_before = -1 if level.text is None else len(level.text)
            entered.html_before = -1 if level.html is None else len(level.html)
        return entered

    def _place(self, part: Part, position: int, level: _Level) -> None:
        if not _is_inline(part, position, level.kind):
            self.attachments.append(part)
            return
        media = part.content_type
        if level.kind == "alternative":
            if media == "text/plain":
                self._append(level.text, part)
            elif media == "text/html":
                self._append(level.html, part)
            else:
                self.attachments.append(part)
            return
        if level.in_alternative:
            if media == "text/plain":
                level.html = None
            if media == "text/html":
                level.text = None
        self._append(level.text, part)
        self._append(level.html, part)
        if (level.text is None or level.html is None) and media.startswith(_MEDIA):
            self.attachments.append(part)

    @staticmethod
    def _append(target: list[Part] | None, part: Part) -> None:
        if target is not None:
            target.append(part)

    @staticmethod
    def _even_out(level: _Level) -> None:
        """Where an alternative gave one kind only, that one serves both."""
        if level.kind != "alternative" or level.text is None or level.html is None:
            return
        text_grew = level.text_before < 0 or len(level.text) > level.text_before
        html_grew = level.html_before < 0 or len(level.html) > level.html_before
        if text_grew and not html_grew:
            level.html.extend(level.text[max(level.text_before, 0) :])
        if html_grew and not text_grew:
            level.text.extend(level.html[max(level.html_before, 0) :])


def body(parts: Sequence[Part]) -> Body:
    """Sort the leaves of ``parts`` (document order, the root first) into the three lists."""
    if len(parts) == 1:
        alone = (parts[0],)
        return Body(alone, alone, ()) if _is_inline(parts[0], 0, "mixed") else Body((), (), alone)
    sorter = _Sorter(parts)
    sorter.sort()
    return Body(tuple(sorter.text), tuple(sorter.html), tuple(sorter.attachments))
