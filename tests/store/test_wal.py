"""The journal of a killed process is gone, cut, blank, noise, or another store's (FAULTS 28).

The oracle: what can be read is as it was written; what is lost is not known either, so that it is
fetched again; the store is whole at once, or says that it is not and is so after a repair.
"""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pytest

from hongyan.errors import StoreError
from hongyan.store import Role, Store
from tests.store.uidls import known_uidls

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
EARLY, LATE = 150, 40  # before and after the last checkpoint
Letters: TypeAlias = dict[str, bytes]


def clock() -> datetime:
    return NOW


def killed(home: Path, name: str) -> tuple[Path, Letters]:
    """What a process leaves that was killed with letters in its journal, and these letters."""
    letters = {
        f"{name}{n}": f"Subject: {name}{n}\r\n\r\n{random.Random(n).randbytes(600).hex()}\r\n".encode()
        for n in range(EARLY + LATE)
    }
    left = home / f"{name}-killed"
    with Store.open(home / name, clock=clock) as store:
        store.accounts.add(f"{name}@b.c", secret="keychain")
        store.mailboxes.ensure("a1", Role.INBOX)
        for number, (uidl, raw) in enumerate(letters.items()):
            if number == EARLY:
                store._database._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            store.messages.add("a1", "b1", raw, received_at=NOW, uidl=uidl)
        shutil.copytree(home / name, left, ignore=shutil.ignore_patterns("*-shm"))
    return left, letters


def damaged(octets: bytes, how: str, other: bytes) -> bytes:
    if how == "noise":
        return random.Random(1).randbytes(len(octets))
    return {
        "whole": octets,
        "cut": octets[: len(octets) // 2],
        "blank": bytes(len(octets)),
        "another's": other,
    }[how]


def checked(home: Path) -> tuple[str, ...]:
    """What is wrong with a store."""
    try:
        with Store.open(home, clock=clock) as store:
            return store.check()
    except StoreError as error:
        return (str(error),)


def in_store(home: Path) -> tuple[set[bytes], set[str]]:
    """The letters in a store, and the UIDLs that it knows."""
    with Store.open(home, clock=clock) as store:
        found = store.messages.page("b1", limit=1000)
        return {store.messages.raw(each.id) for each in found}, set(known_uidls(store, "a1"))


@pytest.mark.parametrize("how", ["whole", "gone", "cut", "blank", "noise", "another's"])
def test_what_is_left(tmp_path: Path, how: str) -> None:
    home, letters = killed(tmp_path, "a")
    other, others = killed(tmp_path, "b")
    journal = home / "mail.db-wal"
    if how == "gone":
        journal.unlink()
    else:
        foreign = (other / "mail.db-wal").read_bytes()
        journal.write_bytes(damaged(journal.read_bytes(), how, foreign))
    faults = checked(home)
    assert bool(faults) == (how == "another's"), faults
    Store.repair(home, clock=clock)
    assert checked(home) == ()
    found, known = in_store(home)
    assert found <= {*letters.values(), *others.values()}, "as it was written"
    assert len(known) == len(found), "what is lost is not known either"
    if how != "another's":
        assert known == {uidl for uidl, raw in letters.items() if raw in found}
        assert len(found) >= EARLY
    assert (len(found) == EARLY + LATE) == (how == "whole")


@pytest.mark.parametrize(("ours", "theirs"), [(20, 20), (20, 35), (35, 20)])
def test_the_journal_of_a_twin_is_taken_for_ours(tmp_path: Path, ours: int, theirs: int) -> None:
    """A copy of the store that went on by itself: nothing tells the two apart (docs/faults.md).

    What is there then is what the twin had, each letter whole; ours of since the copy are not known.
    """
    before = _store(tmp_path / "before", tmp_path / "old", 60)
    shutil.copytree(tmp_path / "old", tmp_path / "twin")
    _store(tmp_path / "a", tmp_path / "old", ours, first=100)
    after = _store(tmp_path / "b", tmp_path / "twin", theirs, first=200)
    shutil.copy(tmp_path / "b" / "mail.db-wal", tmp_path / "a" / "mail.db-wal")
    assert checked(tmp_path / "a") == ()
    found, known = in_store(tmp_path / "a")
    assert found == {*before.values(), *after.values()}
    assert known == before.keys() | after.keys()


def _store(left: Path, home: Path, count: int, *, first: int = 0) -> Letters:
    """Store letters; ``left`` is what a process leaves that is killed then."""
    letters = {
        str(n): f"Subject: {n}\r\n\r\n{random.Random(n).randbytes(600).hex()}\r\n".encode()
        for n in range(first, first + count)
    }
    with Store.open(home, clock=clock) as store:
        if not store.accounts.list():
            store.accounts.add("a@b.c", secret="keychain")
            store.mailboxes.ensure("a1", Role.INBOX)
        for uidl, raw in letters.items():
            store.messages.add("a1", "b1", raw, received_at=NOW, uidl=uidl)
        shutil.copytree(home, left, ignore=shutil.ignore_patterns("*-shm"))
    return letters
