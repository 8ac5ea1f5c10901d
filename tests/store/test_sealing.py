"""Sealed files: what was written comes back, whole, or nothing genuine is claimed."""

from __future__ import annotations

import io
import os
import tracemalloc
from pathlib import Path

import pytest

from hongyan.errors import StoreError
from hongyan.store import BlobWriter
from hongyan.store.protection import CLEAR, Sealed, gathered
from hongyan.store.sealing import _CHUNK, Sealing, unsealed
from hongyan.store.spool import TemporaryFile

KEY = bytes(range(32))
BLOCK = _CHUNK + 16


def sealed(path: Path, octets: bytes, *, step: int = 70_001) -> bytes:
    made = io.BytesIO()
    sealing = Sealing(made, KEY)
    for start in range(0, len(octets), step):
        sealing.write(octets[start : start + step])
    sealing.end()
    path.write_bytes(made.getvalue())
    return made.getvalue()


@pytest.mark.parametrize("size", [0, 1, _CHUNK - 1, _CHUNK, _CHUNK + 1, 2 * _CHUNK, 2 * _CHUNK + 7])
def test_what_was_sealed_comes_back(tmp_path: Path, size: int) -> None:
    octets = os.urandom(size)
    written = sealed(tmp_path / "f", octets)
    assert b"".join(unsealed(tmp_path / "f", KEY)) == octets
    assert len(written) == 32 + size + 16 * max(1, -(-size // _CHUNK))
    assert size < 16 or octets[:16] not in written
    assert sealed(tmp_path / "f", octets) != written  # no two files are alike


def test_no_change_passes(tmp_path: Path) -> None:
    path = tmp_path / "f"
    whole = sealed(path, bytes(2 * _CHUNK + 99))
    head, one, two, three = (
        whole[:32], whole[32 : 32 + BLOCK], whole[32 + BLOCK : 32 + 2 * BLOCK], whole[32 + 2 * BLOCK :]
    )  # fmt: skip
    changed = {
        "empty": b"",
        "no chunk": head,
        "cut within the head": whole[:20],
        "cut between chunks": head + one + two,
        "cut within a chunk": whole[:-1],
        "the last first": head + three,
        "two changed places": head + two + one + three,
        "one twice": head + one + one + three,
        "more behind it": whole + b"x",
        "another's": sealed(tmp_path / "other", bytes(2 * _CHUNK + 99))[:32] + whole[32:],
    }
    for bit in (0, 17, 32, len(whole) // 2, len(whole) - 1):
        flipped = bytearray(whole)
        flipped[bit] ^= 1
        changed[f"octet {bit}"] = bytes(flipped)
    for how, octets in changed.items():
        path.write_bytes(octets)
        with pytest.raises(StoreError, match="damaged"):
            print(how, len(list(unsealed(path, KEY))))


def test_another_format_is_refused(tmp_path: Path) -> None:
    whole = sealed(tmp_path / "f", b"x")
    (tmp_path / "f").write_bytes(b"hongyan sealed 2" + whole[16:])
    with pytest.raises(StoreError, match="damaged"):
        list(unsealed(tmp_path / "f", KEY))


def test_another_key_is_refused(tmp_path: Path) -> None:
    sealed(tmp_path / "f", b"secret")
    with pytest.raises(StoreError, match="another key"):
        list(unsealed(tmp_path / "f", bytes(32)))
    with pytest.raises(StoreError, match="missing"):
        list(unsealed(tmp_path / "g", KEY))


def test_size_is_looked_at(tmp_path: Path) -> None:
    assert gathered([b"ab", b"c"], 3, tmp_path)[:] == b"abc"
    for size in (2, 4):
        with pytest.raises(StoreError, match="not as many"):
            gathered([b"ab", b"c"], size, tmp_path)


def test_a_large_file_takes_constant_memory(tmp_path: Path) -> None:
    protection = Sealed.under(KEY)
    chunk = os.urandom(1 << 16)
    tracemalloc.start()
    try:
        with BlobWriter(tmp_path, protection) as writer:
            for _ in range(800):  # 50 MB
                writer.write(chunk)
            blob = writer.finish()
            assert isinstance(blob.pending, TemporaryFile)
            count = sum(map(len, protection.chunks(blob.pending.path)))
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert count == blob.size == 800 << 16


def test_keys_serve_one_purpose_each() -> None:
    here, there = Sealed.under(KEY), Sealed.under(bytes(32))
    keys = {here.database, here.files, here.names, there.database, there.files, there.names}
    assert len(keys) == 6
    assert KEY not in keys
    assert here.name("00" * 32) != there.name("00" * 32) != CLEAR.name("00" * 32)
    assert len(here.name("00" * 32)) == 64
    for key in (here.database, here.files, here.names):
        assert key.hex() not in repr(here)
        assert repr(key) not in repr(here)
