"""Sets of numbers: what is in them, how they are written, how they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.imap import NumberSet

NUMBERS = st.sets(st.integers(1, 300))


@given(NUMBERS)
def test_a_set_is_its_numbers(numbers: set[int]) -> None:
    made = NumberSet.of(numbers)
    assert list(made) == sorted(numbers)
    assert len(made) == len(numbers)
    assert [n for n in range(1, 302) if n in made] == sorted(numbers)
    assert not numbers or NumberSet.parse(str(made).encode()) == made


@given(NUMBERS, NUMBERS)
def test_a_union(one: set[int], other: set[int]) -> None:
    assert NumberSet.of(one) | NumberSet.of(other) == NumberSet.of(one | other)


@given(NUMBERS, st.integers(1, 50), st.integers(10, 60))
def test_pieces_are_the_whole(numbers: set[int], most: int, octets: int) -> None:
    made = NumberSet.of(numbers)
    pieces = list(made.pieces(numbers=most, octets=octets))
    assert [n for piece in pieces for n in piece] == sorted(numbers)
    assert all(len(piece) <= most and len(str(piece)) <= octets for piece in pieces)


@pytest.mark.parametrize(
    ("written", "again"),
    [
        ("5:1", "1:5"),
        ("1,2,3", "1:3"),
        ("*", "*"),
        ("3:*", "3:*"),
        ("*:4", "4:*"),
        ("1,*", "1,*"),
        ("1:4294967295", "1:4294967295"),
    ],
)
def test_spellings(written: str, again: str) -> None:
    assert str(NumberSet.parse(written.encode())) == again


@pytest.mark.parametrize(
    "written", ["", "0", "1,", ",1", "1::2", "a", "-1", "4294967296", "1:99999999999", "**", "1 2"]
)
def test_what_is_no_set(written: str) -> None:
    with pytest.raises(ProtocolError):
        NumberSet.parse(written.encode())


def test_numbers_outside_are_refused() -> None:
    for number in (0, -1, 2**32 + 1):
        with pytest.raises(InvalidArgument):
            NumberSet.of([number])


def test_star_is_one_piece_and_above_all() -> None:
    since = NumberSet.since(7)
    assert list(since.pieces(numbers=5)) == [since]
    assert 4294967295 in since
    assert 6 not in since
