"""The rules of fetching, as a table: what is listed, what is known, what is fetched as what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.pop3.types import Entry
from hongyan.store import UidlState
from hongyan.store.maildrops import Known, Policy
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


NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)


def fetched(days: float = 0, size: int = 9, state: UidlState = UidlState.STORED) -> Known:
    return Known(state, size, NOW - timedelta(days=days))


DELETED = UidlState.DELETED_HERE
THREE: list[tuple[int, int, str | None]] = [(1, 9, "a"), (2, 9, "b"), (3, 9, "c")]
REMOVALS: dict[str, tuple[list[tuple[int, int, str | None]], dict[str, Known], Policy, list[int]]] = {
    # what: (listed, known, policy, the numbers that leave)
    "nothing by itself": (THREE, {"a": fetched(999, state=DELETED)}, Policy(), []),
    "what was never fetched stays": (
        THREE, {}, Policy(after_days=0, deleted_here=True, keep_newest=0), [],
    ),
    "at once": (THREE, {"a": fetched(), "c": fetched()}, Policy(after_days=0), [1, 3]),
    "after its days": (
        THREE, {"a": fetched(31), "b": fetched(30), "c": fetched(29.99)}, Policy(after_days=30), [1, 2],
    ),
    "from the future": (THREE, {"a": fetched(-3650)}, Policy(after_days=30), []),
    "what is deleted here": (
        THREE, {"a": fetched(9), "b": fetched(state=DELETED)}, Policy(deleted_here=True), [2],
    ),
    "what is deleted here stays where only age counts": (
        THREE, {"b": fetched(state=DELETED)}, Policy(after_days=1), [],
    ),
    "all but the newest": (
        THREE, {each: fetched() for each in "abc"}, Policy(keep_newest=2), [1],
    ),
    "all but more than there are": (
        THREE, {each: fetched() for each in "abc"}, Policy(keep_newest=9), [],
    ),
    "new ones count among the newest": (THREE, {"a": fetched()}, Policy(keep_newest=2), [1]),
    "any of several reasons": (
        THREE,
        {"a": fetched(), "b": fetched(state=DELETED), "c": fetched(99)},
        Policy(after_days=30, deleted_here=True, keep_newest=2),
        [1, 2, 3],
    ),
    "another size under a known id": ([(1, 8, "a")], {"a": fetched(99)}, Policy(after_days=0), []),
    "an id that two share": (
        [(1, 9, "a"), (2, 9, "a")],
        {"a": fetched(99), "a (copy 2, 9)": fetched(99)},
        Policy(after_days=0),
        [],
    ),
    "of unknown size": (
        [(1, 9, "a")], {"a": Known(UidlState.STORED, None, None)}, Policy(after_days=0), [],
    ),
    "that was gone once": (
        [(1, 9, "a")], {"a": fetched(99, state=UidlState.GONE_FROM_SERVER)}, Policy(after_days=0), [],
    ),
    "without an id": ([(1, 9, None)], {}, Policy(after_days=0, keep_newest=0), []),
}  # fmt: skip


@pytest.mark.parametrize(("listed", "known", "policy", "leaves"), REMOVALS.values(), ids=REMOVALS)
def test_what_leaves(
    listed: list[tuple[int, int, str | None]],
    known: dict[str, Known],
    policy: Policy,
    leaves: list[int],
) -> None:
    entries = [Entry(number, size, uidl) for number, size, uidl in listed]
    found = plan.pop3_removals(entries, known, policy, now=NOW)
    assert [each.entry.number for each in found] == leaves
    assert all(each.why for each in found)
