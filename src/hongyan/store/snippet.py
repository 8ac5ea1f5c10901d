"""The excerpt of a text that shows why it was found, with the places to mark.

The marks lie in the real text, accents and width as they are. Stems are those of the index's own
stemmer, taken as beginnings of words; a mark too many does no harm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hongyan.store.folding import UNSPACED, fold, is_unspaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

LENGTH: Final = 200
_BEFORE: Final = 60
_WORDS: Final = 12  # of a phrase; a mark that ends early does no harm, a pattern of a page does
_WORD: Final = re.compile(rf"[{UNSPACED}]+|[^\W{UNSPACED}]+")
_START: Final = rf"(?<![^\W{UNSPACED}])"
_REST: Final = rf"[^\W{UNSPACED}]*"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A text on one line and the (start, end) of each place to mark in it."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()

    def pieces(self) -> tuple[tuple[str, bool], ...]:
        """Return the text in pieces, each with whether it is to be marked."""
        found: list[tuple[str, bool]] = []
        at = 0
        for start, end in self.marks:
            found += [(self.text[at:start], False), (self.text[start:end], True)]
            at = end
        found.append((self.text[at:], False))
        return tuple(piece for piece in found if piece[0])


class Highlighter:
    """Finds what a query looked for in the texts of its hits."""

    def __init__(self, phrases: Iterable[str], *, stem: Callable[[str], str]) -> None:
        patterns = sorted(filter(None, (_pattern(text, stem) for text in phrases)), key=len)
        self._pattern = re.compile("|".join(reversed(patterns))) if patterns else None

    def whole(self, text: str) -> Snippet:
        """Mark a short text, such as a subject."""
        return self._marked(" ".join(text.split()))

    def excerpt(self, text: str) -> Snippet | None:
        """Cut about `LENGTH` characters around the first find; None when nothing is found."""
        if self._pattern is None:
            return None
        folded = fold(text)
        found = self._pattern.search(folded)
        if found is None:
            return None
        # Folding may change lengths a little: near enough to cut, not to mark.
        start = found.start() * len(text) // len(folded) - _BEFORE
        end = start + LENGTH
        if start > 0:
            start = _after_space(text, start)
        cut = " ".join(text[max(start, 0) : max(end, 0)].split())
        its = self._marked(cut)  # without what folds into three dots, and so takes longer
        before, after = "…" * (start > 0), "…" * (end < len(text))
        marks = tuple((at + len(before), end_ + len(before)) for at, end_ in its.marks)
        return Snippet(f"{before}{cut}{after}", marks)

    def _marked(self, text: str) -> Snippet:
        if self._pattern is None:
            return Snippet(text)
        folded, places = _folded_with_places(text)
        marks = tuple(
            (places[found.start()], places[found.end() - 1] + 1)
            for found in self._pattern.finditer(folded)
            if found.end() > found.start()
        )
        return Snippet(text, _apart(marks))


def _pattern(text: str, stem: Callable[[str], str]) -> str:
    """Return the pattern for a word or phrase in folded text."""
    words = _WORD.findall(fold(text))[:_WORDS]
    return r"\W*".join(
        re.escape(word) if is_unspaced(word) else f"{_START}{re.escape(stem(word))}{_REST}"
        for word in words
    )


def _apart(marks: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Drop marks that begin inside the one before: one letter can fold to several."""
    kept: list[tuple[int, int]] = []
    for start, end in marks:
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return tuple(kept)


def _after_space(text: str, start: int) -> int:
    space = text.find(" ", start, start + _BEFORE // 2)
    return start if space < 0 else space + 1


def _folded_with_places(text: str) -> tuple[str, Sequence[int]]:
    """Return the folded text, and for each of its characters where it came from."""
    whole = fold(text)
    if len(whole) == len(text):  # nearly always each character became one
        return whole, range(len(text))
    folded = [_fold_one(character) for character in text]
    places = [at for at, characters in enumerate(folded) for _ in characters]
    return "".join(folded), places


@lru_cache(maxsize=4096)
def _fold_one(character: str) -> str:
    return fold(character)
