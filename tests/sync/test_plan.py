"""The rules of fetching, as a table: what is listed, what is known, what is fetched as what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.pop3.types import Entry
from hongyan.sync import plan

CASES: dict[str, tuple[list[tuple[int, int, str | None]], set[str], list[tuple[int, str]]]] = {
    # what: (listed as (number, size, unique id), known, to fetch as (number, identity))
    "an empty maildrop": ([], set(), []),
    "an empty maildrop forgets nothing": ([], {"a"}, []),
    "all is new": ([(1, 9, "a"), (2, 9, "b")], set(), [(1, "a"), (2, "b")]),
    "all is known": ([(1, 9, "a"), (2, 9, "b")], {"a", "b"}, []),
    "one is new": ([(1, 9, "a"), (2, 9, "b")], {"a"}, [(2, "b")]),
    "others went from the server": ([(1, 9, "c")], {"a", "b"}, [(1, "c")]),
    "numbers moved, ids did not": ([(1, 9, "b"), (2, 9, "a")], {"a", "b"}, []),
    "reordered, with a new one between": (
        [(1, 9, "b"), (2, 9, "x"), (3, 9, "a")], {"a", "b"}, [(2, "x")],
    ),
    "the server's order is kept": ([(3, 9, "c"), (1, 9, "a")], set(), [(3, "c"), (1, "a")]),
    "numbers with gaps": ([(2, 9, "a"), (7, 9, "b")], set(), [(2, "a"), (7, "b")]),
    "an id that is used again for another size is the same message": ([(1, 99, "a")], {"a"}, []),
    "two of one id are told apart": (
        [(1, 9, "a"), (2, 5, "a")], set(), [(1, "a"), (2, "a (copy 2, 5)")],
    ),
    "two of one id, one known": ([(1, 9, "a"), (2, 5, "a")], {"a"}, [(2, "a (copy 2, 5)")]),
    "two of one id, both known": ([(1, 9, "a"), (2, 5, "a")], {"a", "a (copy 2, 5)"}, []),
    "three of one id": (
        [(1, 9, "a"), (2, 9, "a"), (3, 9, "a")],
        set(),
        [(1, "a"), (2, "a (copy 2, 9)"), (3, "a (copy 3, 9)")],
    ),
    "without an id nothing is fetched": ([(1, 9, None), (2, 9, "b")], set(), [(2, "b")]),
    "ids are opaque": (
        [(1, 9, "../../x"), (2, 9, "'; --"), (3, 9, "A"), (4, 9, "a"), (5, 9, "a" * 71)],
        {"a"},
        [(1, "../../x"), (2, "'; --"), (3, "A"), (5, "a" * 71)],
    ),
    "a size of nothing": ([(1, 0, "a")], set(), [(1, "a")]),
}  # fmt: skip


@pytest.mark.parametrize(("listed", "known", "expected"), CASES.values(), ids=CASES)
def test_what_to_fetch(
    listed: list[tuple[int, int, str | None]], known: set[str], expected: list[tuple[int, str]]
) -> None:
    entries = [Entry(number, size, uidl) for number, size, uidl in listed]
    actions = plan.pop3(entries, known)
    assert [(each.entry.number, each.identity) for each in actions] == expected
    assert all(each.entry in entries for each in actions)


LISTINGS = st.lists(
    st.builds(Entry, st.integers(1, 99), st.integers(0, 99), st.sampled_from(["a", "b", "c", "d"])),
    max_size=12,
)


@given(LISTINGS, st.sets(st.sampled_from(["a", "b", "c", "d", "a (copy 2, 1)"])))
def test_a_second_visit_fetches_nothing(listed: list[Entry], known: set[str]) -> None:
    actions = plan.pop3(listed, known)
    identities = [each.identity for each in actions]
    assert len(set(identities)) == len(identities), "no two are stored as one"
    assert not known & set(identities)
    assert plan.pop3(listed, known | set(identities)) == ()
