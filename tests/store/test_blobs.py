"""Blobs: the same octets back, once, and nothing left of what was abandoned."""

from __future__ import annotations

import gc
import hashlib
import os
import stat
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hongyan.errors import NotFound, StoreError
from hongyan.store import Blob
from hongyan.store.protection import CLEAR
from hongyan.store.spool import SMALL, BlobWriter

if TYPE_CHECKING:
    from pathlib import Path


def files(profile: Any) -> list[Path]:
    return [path for path in (profile.home / "blobs").glob("??/*") if path.is_file()]


@pytest.mark.parametrize("size", [0, 1, SMALL - 1, SMALL, SMALL + 1, 3 * SMALL])
@pytest.mark.parametrize("compressible", [True, False])
def test_chunks_become_the_blob(profile: Any, size: int, compressible: bool) -> None:
    octets = b"a" * size if compressible else os.urandom(size)
    with profile.store.blobs.writer() as writer:
        for at in range(0, size, 100_001):
            writer.write(octets[at : at + 100_001])
        blob = writer.finish()
    assert blob.sha256 == hashlib.sha256(octets).hexdigest()
    assert blob.size == size
    assert profile.store.blobs.read(blob) == octets
    kept = profile.store.blobs.keep(blob)
    assert kept == blob
    assert profile.store.blobs.read(kept.sha256) == octets
    assert bytes(profile.store.blobs.open(kept)[:]) == octets
    assert len(files(profile)) == (size > SMALL)


def test_an_abandoned_writer_leaves_nothing(profile: Any) -> None:
    def spooled() -> list[Path]:
        return [*(profile.home / "blobs").glob("incoming-*")]

    with profile.store.blobs.writer() as writer:
        writer.write(b"x" * (SMALL + 1))
        assert len(spooled()) == 1
    gc.collect()
    assert spooled() == []
    blob = profile.store.blobs.hold(b"x" * (SMALL + 1))
    assert len(spooled()) == 1
    del blob
    gc.collect()
    assert spooled() == []


def test_large_files_are_the_owners_alone_and_named_by_hash(profile: Any) -> None:
    blob = profile.store.blobs.keep(b"x" * (SMALL + 1))
    (path,) = files(profile)
    assert path.relative_to(profile.home) == (
        path.parent.parent.relative_to(profile.home) / blob.sha256[:2] / blob.sha256[2:]
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_blob_survives_a_transaction_that_failed(profile: Any) -> None:
    for size in (10, SMALL + 1):
        blob = profile.store.blobs.hold(b"x" * size)
        with pytest.raises(ZeroDivisionError), profile.store.transaction():
            profile.store.blobs.keep(blob)
            raise ZeroDivisionError
        assert profile.store.blobs.read(profile.store.blobs.keep(blob)) == b"x" * size


def test_sweeping_takes_only_what_nothing_names(profile: Any) -> None:
    used = profile.add(b"x" * (SMALL + 1))
    unused = profile.store.blobs.keep(b"y" * (SMALL + 1))
    sent = profile.store.outbox.add("a1", b"z", sender="", recipients=["a@b"])
    assert profile.store.blobs.sweep(profile.clock()) == 0
    profile.clock.pass_by(days=1)
    assert profile.store.blobs.sweep(profile.clock() - timedelta(hours=1)) == 1
    assert len(profile.store.messages.raw(used)) == SMALL + 1
    assert profile.store.blobs.read(profile.store.outbox.get(sent).blob_id) == b"z"
    with pytest.raises(NotFound):
        profile.store.blobs.read(unused)


@pytest.mark.parametrize("name", ["", "zz", "../../etc/passwd", "0" * 64, "\ud800"])
def test_unknown_names(profile: Any, name: str) -> None:
    with pytest.raises(NotFound):
        profile.store.blobs.read(name)
    with pytest.raises(NotFound):
        profile.add(Blob("0" * 64, 3))


def test_a_full_disk_is_one_clear_error(profile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    profile.add("before")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left"):
            profile.add(b"x" * (SMALL + 1))
    gc.collect()
    assert files(profile) == []
    with pytest.raises(StoreError, match="No such file"):
        BlobWriter(profile.home / "nowhere", CLEAR).write(b"x" * (SMALL + 1))
    assert profile.store.mailboxes.get(profile.inbox.id).total == 1
