"""A backup is a whole profile of one moment, whatever happens meanwhile; migrations make one too."""

from __future__ import annotations

import gzip
import stat
import zipfile
from pathlib import Path
from typing import Any

import apsw
import pytest

from hongyan.errors import StoreError
from hongyan.store import Store, backup, database

SCHEMA_1 = Path(__file__).parent / "fixtures" / "schema-1.db.gz"


def unpacked(target: Path, home: Path) -> Path:
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        archive.extractall(home)
    return home


def test_a_backup_is_a_profile(profile: Any, make_letter: Any, tmp_path: Path) -> None:
    small = profile.add("one 北京", uidl="u1")
    large = profile.add(make_letter("x" * 400_000))
    target = tmp_path / "backup.zip"
    told: list[tuple[int, ...]] = []
    profile.store.backup(target, advance=lambda *counts: told.append(counts))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert told[-1][0] == told[-1][1] == 2
    assert told[-1][2] == told[-1][3] > 100_000
    profile.add("later")
    with Store.open(unpacked(target, tmp_path / "other"), clock=profile.clock) as store:
        assert store.check() == ()
        assert store.blobs.leftovers() == ()
        assert [hit.id for hit in store.search.find("北京")] == [small]
        assert store.messages.raw(large) == profile.store.messages.raw(large)
        assert store.search.count("") == 2
    assert not list((profile.home / "blobs").glob("incoming*"))


def test_files_that_go_meanwhile_are_in_it(
    profile: Any, make_letter: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = profile.add(make_letter("x" * 400_000))
    pack = backup._pack

    def pack_later(*arguments: Any, **named: Any) -> None:
        profile.store.messages.delete(large)
        profile.add("new")
        pack(*arguments, **named)

    monkeypatch.setattr(backup, "_pack", pack_later)
    profile.store.backup(tmp_path / "b.zip")
    assert not [path for path in (profile.home / "blobs").rglob("*") if path.is_file()]
    with Store.open(unpacked(tmp_path / "b.zip", tmp_path / "other"), clock=profile.clock) as store:
        assert store.check() == ()
        assert [hit.id for hit in store.search.find("")] == [large]
        assert len(store.messages.raw(large)) > 400_000


def test_an_old_backup_stays_unless_it_may_go(profile: Any, tmp_path: Path) -> None:
    target = tmp_path / "backup.zip"
    target.write_bytes(b"old")
    with pytest.raises(StoreError, match="exists already"):
        profile.store.backup(target)
    assert target.read_bytes() == b"old"
    profile.store.backup(target, replace=True)
    assert zipfile.is_zipfile(target)
    assert not list(tmp_path.glob("*.part"))


def test_nothing_half_done_remains(profile: Any, make_letter: Any, tmp_path: Path) -> None:
    profile.add(make_letter("x" * 400_000))
    (path,) = (path for path in (profile.home / "blobs").rglob("*") if path.is_file())
    path.unlink()
    with pytest.raises(StoreError, match="missing"):
        profile.store.backup(tmp_path / "b.zip")
    with pytest.raises(StoreError):
        profile.store.backup(tmp_path / "no" / "b.zip")
    assert {path.name for path in tmp_path.iterdir()} == {"home"}


@pytest.fixture
def schema_1(tmp_path: Path) -> Path:
    home = tmp_path / "old"
    home.mkdir()
    (home / "mail.db").write_bytes(gzip.decompress(SCHEMA_1.read_bytes()))
    return home


def test_there_is_a_copy_of_what_was_before_a_migration(
    schema_1: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = database._scripts()
    monkeypatch.setattr(database, "_scripts", lambda: [*scripts, "CREATE TABLE new (x) STRICT;"])
    with pytest.raises(StoreError):  # which takes a type
        Store.open(schema_1, clock=clock)
    monkeypatch.setattr(database, "_scripts", lambda: [*scripts, "CREATE TABLE new (x INT) STRICT"])
    with Store.open(schema_1, clock=clock) as store:
        assert store.check() == ()
    for name, version in (("mail.db", len(scripts) + 1), ("mail.db.schema-1", 1)):
        path = schema_1 / name
        db = apsw.Connection(str(path))
        assert db.pragma("user_version") == version
        assert db.execute("SELECT count(*) FROM messages").get == 2
        db.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
