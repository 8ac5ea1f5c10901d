"""Many messages in one file, their sizes in another beside it: written once, read by clients."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write(path: Path, messages: Iterable[bytes]) -> list[int]:
    """Write a pile; return the sizes."""
    with path.open("wb") as file:
        sizes = [file.write(message) for message in messages]
    path.with_suffix(".sizes").write_text(json.dumps(sizes), "utf-8")
    return sizes


def read(path: Path, count: int) -> list[bytes]:
    """Return the first ``count`` messages."""
    sizes = json.loads(path.with_suffix(".sizes").read_text("utf-8"))[:count]
    with path.open("rb") as file:
        return [file.read(size) for size in sizes]
