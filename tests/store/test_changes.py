"""The change log answers RFC 8620 §5.2 for every state it knows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hongyan.errors import NotFound
from hongyan.store import Kind


def since(profile: Any, state: str, kind: Kind = Kind.EMAIL, **values: int) -> Any:
    return profile.store.changes.since(profile.account.id, state, kind, **values)


def test_created_updated_destroyed(profile: Any) -> None:
    state = profile.store.changes.state(profile.account.id)
    kept, gone = profile.add("one"), profile.add("two")
    middle = profile.store.changes.state(profile.account.id)
    changes = since(profile, state)
    assert set(changes.created) == {kept, gone}
    profile.store.messages.patch_keywords(kept, add=["$seen"])
    profile.store.messages.delete(gone)
    changes = since(profile, middle)
    assert (changes.created, changes.updated, changes.destroyed) == ((), (kept,), (gone,))
    changes = since(profile, state)
    assert (changes.created, changes.updated, changes.destroyed) == ((kept,), (), ())
    assert since(profile, state, Kind.MAILBOX).updated == (profile.inbox.id,)
    assert len(since(profile, middle, Kind.THREAD).destroyed) == 1
    assert changes.new_state == profile.store.changes.state(profile.account.id)


def test_a_thread_that_was_gone_comes_anew(profile: Any, make_letter: Any) -> None:
    first = profile.add(make_letter("a", Message_ID="<a@x>"))
    thread = profile.store.messages.get(first).thread_id
    profile.store.messages.delete(first)
    state = profile.store.changes.state(profile.account.id)
    answer = profile.add(make_letter("b", References="<a@x>"))
    assert profile.store.messages.get(answer).thread_id == thread
    assert since(profile, state, Kind.THREAD).created == (thread,)


def test_what_changes_nothing_moves_nothing(profile: Any) -> None:
    id_ = profile.add("one", keywords=["$seen"], uidl="1")
    state = profile.store.changes.state(profile.account.id)
    profile.store.messages.set_keywords(id_, ["$SEEN"])
    profile.store.messages.move(id_, profile.inbox.id)
    profile.add("one", uidl="1")
    assert profile.store.changes.state(profile.account.id) == state


def test_one_change_of_many_is_told_in_parts(profile: Any) -> None:
    ids = [profile.add(str(n)) for n in range(5)]
    state = profile.store.changes.state(profile.account.id)
    with profile.store.transaction():
        for id_ in ids:
            profile.store.messages.patch_keywords(id_, add=["$seen"])
        new = [profile.add("new"), profile.add("newer")]
    created, updated = [], []
    for _ in range(9):
        changes = since(profile, state, limit=2)
        assert len(changes.created) + len(changes.updated) <= 2
        created += changes.created
        updated += changes.updated
        state = changes.new_state
        if not changes.has_more:
            break
        if len(updated) == 2:  # what changes meanwhile comes again
            profile.store.messages.patch_keywords(updated[0], add=["later"])
    assert sorted(set(created)) == new
    assert sorted(set(updated)) == ids
    assert state == profile.store.changes.state(profile.account.id, Kind.EMAIL)
    assert since(profile, state).updated == ()


def test_each_kind_has_its_state(profile: Any) -> None:
    id_ = profile.add("one", keywords=["$seen"])
    before = {kind: profile.store.changes.state(profile.account.id, kind) for kind in Kind}
    counter = profile.store.changes.state(profile.account.id)
    profile.store.messages.patch_keywords(id_, add=["$flagged"])
    after = {kind: profile.store.changes.state(profile.account.id, kind) for kind in Kind}
    assert {kind for kind in Kind if before[kind] != after[kind]} == {Kind.EMAIL}
    moved = profile.store.changes.kinds_since(profile.account.id, counter)
    assert moved == {Kind.EMAIL: after[Kind.EMAIL]}


def test_limits_are_kept(profile: Any) -> None:
    state = profile.store.changes.state(profile.account.id)
    ids = [profile.add(str(n)) for n in range(5)]
    found = []
    while True:
        changes = since(profile, state, limit=2)
        found += changes.created
        state = changes.new_state
        if not changes.has_more:
            break
    assert found == ids


@pytest.mark.parametrize("state", ["", "x", "-1", "99", "1e1", "٣", "9" * 40])
def test_unknown_states_cannot_be_calculated(profile: Any, state: str) -> None:
    assert since(profile, state) is None


def test_pruned_states_cannot_be_calculated(profile: Any) -> None:
    state = profile.store.changes.state(profile.account.id)
    id_ = profile.add("one")
    profile.clock.pass_by(days=31)
    profile.store.changes.prune(profile.clock() - timedelta(days=30))
    assert since(profile, state) is None
    recent = profile.store.changes.state(profile.account.id)
    profile.store.messages.patch_keywords(id_, add=["x"])
    assert since(profile, recent).updated == (id_,)


def test_accounts_have_their_own(profile: Any) -> None:
    other = profile.store.accounts.add("you@example.org", secret="keychain")
    before = profile.store.changes.state(other.id)
    profile.add("one")
    assert profile.store.changes.state(other.id) == before
    with pytest.raises(NotFound):
        profile.store.changes.state("a99")
