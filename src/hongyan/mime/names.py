"""File names of strangers: one form to show, one to write (RFC 2183 §2.3, Windows and POSIX rules).

Invariant of `safe`: a plain name in the folder at hand on every file system: not empty, no path, no
device, not hidden, no control or bidi character, at most 255 octets, its true extension at the end.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffd\ud800-\udfff"
    "\U000e0000-\U000e0fff]+"
)
_BREAKS: Final = re.compile(r"[\t\r\n]+")
_SPACES: Final = re.compile(r"\s+")
_RESERVED: Final = re.compile(r'[<>:"/\\|?*]')
_DEVICE: Final = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?:[. ]|\Z)",
    re.IGNORECASE,
)
_MAX_OCTETS: Final = 255
_MAX_SHOWN: Final = 255
_MAX_EXTENSION: Final = 20
_UNNAMED: Final = "attachment"


def unseen(text: str) -> str:
    """Return ``text`` without controls and without characters that hide or turn others."""
    return _UNSEEN.sub("", text)


def display(name: str) -> str | None:
    """Return ``name`` fit to be shown: its last path component on one line, nothing invisible.

    None when nothing is left of it.
    """
    line = _SPACES.sub(" ", _UNSEEN.sub("", _BREAKS.sub(" ", name[:4096]))).strip()
    last = line.replace("\\", "/").rstrip("/").rpartition("/")[2].strip()
    return last[-_MAX_SHOWN:] or None


def safe(name: str | None, *, taken: Iterable[str] = ()) -> str:
    """Return a name that can be created in any folder, and is not one of ``taken``.

    Names that differ in case or Unicode form only count as the same.
    """
    plain = unicodedata.normalize("NFC", display(name or "") or "")
    plain = _RESERVED.sub("_", plain).strip(" .")
    if not plain or not plain.strip("_. "):
        plain = _UNNAMED
    if _DEVICE.match(plain):
        plain = f"_{plain}"
    used = {_folded(other) for other in taken}
    chosen = _fit(plain, "")
    number = 2
    while _folded(chosen) in used:
        chosen = _fit(plain, f" ({number})")
        number += 1
    return chosen


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _fit(name: str, mark: str) -> str:
    """Put ``mark`` before the extension and shorten the stem to the octets that are left."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > _MAX_EXTENSION:
        stem, dot, extension = name, "", ""
    room = _MAX_OCTETS - len(f"{mark}{dot}{extension}".encode())
    cut = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .")
    return f"{cut}{mark}{dot}{extension}"
