"""What there is to import below a path, whatever program left it there.

Known are mbox files (Thunderbird's and Apple Mail's too), Maildirs, EML and Apple Mail's EMLX
files. Each message is an `Item` that gives its octets when asked, in chunks. Links are not
followed, and what is none of these is passed by.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from functools import partial
from heapq import merge
from typing import TYPE_CHECKING, Final

from hongyan.errors import NotFound, StoreError
from hongyan.transfer import emlx, mbox
from hongyan.transfer.forms import whole_lines, with_crlf
from hongyan.transfer.verify import mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hongyan import mime
    from hongyan.transfer.forms import Octets

_MAILDIR_FLAGS: Final = {
    "D": "$draft",
    "F": "$flagged",
    "P": "$forwarded",
    "R": "$answered",
    "S": "$seen",
}
_STATUS: Final = {  # of mbox(5) programs: Status and X-Status
    "R": "$seen",
    "F": "$flagged",
    "A": "$answered",
    "T": "$draft",
}
_MOZILLA: Final = {0x1: "$seen", 0x2: "$answered", 0x4: "$flagged", 0x1000: "$forwarded"}
_MOZILLA_GONE: Final = 0x8
_ENDINGS: Final = re.compile(r"\.(?:mbox|mbx|sbd)$", re.IGNORECASE)
IMPORTED: Final = "Imported"


@dataclass(frozen=True, slots=True)
class Item:
    """A message to import: where it was found, its mailbox, its octets in chunks, its size there.

    ``keywords`` are those that the place tells; the head of the octets may tell more (`told`).
    ``is_file``: it is a file of its own, whose ``chunks`` another process can ask for as well.
    """

    where: str
    mailbox: str
    chunks: Callable[[], Iterator[bytes]]
    size: int
    keywords: frozenset[str] = frozenset()
    is_mbox: bool = False
    is_file: bool = False


def items(path: Path, *, mboxo: bool) -> Iterator[Item]:
    """Yield every message at or below ``path``. Raises `NotFound`, `StoreError`."""
    if not path.exists():
        raise NotFound(f"there is nothing at {path}")
    try:
        if path.is_dir():
            yield from _folder(path, path, mboxo=mboxo)
        else:
            yield from _file(path, path.parent, mboxo=mboxo, named=True)
    except OSError as error:
        raise StoreError(f"{error.filename or path}: {error.strerror or error}") from error


def _folder(path: Path, top: Path, *, mboxo: bool) -> Iterator[Item]:
    """Walk a folder; a stack of our own, so that depth does no harm."""
    folders = [path]
    while folders:
        folder = folders.pop()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        below = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
        is_maildir = {"cur", "new"} <= below
        if is_maildir:
            yield from _maildir(folder, top)
        folders += [
            folder / name
            for name in sorted(below, reverse=True)
            if not (is_maildir and name in {"cur", "new", "tmp"})
        ]
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                yield from _file(folder / entry.name, top, mboxo=mboxo, named=False)


def _maildir(folder: Path, top: Path) -> Iterator[Item]:
    """Yield a Maildir's messages, in the order of their names, which is that of their coming."""
    mailbox = _name(folder, top) or "Inbox"
    for name, part in merge(*(_names(folder, part) for part in ("cur", "new"))):
        path = f"{folder}/{part}/{name}"
        size = _size_of_file(path)
        flags = name.rpartition(":2,")[2] if ":2," in name else ""
        if size is not None and "T" not in flags:
            yield Item(
                where=path,
                mailbox=mailbox,
                chunks=partial(_lines, path),
                size=size,
                keywords=frozenset(
                    _MAILDIR_FLAGS[each] for each in flags if each in _MAILDIR_FLAGS
                ),
                is_file=True,
            )


def _names(folder: Path, part: str) -> Iterator[tuple[str, str]]:
    """Yield the names in a part of a Maildir in order: strings alone, there may be a million."""
    names = sorted(entry.name for entry in os.scandir(folder / part))
    return ((name, part) for name in names)


def _size_of_file(path: str) -> int | None:
    """Return a file's size; None for what is none, or is gone meanwhile."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _file(path: Path, top: Path, *, mboxo: bool, named: bool) -> Iterator[Item]:
    octets = mapped(path)
    if octets[:5] == b"From ":
        name = _name(path.parent if path.name == "mbox" else path, top) or IMPORTED
        for span in mbox.spans(octets):
            yield Item(
                where=f"{path} at {span.start}",
                mailbox=name,
                chunks=partial(mbox.chunks, octets, span, mboxo=mboxo),
                size=span.end - span.start,
                is_mbox=True,
            )
    elif path.suffix.lower() == ".emlx":
        yield from _emlx(path, top, octets)
    elif len(octets) and (named or path.suffix.lower() == ".eml"):
        yield Item(str(path), IMPORTED, partial(_exact, octets), len(octets))


def _emlx(path: Path, top: Path, octets: Octets) -> Iterator[Item]:
    found = None if path.name.endswith(".partial.emlx") else emlx.read(octets)
    if found is not None and found.keywords is not None:
        yield Item(
            where=str(path),
            mailbox=emlx.mailbox(path.relative_to(top.parent)) or IMPORTED,
            chunks=partial(_with_crlf, octets, found.start, found.end),
            size=found.end - found.start,
            keywords=found.keywords,
        )


def _with_crlf(octets: Octets, start: int, end: int) -> Iterator[bytes]:
    return map(with_crlf, whole_lines(octets, start, end))


def _lines(path: str) -> Iterator[bytes]:
    octets = mapped(path)
    return _with_crlf(octets, 0, len(octets))


def _exact(octets: Octets) -> Iterator[bytes]:
    return whole_lines(octets, 0, len(octets))


def _name(path: Path, top: Path) -> str:
    """Return a mailbox's name by where it lies: Inbox.sbd/Work is Inbox/Work, .Lists is Lists."""
    parts = path.relative_to(top).parts
    return "/".join(_ENDINGS.sub("", part).lstrip(".") or part for part in parts)


def told(message: mime.Message) -> frozenset[str] | None:
    """Return the keywords that the header of a message in an mbox tells; None: it is deleted."""
    mozilla = (message.header("X-Mozilla-Status") or b"").strip()
    bits = int(mozilla, 16) if re.fullmatch(rb"[0-9A-Fa-f]{1,8}", mozilla) else 0
    letters = b"".join(message.header(name) or b"" for name in ("Status", "X-Status")).decode(
        "ascii", "ignore"
    )
    if bits & _MOZILLA_GONE or "D" in letters:
        return None
    return frozenset(
        [keyword for bit, keyword in _MOZILLA.items() if bits & bit]
        + [keyword for letter, keyword in _STATUS.items() if letter in letters]
    )
