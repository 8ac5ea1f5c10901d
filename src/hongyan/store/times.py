"""Times as the database keeps them: whole milliseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from hongyan.errors import InvalidArgument

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(time: datetime) -> int:
    """Return the aware ``time`` in milliseconds, rounded down. Raises `InvalidArgument`."""
    if time.tzinfo is None:
        raise InvalidArgument("time", "lacks a time zone")
    return (time - _EPOCH) // _MILLISECOND


def moment(stored: int) -> datetime:
    """Return the UTC time of `milliseconds`."""
    return _EPOCH + stored * _MILLISECOND
