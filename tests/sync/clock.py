"""Clocks that a test moves: the day's and the monotonic one, together or apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    def __init__(self) -> None:
        self.day = datetime(2026, 3, 14, 12, tzinfo=UTC)
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.day

    def monotonic(self) -> float:
        return self.seconds

    def pass_(self, seconds: float) -> None:
        self.seconds += seconds
        self.day += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Let the machine sleep: only the day goes on."""
        self.day += timedelta(seconds=seconds)
