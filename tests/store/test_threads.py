"""Threads: the same whatever the order of arrival, and every change of them is recorded."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongyan.errors import NotFound
from hongyan.store import Kind

CHAIN = {"a": "", "b": "a", "c": "b", "d": "c"}  # each answers the one before, and names no other


def threads(profile: Any, ids: list[str]) -> set[frozenset[str]]:
    by_thread: dict[str, set[str]] = {}
    for email in profile.store.messages.list(ids):
        by_thread.setdefault(email.thread_id, set()).add(email.id)
    for thread, members in by_thread.items():
        assert set(profile.store.messages.thread(thread)) == members
    return {frozenset(members) for members in by_thread.values()}


def add(profile: Any, make_letter: Any, name: str, parents: str) -> str:
    more = {"In_Reply_To": " ".join(f"<{each}@x>" for each in parents)} if parents else {}
    profile.clock.pass_by(minutes=1)
    return str(profile.add(make_letter(name, Message_ID=f"<{name}@x>", **more)))


@pytest.mark.parametrize("order", list(permutations(CHAIN)), ids="".join)
def test_any_order_gives_one_thread(profile: Any, make_letter: Any, order: tuple[str, ...]) -> None:
    ids = [add(profile, make_letter, name, CHAIN[name]) for name in order]
    assert threads(profile, ids) == {frozenset(ids)}
    box = profile.store.mailboxes.get(profile.inbox.id)
    assert (box.total, box.total_threads, box.unread_threads) == (4, 1, 1)
    assert profile.store.check() == ()


def test_a_merge_is_told(profile: Any, make_letter: Any) -> None:
    store, account = profile.store, profile.account.id
    first, third = (add(profile, make_letter, name, CHAIN[name]) for name in "ad")
    old = store.messages.get(third).thread_id
    kept = store.messages.get(first).thread_id
    between = add(profile, make_letter, "c", "b")
    state = store.changes.state(account)
    late = add(profile, make_letter, "b", "a")
    assert {email.thread_id for email in store.messages.list([first, between, third, late])} == {
        kept
    }
    emails = store.changes.since(account, state, Kind.EMAIL)
    assert (emails.created, set(emails.updated), emails.destroyed) == (
        (late,),
        {third, between},
        (),
    )
    told = store.changes.since(account, state, Kind.THREAD)
    assert (told.created, told.updated, told.destroyed) == ((), (kept,), (old,))
    with pytest.raises(NotFound):
        store.messages.thread(old)
    answer = add(profile, make_letter, "e", "d")  # an id that pointed to the thread that is gone
    assert store.messages.get(answer).thread_id == kept


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.text("abcdefgh", max_size=3)), max_size=8)
)
def test_threads_are_what_the_ids_join(
    profile: Any, make_letter: Any, mail: list[tuple[str, str]]
) -> None:
    """Against a plain union of sets."""
    mark = str(profile.store.changes.state(profile.account.id))
    ids: list[str] = []
    sets: list[tuple[set[str], set[str]]] = []  # names joined, and the messages that have them
    for name, parents in mail:
        names = {f"{mark}{each}" for each in (name, *parents)}
        ids.append(_add_named(profile, make_letter, mark, name, parents))
        joined = [each for each in sets if each[0] & names]
        sets = [each for each in sets if not each[0] & names]
        sets.append(
            (names.union(*(each[0] for each in joined)), {ids[-1]}.union(*(m for _, m in joined)))
        )
    assert threads(profile, ids) == {frozenset(members) for _, members in sets}
    assert profile.store.check() == ()


def _add_named(profile: Any, make_letter: Any, mark: str, name: str, parents: str) -> str:
    more = {"References": " ".join(f"<{mark}{each}@x>" for each in parents)} if parents else {}
    profile.clock.pass_by(minutes=1)
    return str(profile.add(make_letter(name, Message_ID=f"<{mark}{name}@x>", **more)))


def test_found_by_message_id(profile: Any, make_letter: Any) -> None:
    ids = [add(profile, make_letter, name, CHAIN[name]) for name in "dbac"]
    again = profile.add(make_letter("b once more", Message_ID="<b@x>"))
    find = profile.store.messages.with_message_id
    assert find(profile.account.id, "b@x") == (ids[1], again)
    assert find(profile.account.id, "nothing@x") == ()
