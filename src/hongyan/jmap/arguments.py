"""Reading what a client gave: a reader takes a JSON value and gives a typed one.

Otherwise it raises `ValueError` with words that follow the name of the argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from hongyan.jmap.errors import invalid

if TYPE_CHECKING:
    from hongyan.jmap.errors import Json

T = TypeVar("T")
Reader: TypeAlias = Callable[[Any], T]

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_UTC: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d*[1-9])?Z")
_SAFE: Final = 2**53 - 1
_MISSING: Final = object()


def text(value: object) -> str:
    """Read a String."""
    if isinstance(value, str):
        return value
    raise ValueError("is no string")


def boolean(value: object) -> bool:
    """Read a Boolean."""
    if isinstance(value, bool):
        return value
    raise ValueError("is neither true nor false")


def integer(value: object) -> int:
    """Read an Int (RFC 8620 §1.3)."""
    if isinstance(value, int) and not isinstance(value, bool) and -_SAFE <= value <= _SAFE:
        return value
    raise ValueError("is no whole number")


def unsigned(value: object) -> int:
    """Read an UnsignedInt."""
    if (number := integer(value)) >= 0:
        return number
    raise ValueError("is below zero")


def positive(value: object) -> int:
    """Read an UnsignedInt that is not 0."""
    if number := unsigned(value):
        return number
    raise ValueError("is zero")


def id_(value: object) -> str:
    """Read an Id (RFC 8620 §1.2)."""
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise ValueError("is no Id")


def id_or_reference(value: object) -> str:
    """Read an Id, or ``#`` and the creation id of an object made in this request."""
    if isinstance(value, str) and _ID.fullmatch(value, 1 if value.startswith("#") else 0):
        return value
    raise ValueError("is neither an Id nor a creation id")


def utc_date(value: object) -> datetime:
    """Read a UTCDate (RFC 8620 §1.4)."""
    if isinstance(value, str) and _UTC.fullmatch(value):
        return datetime.fromisoformat(value).astimezone(UTC)  # ValueError for the 31st of June
    raise ValueError("is no UTCDate")


def anything(value: T) -> T:
    """Take any value; what it is decided elsewhere."""
    return value


def optional(reader: Reader[T]) -> Reader[T | None]:
    """Return a reader that takes null too."""
    return lambda value: None if value is None else reader(value)


def array(reader: Reader[T]) -> Reader[list[T]]:
    """Return the reader of an array."""

    def read(value: object) -> list[T]:
        if isinstance(value, list):
            return [reader(each) for each in value]
        raise ValueError("is no array")

    return read


def mapping(key: Reader[str], reader: Reader[T]) -> Reader[dict[str, T]]:
    """Return the reader of an object whose names are data."""

    def read(value: object) -> dict[str, T]:
        if isinstance(value, dict):
            return {key(name): reader(each) for name, each in value.items()}
        raise ValueError("is no object")

    return read


def one_of(*values: str) -> Reader[str]:
    """Return the reader of one of some words."""

    def read(value: object) -> str:
        if isinstance(value, str) and value in values:
            return value
        raise ValueError(f"is none of {', '.join(values)}")

    return read


json_object: Final = mapping(text, anything)


class Arguments:
    """The arguments of one object or call, each taken once; see `end`."""

    def __init__(self, given: Json) -> None:
        self._given = dict(given)

    def take(self, name: str, reader: Reader[T], default: Any = _MISSING) -> T:  # noqa: ANN401  # JSON
        """Read an argument. Raises `MethodError` ``invalidArguments``."""
        value = self._given.pop(name, default)
        if value is _MISSING:
            raise invalid(name, "is missing")
        try:
            return reader(value)
        except ValueError as error:
            raise invalid(name, str(error)) from None

    def flag(self, name: str) -> bool:
        """Read a Boolean that is false when it is not there. Raises `MethodError`."""
        given: bool = self.take(name, boolean, default=False)
        return given

    def rest(self) -> Json:
        """Take all that was not taken."""
        rest, self._given = self._given, {}
        return rest

    def end(self) -> None:
        """Refuse what nobody took."""
        for name in self._given:
            raise invalid(name, "is not known here")
