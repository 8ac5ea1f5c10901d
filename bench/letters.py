"""Messages to submit, each a file, for clients of every kind."""

from __future__ import annotations

import random
from base64 import encodebytes
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Letters:
    """A folder of ``count`` message files with ``octets`` in all."""

    folder: Path
    count: int
    octets: int

    def first(self, count: int) -> Letters:
        """Return a folder of its own with links to the first ``count``."""
        folder = self.folder.with_name(f"{self.folder.name}-{count}")
        folder.mkdir(exist_ok=True)
        octets = 0
        for path in sorted(self.folder.iterdir())[:count]:
            link = folder / path.name
            if not link.exists():
                link.hardlink_to(path)
            octets += path.stat().st_size
        return Letters(folder, count, octets)


def folder_of(folder: Path, count: int, size: int) -> Letters:
    """Write ``count`` messages of about ``size`` octets each into a new folder."""
    folder.mkdir()
    octets = 0
    for number in range(count):
        octets += (folder / f"{number:06}").write_bytes(letter(size, seed=number))
    return Letters(folder, count, octets)


def letter(size: int, *, seed: int) -> bytes:
    """Return a message of about ``size`` octets with a base64 attachment: ASCII, CRLF, no dots."""
    head = (
        "From: Writer <writer@example.test>\r\nTo: reader@example.test\r\n"
        f"Subject: letter {seed}\r\nMessage-ID: <{seed}.{size}@bench.example.test>\r\n"
        "Date: Mon, 02 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: application/octet-stream\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    ).encode()
    octets = random.Random(seed).randbytes(max(1, (size - len(head)) * 57 // 78))
    return head + encodebytes(octets).replace(b"\n", b"\r\n")
