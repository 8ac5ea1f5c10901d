"""Where the jobs' files lie: in memory for an encrypted profile, and never after their owner's end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hongyan.store import workplace
from hongyan.store.owner import Owner
from hongyan.store.protection import CLEAR, Sealed
from hongyan.store.workplace import Workplaces

if TYPE_CHECKING:
    from hongyan.store.protection import Protection

SEALED = Sealed.under(bytes(32))
MOUNTS = "none / ext4 rw 0 0\ntmpfs {} {} rw,nosuid 0 0\n"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file system that the system says is in memory."""
    folder = tmp_path / "shm"
    folder.mkdir()
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS.format(folder, "tmpfs"))
    monkeypatch.setattr(workplace, "MEMORY", folder)
    monkeypatch.setattr(workplace, "_MOUNTS", mounts)
    monkeypatch.setattr(workplace, "_SPARE", 0)
    return folder


def places(home: Path, protection: Protection, owner: Owner | None = None) -> Workplaces:
    (home / protection.folder).mkdir(parents=True, exist_ok=True)
    return Workplaces(home, protection, owner or Owner(home / "owners"))


def test_an_encrypted_profile_has_them_in_memory(memory: Path, tmp_path: Path) -> None:
    with places(tmp_path / "a", SEALED).open(1000) as folder:
        assert Path(folder).parent == memory
        assert Path(folder).stat().st_mode & 0o777 == 0o700
        (Path(folder) / "letter").write_bytes(b"x")
    assert list(memory.iterdir()) == []
    with places(tmp_path / "b", CLEAR).open(1000) as folder:
        assert Path(folder).parent == tmp_path / "b" / "blobs"


@pytest.mark.parametrize("why", ["no room", "no file system in memory", "not there"])
def test_without_memory_they_lie_in_the_profile(memory: Path, tmp_path: Path, why: str) -> None:
    room = 1 << 62 if why == "no room" else 1
    if why == "no file system in memory":
        (tmp_path / "mounts").write_text(MOUNTS.format(memory, "ext4"))
    elif why == "not there":
        memory.rmdir()
    with places(tmp_path / "home", SEALED).open(room) as folder:
        assert Path(folder).parent == tmp_path / "home" / "sealed"


@pytest.mark.parametrize("protection", [CLEAR, SEALED], ids=["clear", "sealed"])
def test_what_a_dead_owner_left_goes(memory: Path, tmp_path: Path, protection: Protection) -> None:
    home, dead, alive = tmp_path / "home", Owner(tmp_path / "owners"), Owner(tmp_path / "owners")
    left, used = (places(home, protection, each).open(1) for each in (dead, alive))
    other = places(tmp_path / "other", SEALED, Owner(tmp_path / "others")).open(1)
    (memory / "hongyan-of-somebody-else").mkdir()
    (Path(left.name) / "letter").write_bytes(b"x")
    fresh = places(home, protection, Owner(tmp_path / "owners"))
    fresh.remove_dead()
    assert Path(left.name).exists(), "its owner lives"
    dead.close()
    fresh.remove_dead()
    assert not Path(left.name).exists()
    assert Path(used.name).exists()
    assert Path(other.name).exists(), "another profile's"
    assert (memory / "hongyan-of-somebody-else").exists()
    for each in (left, used, other):
        each.cleanup()  # one that is gone already is no error


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux has")
def test_the_memory_of_this_machine() -> None:
    assert workplace._available() > 0
