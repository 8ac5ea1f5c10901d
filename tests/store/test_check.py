"""The check finds what is damaged, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_whole_store_is_clean(profile: Any, make_letter: Any) -> None:
    ids = [profile.add(f"letter {n}") for n in range(5)] + [profile.add(make_letter("x" * 400_000))]
    profile.store.messages.delete(ids[2])
    profile.store.messages.patch_keywords(ids[1], add=["$seen"])
    profile.store.outbox.add("a1", b"mail", sender="", recipients=["a@b"])
    assert profile.store.check() == ()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM search", "m1: is not in the index"),
        ("INSERT INTO search (rowid, body) VALUES (9, 'ghost')", "index row 9: belongs to no"),
        ("DELETE FROM memberships WHERE message = 1", "m1: is in no mailbox"),
        ("UPDATE mailboxes SET unread = 7", "b1: its counts are wrong"),
        ("UPDATE blobs SET data = x'00'", "damaged"),
        ("PRAGMA foreign_keys = 0; DELETE FROM blobs", "m1: its octets are lost"),
    ],
)
def test_damage_is_found(profile: Any, damage: str, said: str) -> None:
    profile.add("letter")
    profile.store._database._writer.execute(damage)
    assert any(said in line for line in profile.store.check()), profile.store.check()


def test_a_lost_file_is_found(profile: Any, make_letter: Any) -> None:
    profile.add(make_letter("x" * 400_000))
    (path,) = (path for path in (profile.home / "blobs").rglob("*") if path.is_file())
    path.unlink()
    (line,) = profile.store.check()
    assert path.name in line


def test_a_torn_page_is_found(profile: Any) -> None:
    for n in range(60):
        profile.add(f"letter {n} " * 200)
    profile.store._database._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = profile.home / "mail.db"
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2 : len(octets) // 2 + 20_000] = b"\xff" * 20_000
    path.write_bytes(octets)
    assert profile.store.check() != ()
