"""What may cross a border: arguments on their way out, foreign words on their way to the screen.

RFC 5321 §4.1.2 and RFC 1939 §3 give no way to quote CR, LF or NUL in an argument, so such a value
is refused before a byte is sent. Words of a server or a sender are shown on one line, without
control, bidi or zero-width characters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINE_BREAKERS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_UNSHOWABLE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]+"
)


def argument(field: str, value: str) -> str:
    """Return ``value`` unchanged, or refuse it because it could end a line or a command.

    Raises `InvalidArgument` for C0 controls, DEL, NEL, LS, PS and lone surrogates.
    """
    found = _LINE_BREAKERS.search(value)
    if found:
        raise InvalidArgument(field, f"contains the control character U+{ord(found[0]):04X}")
    return value


_UNSHOWABLE_IN_TEXT: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def shown(text: str, *, limit: int = 1000) -> str:
    """Return foreign ``text`` fit for one line on a screen, at most ``limit`` characters long."""
    clean = text[: limit * 4]
    if not clean.isprintable():  # the quick answer for most words
        clean = _UNSHOWABLE.sub(" ", clean)
    clean = " ".join(clean.split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def shown_text(text: str) -> str:
    """Return foreign ``text`` of many lines fit for a terminal: no escape, C1 or bidi control.

    Line ends become LF. Joiners stay, since Arabic, Indic scripts and emoji need them.
    """
    return _UNSHOWABLE_IN_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def nearest(word: str, words: Iterable[str], *, most: int = 3) -> tuple[str, ...]:
    """Return those of ``words`` that ``word`` may have been meant to be, the likeliest first."""
    from difflib import get_close_matches

    by_fold = {each.casefold(): each for each in words}
    return tuple(by_fold[each] for each in get_close_matches(word.casefold(), by_fold, most))
