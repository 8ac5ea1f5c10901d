"""Apple Mail's own files, one a message: a line with a count of octets, these, a property list.

The list's ``flags`` are bits. A file whose name ends in ``.partial.emlx`` lacks its attachments.
"""

from __future__ import annotations

import plistlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.parsers.expat import ExpatError

if TYPE_CHECKING:
    from pathlib import PurePath

    from hongyan.transfer.forms import Octets

_COUNT: Final = re.compile(rb"([0-9]{1,12})[ \t]*\r?\n")
_DELETED: Final = 1 << 1
_KEYWORDS: Final = {
    1 << 0: "$seen",
    1 << 2: "$answered",
    1 << 4: "$flagged",
    1 << 6: "$draft",
    1 << 8: "$forwarded",
}
_MAILBOX: Final = re.compile(r"(.+)\.(?:imap)?mbox", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Emlx:
    """A message at ``octets[start:end]``; ``keywords`` None: it is deleted."""

    start: int
    end: int
    keywords: frozenset[str] | None


def read(octets: Octets) -> Emlx | None:
    """Return what is in such a file; None when it is none, or not whole."""
    count = _COUNT.match(octets[:32])
    if count is None:
        return None
    start = count.end()
    end = start + int(count[1])
    return Emlx(start, end, _keywords(octets[end:])) if end <= len(octets) else None


def _keywords(listed: bytes) -> frozenset[str] | None:
    try:
        told = plistlib.loads(listed.strip(), fmt=plistlib.FMT_XML)
    except (ValueError, ExpatError, AttributeError, LookupError, TypeError, OverflowError):
        return frozenset()  # the message is whole all the same
    flags = told.get("flags") if isinstance(told, dict) else None
    bits = flags if isinstance(flags, int) else 0
    if bits & _DELETED:
        return None
    return frozenset(keyword for bit, keyword in _KEYWORDS.items() if bits & bit)


def mailbox(path: PurePath) -> str:
    """Return the mailbox's name by the folders of a path; empty when none of them is one."""
    found = (_MAILBOX.fullmatch(part) for part in path.parts[:-1])
    return "/".join(each[1] for each in found if each)
