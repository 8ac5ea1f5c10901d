"""Compression: dictionaries are trained in time, found by other processes, and kept twice."""

from __future__ import annotations

import os
from typing import Any

import apsw
import pytest

from hongyan.errors import StoreError
from hongyan.store import Store, packing
from tests.support.short import letters


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_TRAINED_AT", ((100, 100), (200, 200)))


def fill(profile: Any, count: int, first: int = 0) -> list[str]:
    with profile.store.transaction():
        return [profile.add(raw) for raw in letters(count, 3, first=first)]


def dictionaries(profile: Any) -> Any:
    with profile.store._database.fresh() as db:
        return db.execute("SELECT id, data FROM dictionaries ORDER BY number").fetchall()


def test_dictionaries_are_trained_in_time(profile: Any, early: None) -> None:
    before = fill(profile, 99)
    assert dictionaries(profile) == []
    fill(profile, 1, 99)
    assert len(dictionaries(profile)) == 1
    after = fill(profile, 150, 100)
    assert len(dictionaries(profile)) == 2
    fill(profile, 5, 250)
    assert len(dictionaries(profile)) == 2
    for id_, raw in zip(
        [*before, *after], [*letters(99, 3), *letters(150, 3, first=100)], strict=False
    ):
        assert profile.store.messages.raw(id_) == raw
    assert profile.store.check() == ()
    sizes = "SELECT avg(length(data)) FROM blobs WHERE id BETWEEN ? AND ?"
    with profile.store._database.read() as db:
        assert db.execute(sizes, (101, 200)).get < 0.85 * db.execute(sizes, (1, 99)).get


def test_another_process_reads_them(profile: Any, early: None, clock: Any) -> None:
    with Store.open(profile.home, clock=clock) as other:
        other.messages.raw(fill(profile, 1)[0])
        fill(profile, 119, 1)
        late = fill(profile, 1, 120)[0]
        assert other.messages.raw(late) == next(letters(1, 3, first=120))
        other.messages.add("a1", "b1", next(letters(1, 3, first=121)), received_at=clock())
    assert len(dictionaries(profile)) == 1


@pytest.mark.parametrize("damage", ["row", "gone", "file"])
def test_one_of_two_copies_is_enough(profile: Any, early: None, clock: Any, damage: str) -> None:
    ids = fill(profile, 120)
    (path,) = (profile.home / "blobs" / "dictionaries").iterdir()
    profile.store.close()
    db = apsw.Connection(str(profile.home / "mail.db"))
    if damage == "row":
        db.execute("UPDATE dictionaries SET data = zeroblob(length(data))")
    elif damage == "gone":
        db.execute("DELETE FROM dictionaries")
    else:
        path.write_bytes(os.urandom(999))
    db.close()
    profile.store = Store.open(profile.home, clock=clock)
    assert profile.store.messages.raw(ids[110])
    assert profile.store.check() == ()


def test_both_copies_lost_is_said(profile: Any, early: None, clock: Any) -> None:
    fill(profile, 120)
    late = fill(profile, 1, 120)[0]
    profile.store.close()
    db = apsw.Connection(str(profile.home / "mail.db"))
    db.execute("DELETE FROM dictionaries")
    db.close()
    for path in (profile.home / "blobs" / "dictionaries").iterdir():
        path.unlink()
    profile.store = Store.open(profile.home, clock=clock)
    with pytest.raises(StoreError, match="dictionary"):
        profile.store.messages.raw(late)
    assert any("dictionary" in line for line in profile.store.check())


def test_a_rollback_takes_no_dictionary_along(profile: Any, early: None) -> None:
    fill(profile, 98)
    with pytest.raises(ZeroDivisionError), profile.store.transaction():
        [profile.add(raw) for raw in letters(5, 3, first=98)]
        raise ZeroDivisionError
    assert dictionaries(profile) == []
    ids = fill(profile, 10, 98)
    assert profile.store.messages.raw(ids[-1]) == next(letters(1, 3, first=107))


def test_mail_without_anything_in_common(profile: Any, early: None) -> None:
    with profile.store.transaction():
        ids = [profile.add(os.urandom(30)) for _ in range(130)]
    assert all(profile.store.messages.raw(id_) for id_ in ids)
    assert profile.store.check() == ()


@pytest.mark.parametrize("size", [300_000, 3_000_000])
@pytest.mark.parametrize("compressible", [True, False])
def test_large_ones_are_files_that_shrink_where_they_can(
    profile: Any, size: int, compressible: bool
) -> None:
    raw = b"Subject: x\r\n\r\n" + (b"word " * (size // 5) if compressible else os.urandom(size))
    id_ = profile.add(raw)
    assert profile.store.messages.raw(id_) == raw
    path = profile.store.blobs.path(profile.store.messages.get(id_).blob_id)
    assert (path.stat().st_size < size / 10) == compressible
    assert list((profile.home / "blobs").glob("incoming-*")) == []
