"""A Maildir filled and read straight through the file system, beside a running Dovecot.

Names carry the sizes (``S=``, ``W=``) so that Dovecot need not read the files, and sort in the order
in which the messages were given, which is the order of POP3's numbers.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_TIME = re.compile(r"(\d+)\.(?:M(\d+))?")
_serial = itertools.count()


@dataclass(frozen=True, slots=True)
class Maildir:
    """The folder at ``path``, whose files belong to ``uid`` and ``gid``."""

    path: Path
    uid: int
    gid: int

    def fill(self, messages: Iterable[bytes]) -> int:
        """Add messages as new mail; returns how many there were."""
        self._create()
        count = 0
        for count, message in enumerate(messages, 1):  # noqa: B007 # the last value is the answer
            name = _name(message)
            draft = self.path / "tmp" / name
            draft.write_bytes(message)
            os.chown(draft, self.uid, self.gid)
            draft.rename(self.path / "new" / name)
        return count

    def messages(self) -> list[bytes]:
        """Return the octets of each message, oldest first."""
        files = [file for part in ("new", "cur") for file in (self.path / part).glob("*")]
        return [file.read_bytes() for file in sorted(files, key=lambda file: _age(file.name))]

    def _create(self) -> None:
        for path in (self.path, *(self.path / part for part in ("tmp", "new", "cur"))):
            if not path.exists():
                path.mkdir(mode=0o700)
                os.chown(path, self.uid, self.gid)


def _name(message: bytes) -> str:
    lines = message.count(b"\n")
    virtual = len(message) + lines - message.count(b"\r\n")
    seconds, micros = divmod(time.time_ns() // 1000, 1_000_000)
    sizes = f"S={len(message)},W={virtual}"
    return f"{seconds}.M{micros:06}P{os.getpid()}Q{next(_serial):09}.hongyan,{sizes}"


def _age(name: str) -> tuple[int, int, str]:
    found = _TIME.match(name)
    return (int(found[1]), int(found[2] or 0), name) if found else (0, 0, name)
