"""Opening, refusing, filling up, and being damaged."""

from __future__ import annotations

import signal
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import apsw
import pytest

from hongyan.errors import StoreError
from hongyan.store import Store
from tests.store.uidls import known_uidls

if TYPE_CHECKING:
    from pathlib import Path


def test_nobody_else_may_read_it(profile: Any) -> None:
    profile.add("secret")
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in [profile.home, *profile.home.iterdir()]
    }
    assert modes["home"] == 0o700
    assert {mode for name, mode in modes.items() if name.startswith("mail.db")} == {0o600}
    assert {name for name, mode in modes.items() if mode & 0o077} == set()


def test_it_is_durable_and_strict(profile: Any) -> None:
    with profile.store._database.write() as db:
        assert db.pragma("journal_mode") == "wal"
        assert db.pragma("synchronous") == 2
        assert db.pragma("foreign_keys") == 1
        assert db.pragma("integrity_check") == "ok"
        assert db.pragma("foreign_key_check") is None


def test_a_newer_store_is_refused_untouched(profile: Any, clock: Any) -> None:
    profile.add("one")
    profile.store.close()
    path = profile.home / "mail.db"
    with apsw.Connection(str(path)) as db:
        db.pragma("user_version", 99)
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer Hongyan"):
        Store.open(profile.home, clock=clock)
    assert path.read_bytes() == before


def test_reopening_finds_everything(profile: Any, clock: Any) -> None:
    id_ = profile.add("one 北京")
    profile.store.close()
    with Store.open(profile.home, clock=clock) as store:
        assert store.messages.get(id_).preview == "one 北京"
        assert [hit.id for hit in store.search.find("北京")] == [id_]
        assert store.changes.state(profile.account.id) == "2"


@pytest.mark.parametrize("damage", ["text", "truncated", "page"])
def test_damage_is_named(profile: Any, clock: Any, damage: str) -> None:
    for n in range(50):
        profile.add(f"{n} " * 500)
    profile.store.close()
    path = profile.home / "mail.db"
    octets = path.read_bytes()
    path.write_bytes(
        {
            "text": b"this is a letter, not a database" * 500,
            "truncated": octets[: len(octets) // 3],
            "page": octets[:4096] + b"\xff" * (len(octets) - 4096),
        }[damage]
    )
    with (
        pytest.raises(StoreError, match=r"mail\.db"),
        Store.open(profile.home, clock=clock) as store,
    ):
        for email in store.messages.page(profile.inbox.id, limit=100):
            store.messages.raw(email.id)


def test_a_folder_that_cannot_be(tmp_path: Path, clock: Any) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        Store.open(tmp_path / "file", clock=clock)
    (tmp_path / "home" / "mail.db").mkdir(parents=True)
    with pytest.raises(StoreError):
        Store.open(tmp_path / "home", clock=clock)


def test_a_full_disk_loses_nothing_that_was_stored(profile: Any) -> None:
    stored = [profile.add("one")]
    writer = profile.store._database._writer
    writer.pragma("max_page_count", writer.pragma("page_count") + 3)
    with pytest.raises(StoreError, match="disk is full"):
        stored.extend(profile.add(f"{n} " * 2000, uidl=str(n)) for n in range(1000))
    known = known_uidls(profile.store, profile.account.id)
    assert len(known) == len(stored) - 1
    assert profile.found("") == set(stored[-50:])
    assert writer.pragma("integrity_check") == "ok"
    writer.pragma("max_page_count", 1_000_000)
    again = profile.add("now there is room", uidl=str(len(known)))
    assert profile.store.messages.raw(again)


def test_many_threads_write_and_read(profile: Any) -> None:
    def work(number: int) -> None:
        for n in range(10):
            id_ = profile.add(f"thread {number} letter {n}")
            assert profile.store.messages.get(id_).preview == f"thread {number} letter {n}"
            assert profile.store.search.find("letter", limit=1)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert profile.store.mailboxes.get(profile.inbox.id).total == 60


def test_ctrl_c_ends_a_statement_that_takes_long(profile: Any) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt), profile.store._database.read() as db:
            db.execute(endless)
    finally:
        signal.signal(signal.SIGALRM, before)
    profile.add("one")
    assert profile.store.check() == ()
