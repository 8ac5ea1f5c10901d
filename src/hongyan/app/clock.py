"""The time of day, as everything below the composition root is handed it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time of now, aware, in UTC."""
    return datetime.now(UTC)
