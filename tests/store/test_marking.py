"""Many messages marked, moved and deleted at once: all of them or none."""

from __future__ import annotations

from typing import Any

import pytest

from hongyan.errors import InvalidArgument, NotFound
from hongyan.store import Change, Kind


def test_many_at_once(profile: Any) -> None:
    store, archive = profile.store, profile.store.mailboxes.create(profile.account.id, "Old")
    ids = [profile.add(f"{n}", keywords=["$flagged"]) for n in range(5)]
    state = store.changes.state(profile.account.id)
    change = Change(
        add_keywords=frozenset({"$Seen"}),
        remove_keywords=frozenset({"$flagged"}),
        add_mailboxes=frozenset({archive.id}),
        remove_mailboxes=frozenset({profile.inbox.id}),
    )
    store.messages.change(ids, change)
    assert {(*email.keywords, *email.mailbox_ids) for email in store.messages.list(ids)} == {
        ("$seen", archive.id)
    }
    assert store.mailboxes.get(archive.id).unread == 0
    assert set(store.changes.since(profile.account.id, state, Kind.EMAIL).updated) == set(ids)
    in_parts = store.changes.since(profile.account.id, state, Kind.EMAIL, limit=2)
    assert in_parts is not None  # a client may read the log of a large change in parts
    assert in_parts.has_more
    store.messages.delete_many(ids[:4])
    assert profile.found("") == {ids[4]}
    assert store.check() == ()


@pytest.mark.parametrize(
    "wrong",
    [
        Change(remove_mailboxes=frozenset({"b1"})),
        Change(add_mailboxes=frozenset({"b7"})),
        Change(add_keywords=frozenset({""})),
    ],
)
def test_all_or_none(profile: Any, wrong: Change) -> None:
    archive = profile.store.mailboxes.create(profile.account.id, "Old")
    safe, ids = profile.add("safe"), [profile.add(f"{n}") for n in range(2)]
    profile.store.messages.set_mailboxes(safe, [archive.id, profile.inbox.id])
    state = profile.store.changes.state(profile.account.id)
    with pytest.raises((InvalidArgument, NotFound)):
        profile.store.messages.change([safe, *ids], wrong)
    with pytest.raises(NotFound):
        profile.store.messages.delete_many([ids[0], "m99"])
    assert profile.store.changes.state(profile.account.id) == state
    assert profile.store.messages.get(safe).mailbox_ids == {archive.id, profile.inbox.id}


def test_added_to_several_mailboxes(profile: Any) -> None:
    archive = profile.store.mailboxes.create(profile.account.id, "Old")
    id_ = profile.add("one", also_in=[archive.id], keywords=["$draft"])
    assert profile.store.messages.get(id_).mailbox_ids == {archive.id, profile.inbox.id}
    assert profile.store.mailboxes.get(archive.id).unread == 0
    assert profile.found("is:unread") == set()
