"""Mailboxes: a tree with names, roles, an order, and counts of messages and threads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hongyan.errors import InvalidArgument, NotFound
from hongyan.store import Kind, Role


def counts(profile: Any, mailbox_id: str) -> tuple[int, int, int, int]:
    box = profile.store.mailboxes.get(mailbox_id)
    return box.total, box.unread, box.total_threads, box.unread_threads


def test_a_tree(profile: Any) -> None:
    boxes, account = profile.store.mailboxes, profile.account.id
    work = boxes.create(account, "Work", sort_order=7, is_subscribed=False)
    below = boxes.create(account, "Bills", parent_id=work.id)
    boxes.create(account, "Bills")  # elsewhere a name may come again
    assert (below.parent_id, below.name) == (work.id, "Bills")
    assert (work.sort_order, work.is_subscribed, work.parent_id) == (7, False, None)
    assert boxes.find(account, "Bills", parent_id=work.id) == below
    assert boxes.ensure(account, "Bills", parent_id=work.id) == below
    renamed = boxes.update(replace(below, name="Invoices", parent_id=None, role=Role.ARCHIVE))
    assert (renamed.name, renamed.parent_id, renamed.role) == ("Invoices", None, Role.ARCHIVE)
    assert boxes.find(account, Role.ARCHIVE) == renamed


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "Inbox"}),
        ("role", {"role": Role.INBOX}),
        ("parentId", {"parent_id": "b2"}),  # itself
        ("parentId", {"parent_id": "b3"}),  # its child
        ("parentId", {"parent_id": "b77"}),
        ("parentId", {"parent_id": "b4"}),  # another account's
        ("sortOrder", {"sort_order": -1}),
    ],
)
def test_what_cannot_be(profile: Any, field: str, wrong: dict[str, Any]) -> None:
    boxes, account = profile.store.mailboxes, profile.account.id
    box = boxes.create(account, "Work")
    boxes.create(account, "Bills", parent_id=box.id)
    other = profile.store.accounts.add("you@example.org", secret="keychain")
    boxes.create(other.id, "Theirs")
    state = profile.store.changes.state(account)
    with pytest.raises(InvalidArgument) as error:
        boxes.update(replace(box, **wrong))
    assert error.value.field == field
    assert boxes.get(box.id) == box
    assert profile.store.changes.state(account) == state


def test_deleting(profile: Any) -> None:
    boxes, account = profile.store.mailboxes, profile.account.id
    work = boxes.create(account, "Work")
    child = boxes.create(account, "Child", parent_id=work.id)
    for reason in ("mailboxHasChild", "mailboxHasEmail"):
        with pytest.raises(InvalidArgument) as error:
            boxes.delete(work.id)
        assert error.value.field == reason
        if reason == "mailboxHasChild":
            boxes.delete(child.id)
            alone, both = profile.add("alone", uidl="1"), profile.add("both")
            profile.store.messages.move(alone, work.id)
            profile.store.messages.set_mailboxes(both, [work.id, profile.inbox.id])
    before = profile.store.changes.state(account)
    boxes.delete(work.id, with_messages=True)
    changes = profile.store.changes.since(account, before, Kind.EMAIL)
    assert (changes.updated, changes.destroyed) == ((both,), (alone,))
    assert profile.store.changes.since(account, before, Kind.MAILBOX).destroyed == (work.id,)
    assert profile.found("") == {both}
    with pytest.raises(NotFound):
        boxes.get(work.id)
    assert profile.store.check() == ()


def test_counts_of_threads(profile: Any, make_letter: Any) -> None:
    archive = profile.store.mailboxes.create(profile.account.id, "Old")
    first = profile.add(make_letter("a", Message_ID="<a@x>"))
    profile.clock.pass_by(minutes=1)
    second = profile.add(make_letter("b", References="<a@x>"))
    profile.add("alone", keywords=["$seen"])
    assert counts(profile, profile.inbox.id) == (3, 2, 2, 1)
    messages = profile.store.messages
    messages.patch_keywords(first, add=["$seen"])
    assert counts(profile, profile.inbox.id) == (3, 1, 2, 1)
    messages.patch_keywords(second, add=["$draft"])
    assert counts(profile, profile.inbox.id) == (3, 0, 2, 0)
    messages.set_mailboxes(second, [archive.id, profile.inbox.id])
    messages.patch_keywords(second, remove=["$draft"])
    assert counts(profile, archive.id) == (1, 1, 1, 1)
    messages.move(second, archive.id)
    assert counts(profile, profile.inbox.id) == (2, 0, 2, 0)
    messages.delete(first)
    assert counts(profile, profile.inbox.id) == (1, 0, 1, 0)
    assert profile.store.check() == ()
