"""How far a piece of work has come, as data for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """``what`` is going on; messages and octets done, and how many there will be."""

    what: str
    done: int = 0
    total: int = 0
    octets: int = 0
    total_octets: int = 0


Report: TypeAlias = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Show nothing."""
