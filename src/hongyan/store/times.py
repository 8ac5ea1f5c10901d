"""Times as the database keeps them: whole milliseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from hongyan.errors import InvalidArgument

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_FIRST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LAST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND


def milliseconds(time: datetime) -> int:
    """Return the aware ``time`` in milliseconds, rounded down. Raises `InvalidArgument`.

    The first and the last day of all time are moved into what UTC can say, whatever their zone.
    """
    if time.tzinfo is None:
        raise InvalidArgument("time", "lacks a time zone")
    return min(max((time - _EPOCH) // _MILLISECOND, _FIRST), _LAST)


def moment(stored: int) -> datetime:
    """Return the UTC time of `milliseconds`."""
    return _EPOCH + stored * _MILLISECOND
