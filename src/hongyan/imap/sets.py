"""Sets of message numbers (RFC 9051 §4.1.1, sequence-set), kept as ranges.

Its invariant: the size of a `NumberSet` depends on how it is written and not on how many numbers it
holds, so a server's ``1:4294967295`` costs no more than ``1``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import InvalidArgument, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LARGEST: Final = 0xFFFF_FFFF  # RFC 9051 §9, nz-number
_SET: Final = re.compile(
    rb"(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?(?:,(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?)*+"
)
_STAR: Final = LARGEST + 1


@dataclass(frozen=True, slots=True)
class NumberSet:
    """Ranges ``(first, last)``, ascending and apart; both ends belong to it.

    ``*``, the largest number in use, stands above all numbers.
    """

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, numbers: Iterable[int]) -> NumberSet:
        """Return the set of ``numbers``. Raises `InvalidArgument` outside of 1 to 2³²-1."""
        return cls.spanning((number, number) for number in numbers)

    @classmethod
    def spanning(cls, ranges: Iterable[tuple[int, int]]) -> NumberSet:
        """Return the union of ``ranges``, whose ends may be in any order."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted((min(pair), max(pair)) for pair in ranges):
            if first < 1 or last > _STAR:
                raise InvalidArgument("number", f"{first}:{last} is no range of message numbers")
            if merged and first <= merged[-1][1] + 1 and first != _STAR:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    @classmethod
    def since(cls, number: int) -> NumberSet:
        """Return ``number:*``, which always holds the largest number in use (RFC 9051 §9)."""
        return cls.spanning([(number, _STAR)])

    @classmethod
    def parse(cls, octets: bytes) -> NumberSet:
        """Read a set as a server writes it. Raises `ProtocolError`."""
        if not _SET.fullmatch(octets):
            raise ProtocolError(f"the server's set of numbers reads {octets[:40]!r}")
        try:
            return cls.spanning(_pair(each) for each in octets.split(b","))
        except InvalidArgument as error:
            raise ProtocolError(f"the server's set of numbers: {error.reason}") from None

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __contains__(self, number: int) -> bool:
        low, high = 0, len(self.ranges)
        while low < high:
            middle = (low + high) // 2
            if self.ranges[middle][1] < number:
                low = middle + 1
            else:
                high = middle
        return low < len(self.ranges) and self.ranges[low][0] <= number

    def __iter__(self) -> Iterator[int]:
        """Yield each number, ``*`` never; may be four thousand million of them."""
        for first, last in self.ranges:
            yield from range(first, min(last, LARGEST) + 1)

    def __len__(self) -> int:
        """Return how many numbers there are, ``*`` not counted."""
        return sum(
            min(last, LARGEST) + 1 - first for first, last in self.ranges if first <= LARGEST
        )

    def __or__(self, other: NumberSet) -> NumberSet:
        return NumberSet.spanning((*self.ranges, *other.ranges))

    def __and__(self, other: NumberSet) -> NumberSet:
        return self - (self - other)

    def __sub__(self, other: NumberSet) -> NumberSet:
        """Return what is here and not in ``other``; costs what both have in ranges."""
        left: list[tuple[int, int]] = []
        cuts = iter((*other.ranges, (_STAR + 1, _STAR + 1)))
        low, high = next(cuts)
        for first, last in self.ranges:
            start = first
            while high < last:
                if high >= start:
                    left += [(start, low - 1)] if start < low else []
                    start = high + 1
                low, high = next(cuts)
            end = min(last, low - 1)
            left += [(start, end)] if start <= end else []
        return NumberSet(tuple(left))

    def __str__(self) -> str:
        return ",".join(_written(first, last) for first, last in self.ranges)

    def pieces(self, *, numbers: int, octets: int = 7000) -> Iterator[NumberSet]:
        """Yield the set in pieces of so many ``numbers`` and ``octets`` at most.

        A range to ``*`` is not cut, since how much it holds is not known.
        """
        held: list[tuple[int, int]] = []
        room, size = numbers, 0
        for pair in self._cut(numbers):
            count = _count(pair)
            written = len(_written(*pair)) + 1
            if held and (count > room or size + written > octets):
                yield NumberSet(tuple(held))
                held, room, size = [], numbers, 0
            held.append(pair)
            room -= count
            size += written
        if held:
            yield NumberSet(tuple(held))

    def _cut(self, numbers: int) -> Iterator[tuple[int, int]]:
        for first, last in self.ranges:
            if last == _STAR:
                yield first, last
                continue
            for start in range(first, last + 1, numbers):
                yield start, min(last, start + numbers - 1)


class Saved(Enum):
    """``$``, the messages that the last search with ``SAVE`` has found (RFC 5182)."""

    SAVED = "$"

    def __contains__(self, _: int) -> bool:
        return True  # only the server knows

    def __str__(self) -> str:
        return "$"

    def pieces(self, **_: int) -> Iterator[Saved]:
        """Yield it whole, for how much it holds is not known."""
        yield self


SAVED: Final = Saved.SAVED
Uids: TypeAlias = NumberSet | Saved


def _pair(octets: bytes) -> tuple[int, int]:
    first, _, last = octets.partition(b":")
    return _number(first), _number(last or first)


def _number(octets: bytes) -> int:
    if octets == b"*":
        return _STAR
    number = int(octets)
    if number > LARGEST:
        raise ProtocolError("the server names a number beyond 32 bits")
    return number


def _written(first: int, last: int) -> str:
    start = "*" if first == _STAR else str(first)
    if first == last:
        return start
    return f"{start}:*" if last == _STAR else f"{start}:{last}"


def _count(pair: tuple[int, int]) -> int:
    return min(pair[1], LARGEST) + 1 - min(pair[0], LARGEST)
