"""Repair saves all but what is damaged, and the check is clean afterwards."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest

from hongyan.errors import StoreError
from hongyan.store import Kind, Role, Store, UidlState
from hongyan.store.database import fetch
from hongyan.store.protection import CLEAR
from hongyan.store.salvage import salvage
from tests.store.uidls import known_uidls

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def repaired(profile: Any) -> tuple[tuple[str, ...], Store]:
    profile.store.close()
    lines = Store.repair(profile.home, clock=profile.clock)
    store = Store.open(profile.home, clock=profile.clock)
    profile.store = store
    assert store.check() == ()
    assert store.blobs.leftovers() == ()
    return lines, store


def aside(profile: Any) -> list[str]:
    return sorted(path.name for path in (profile.home / "set-aside").rglob("*") if path.is_file())


def test_a_whole_store_is_left_alone(profile: Any, make_letter: Any) -> None:
    profile.add("one", uidl="u")
    profile.add(make_letter("x" * 400_000))
    state = profile.store.changes.state("a1")
    lines, store = repaired(profile)
    assert lines == ()
    assert store.changes.state("a1") == state
    assert not (profile.home / "set-aside").exists()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM search",
        "INSERT INTO search (rowid, body) VALUES (9, 'ghost')",
        "DELETE FROM texts",
        "DELETE FROM memberships",
        "UPDATE mailboxes SET unread = 7, total = 0",
        "PRAGMA foreign_keys = 0; DELETE FROM mailboxes",
        "PRAGMA foreign_keys = 0; DELETE FROM accounts",
        "PRAGMA foreign_keys = 0; INSERT INTO keywords VALUES (77, 'x', 1)",
        "INSERT INTO uidls (account, uidl, message, state) VALUES (1, x'75', 77, 'stored')",
    ],
)
def test_no_message_is_lost_by_lost_rows(profile: Any, damage: str) -> None:
    ids = {
        profile.add(f"letter {n} " + "a " * 600 * n, keywords=["work"] * (n % 2)) for n in range(9)
    }
    profile.store._database._writer.execute(damage)
    before = profile.store.check()
    assert before
    lines, store = repaired(profile)
    assert lines
    assert profile.found("letter") == ids
    assert {store.messages.raw(id_) for id_ in ids}
    boxes = store.mailboxes.list("a1")
    assert sum(box.total for box in boxes) == 9
    assert store.changes.since("a1", "1", Kind.EMAIL) is None


def test_damaged_octets_are_set_aside_and_fetched_again(profile: Any) -> None:
    good, bad = profile.add("good", uidl="good"), profile.add("bad 坏", uidl="bad")
    item = profile.store.outbox.add("a1", b"to be sent", sender="", recipients=["a@b"])
    profile.store.messages.delete(profile.add("deleted", uidl="deleted"))
    db = profile.store._database._writer
    db.execute("UPDATE blobs SET data = x'00', encoding = 'plain' WHERE id = 2")
    db.execute("UPDATE blobs SET data = x'636861', encoding = 'plain' WHERE id = 3")
    assert any(f"{bad} 'A letter'" in line for line in profile.store.check())
    lines, store = repaired(profile)
    assert any(f"message {bad}" in line and "set-aside" in line for line in lines)
    assert any(f"outbox item {item}" in line for line in lines)
    assert profile.found("") == {good}
    known = known_uidls(store, "a1")
    assert known == {"good": UidlState.STORED, "deleted": UidlState.DELETED_HERE}
    assert len(aside(profile)) == 2
    assert store.messages.raw(good)


def test_a_damaged_letter_of_an_imap_server_is_fetched_again_and_not_removed_there(
    profile: Any,
) -> None:
    """Its row goes; were its place kept, that would look like a deletion to be told."""
    good, bad = profile.add("good"), profile.add("bad")
    profile.store.imap_mailboxes.pair(profile.inbox.id, wire=b"INBOX", delimiter="/")
    for uid, id_ in ((1, good), (2, bad)):
        profile.store.imap_messages.bind(profile.inbox.id, uid, id_, flags=frozenset(), size=9)
    profile.store._database._writer.execute(
        "UPDATE blobs SET data = x'00', encoding = 'plain' WHERE id = 2"
    )
    _, store = repaired(profile)
    assert store.imap_messages.expected(profile.inbox.id) == [2]
    assert store.imap_messages.places(profile.inbox.id)[1].message == good
    different, _ = store.imap_messages.different("a1")
    assert bad not in different


@pytest.mark.parametrize("loss", ["gone", "cut", "changed", "empty"])
def test_a_file_is_damaged(profile: Any, make_letter: Any, loss: str) -> None:
    good = profile.add(make_letter("y" * 400_000))
    bad = profile.add(make_letter("x" * 400_000), uidl="u")
    path = profile.store.blobs.path(profile.store.messages.get(bad).blob_id)
    if loss == "gone":
        path.unlink()
    else:
        octets = path.read_bytes()
        made = {"cut": octets[: len(octets) // 2], "changed": b"Z" + octets[1:], "empty": b""}
        path.write_bytes(made[loss])
    assert len(profile.store.check()) == 1
    lines, store = repaired(profile)
    assert len(lines) == 1
    assert profile.found("") == {good}
    assert known_uidls(store, "a1") == {}
    assert len(aside(profile)) == (loss in {"cut", "changed"})


def test_a_file_of_no_message_is_no_fault_and_set_aside(profile: Any, make_letter: Any) -> None:
    profile.add(make_letter("x" * 400_000))
    stray = profile.home / "blobs" / "ab" / ("c" * 62)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"Subject: stray\n\nhi")
    assert profile.store.check() == ()
    assert profile.store.blobs.leftovers() == (stray,)
    lines, _ = repaired(profile)
    assert len(lines) == 1
    assert aside(profile) == ["ab" + "c" * 62 + ".eml"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: Any) -> Path:
    """A closed profile with 300 letters in two mailboxes."""
    home: Path = tmp_path_factory.mktemp("filled") / "home"
    with Store.open(home, clock=lambda: NOW) as store, store.transaction():
        store.accounts.add("me@example.org", secret="keychain")
        boxes = [store.mailboxes.ensure("a1", role) for role in (Role.INBOX, Role.SENT)]
        for n in range(300):
            store.messages.add(
                "a1",
                boxes[n % 5 == 0].id,
                f"Subject: s{n}\r\n\r\nletter {n} {os.urandom(700).hex()}\r\n".encode(),
                received_at=NOW,
                uidl=f"u{n}",
                keywords=["$seen"] * (n % 2),
            )
    return home


def everything(store: Store) -> dict[str, bytes]:
    boxes = store.mailboxes.list("a1")
    ids = {email.id for box in boxes for email in store.messages.page(box.id, limit=999)}
    return {id_: store.messages.raw(id_) for id_ in ids}


def pages_of(home: Path, table: str) -> list[tuple[int, int]]:
    """The pages of a table that hold rows, each with how many it takes along."""
    sql = """
        SELECT pageno, iif(pagetype = 'leaf', ncell, 1) FROM dbstat
        WHERE name = ? AND pagetype != 'internal'
    """
    with closing(apsw.Connection(str(home / "mail.db"))) as db:
        return [(int(page), int(rows)) for page, rows in fetch(db, sql, (table,))]


@pytest.mark.parametrize(
    "table",
    [
        "messages",
        "blobs",
        "memberships",
        "uidls",
        "keywords",
        "texts",
        "search_data",
        "changes",
        "messages_by_thread",
    ],
)
@pytest.mark.parametrize("size", [1, 3])
def test_torn_pages_lose_only_what_was_on_them(
    filled: Path, tmp_path: Path, table: str, size: int
) -> None:
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    with Store.open(home, clock=lambda: NOW) as store:
        before = everything(store)
    pages = pages_of(home, table)
    torn = pages[len(pages) // 2 :][:size]
    with (home / "mail.db").open("r+b") as file:
        for page, _ in torn:
            file.seek((page - 1) * 4096)
            file.write(b"\xff" * 4096)
    lines = Store.repair(home, clock=lambda: NOW)
    assert lines
    aside = [path.name for path in (home / "set-aside").rglob("*")]
    assert "mail.db" in aside
    with Store.open(home, clock=lambda: NOW) as store:
        assert store.check() == ()
        after = everything(store)
        assert all(before[id_] == raw for id_, raw in after.items())
        lost = 300 - len(after)
        on_them = sum(rows for _, rows in torn)
        assert lost <= (on_them if table in {"messages", "blobs"} else 0), lines
        # What is lost is fetched again: a UIDL is known only for what is there.
        assert len(known_uidls(store, "a1")) <= len(after)
        assert store.search.count("letter") == len(after)
        assert int(store.messages.add("a1", "b1", b"x", received_at=NOW)[1:]) > 300
    saved = sum(name.endswith(".eml") for name in aside)
    assert table != "messages" or saved >= lost


def test_nothing_of_a_database_can_be_read(profile: Any) -> None:
    profile.add("one")
    profile.store.close()
    for path in profile.home.glob("mail.db*"):
        path.write_bytes(b"no database at all " * 999)
    lines, store = repaired(profile)
    assert "nothing of it can be read" in lines[0]
    assert "mail.db" in aside(profile)
    assert store.accounts.list() == ()


def test_a_store_in_use_is_not_touched(profile: Any) -> None:
    profile.add("one")
    with pytest.raises(StoreError, match="another program has the store open"):
        Store.repair(profile.home, clock=profile.clock)


def test_a_repair_that_was_killed_is_taken_up(filled: Path, tmp_path: Path) -> None:
    """Killed between its two steps: octets without a message are set aside all the same."""
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    (_, (page, _), *_) = pages_of(home, "messages")
    with (home / "mail.db").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    assert list(salvage(home / "mail.db", CLEAR, aside=home / "set-aside" / "first"))
    lines = Store.repair(home, clock=lambda: NOW)
    assert any("belong to no message" in line for line in lines)
    saved = list((home / "set-aside").rglob("*.eml"))
    with Store.open(home, clock=lambda: NOW) as store:
        assert store.check() == ()
        assert len(saved) + store.search.count("") == 300
    assert Store.repair(home, clock=lambda: NOW) == ()
