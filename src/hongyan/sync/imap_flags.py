r"""IMAP's flags as the keywords of RFC 8621 §4.1.1, and back: pure.

``\Seen`` is ``$seen``, and so on. ``\Recent`` and ``\Deleted`` are none: a message marked
``\Deleted`` is there until it is removed, and is shown until then. Keywords have no case.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_SYSTEM: Final = {
    r"\seen": "$seen",
    r"\flagged": "$flagged",
    r"\answered": "$answered",
    r"\draft": "$draft",
}
_FLAGS: Final = {
    "$seen": r"\Seen",
    "$flagged": r"\Flagged",
    "$answered": r"\Answered",
    "$draft": r"\Draft",
}
_ATOM: Final = re.compile(r'[^\x00-\x20\x7f-\U0010ffff(){%*"\\\]]{1,255}')


def keywords(flags: Iterable[str]) -> frozenset[str]:
    """Return the keywords that flags mean; a flag that cannot be one is left out."""
    named = (_SYSTEM.get(each.lower(), each.lower()) for each in flags)
    return frozenset(each for each in named if _ATOM.fullmatch(each))


def flags(words: Iterable[str]) -> tuple[str, ...]:
    """Return the flags for keywords, in order, without those that no command can name."""
    return tuple(_FLAGS.get(each, each) for each in sorted(words) if _ATOM.fullmatch(each))


def kept(words: frozenset[str], permanent: tuple[str, ...] | None) -> frozenset[str]:
    r"""Return the keywords that the server would keep, by its PERMANENTFLAGS (RFC 9051 §7.1)."""
    told = frozenset(each for each in words if _ATOM.fullmatch(each))
    if permanent is None or r"\*" in permanent:
        return told
    return told & keywords(permanent)
