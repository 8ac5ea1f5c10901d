"""Snoozed messages: aside until their time, then back where they were, whatever happened meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hongyan.errors import NotFound
from hongyan.store import Role, Store

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


def opened(home: Path) -> Store:
    return Store.open(home, clock=lambda: NOW)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with opened(tmp_path / "home") as store:
        account = store.accounts.add("me@example.org", secret="keychain")
        inbox = store.mailboxes.ensure(account.id, Role.INBOX).id
        label = store.mailboxes.create(account.id, "Work").id
        for number, boxes in enumerate(([inbox], [inbox, label], [label]), 1):
            octets = f"Subject: {number}\r\n\r\n".encode()
            store.messages.add(
                account.id, boxes[0], octets, also_in=boxes[1:], received_at=NOW, keywords=["$seen"]
            )
    return tmp_path / "home"


def places(store: Store, message: str) -> set[str]:
    names = {box.id: box.name for box in store.mailboxes.list("a1")}
    return {names[each] for each in store.messages.get(message).mailbox_ids}


def test_it_comes_back_unread_at_its_time_also_after_a_restart(home: Path) -> None:
    with opened(home) as store:
        store.snoozes.snooze("m1", LATER)
        assert places(store, "m1") == {"Snoozed"}
        assert store.messages.get("m1").keywords == {"$seen", "$snoozed"}
    with opened(home) as store:
        assert store.snoozes.next_due("a1") == LATER
        assert store.snoozes.bring_back("a1", LATER - timedelta(seconds=1)) == ()
        assert store.snoozes.bring_back("a1", LATER) == ("m1",)
        assert places(store, "m1") == {"Inbox"}
        assert store.messages.get("m1").keywords == frozenset()
        assert store.snoozes.next_due("a1") is None
        assert store.snoozes.bring_back("a1", LATER) == ()


def test_a_label_stays_and_without_an_inbox_all_are_left(home: Path) -> None:
    with opened(home) as store:
        store.snoozes.snooze("m2", LATER)
        store.snoozes.snooze("m3", LATER)
        assert places(store, "m2") == {"Snoozed", "Work"}
        assert places(store, "m3") == {"Snoozed"}
        assert set(store.snoozes.bring_back("a1", LATER)) == {"m2", "m3"}
        assert places(store, "m2") == {"Inbox", "Work"}
        assert places(store, "m3") == {"Work"}


def test_taking_back_leaves_it_as_it_was(home: Path) -> None:
    with opened(home) as store:
        before = store.messages.get("m1")
        store.snoozes.snooze("m1", LATER)
        store.snoozes.take_back("m1")
        assert store.messages.get("m1") == before
        store.snoozes.take_back("m1")
        assert store.messages.get("m1") == before
        with pytest.raises(NotFound):
            store.snoozes.take_back("m99")


def test_another_time_keeps_the_way_back(home: Path) -> None:
    with opened(home) as store:
        store.snoozes.snooze("m1", LATER)
        store.snoozes.snooze("m1", LATER + timedelta(days=1))
        assert store.snoozes.bring_back("a1", LATER) == ()
        assert store.snoozes.until(["m1", "m2"]) == {"m1": LATER + timedelta(days=1)}
        assert store.snoozes.bring_back("a1", LATER + timedelta(days=1)) == ("m1",)
        assert places(store, "m1") == {"Inbox"}


def test_what_was_moved_elsewhere_meanwhile_stays_there(home: Path) -> None:
    with opened(home) as store:
        trash = store.mailboxes.ensure("a1", Role.TRASH).id
        store.snoozes.snooze("m1", LATER)
        store.messages.move("m1", trash)
        assert store.snoozes.bring_back("a1", LATER) == ()
        assert places(store, "m1") == {"Trash"}
        assert store.messages.get("m1").keywords == {"$seen"}


def test_where_its_mailbox_is_gone_it_comes_to_the_inbox(home: Path) -> None:
    with opened(home) as store:
        store.snoozes.snooze("m3", LATER)
        work = store.mailboxes.find("a1", "Work").id
        store.mailboxes.delete(work, with_messages=True)
        assert store.snoozes.bring_back("a1", LATER) == ("m3",)
        assert places(store, "m3") == {"Inbox"}


def test_a_deleted_message_is_forgotten(home: Path) -> None:
    with opened(home) as store:
        store.snoozes.snooze("m1", LATER)
        store.messages.delete("m1")
        assert store.snoozes.next_due("a1") is None
