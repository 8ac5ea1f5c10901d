"""How much a run does: how often each client runs, and which share of the full sizes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """``runs`` of each client, interleaved; ``share`` of the full sizes, from 1 down.

    ``million``: the store and its peers with a million messages, too.
    """

    runs: int = 5
    share: float = 1.0
    million: bool = False

    def scaled(self, full: int, *, least: int = 1) -> int:
        """Return how much of ``full`` this plan does."""
        return max(least, round(full * self.share))


FULL = Plan()
QUICK = Plan(runs=2, share=0.1)
