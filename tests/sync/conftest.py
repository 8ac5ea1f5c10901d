"""A profile in a temporary folder; one of IMAP with its server in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hongyan.store import Store
from tests.sync.imap_profile import letter, now
from tests.sync.profile import Profile
from tests.sync.toy_profile import Mine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    opened = Profile(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Mine]:
    with Store.open(tmp_path, clock=now) as store:
        mine = Mine(store)
        for subject in ("one", "two", "three"):
            mine.server.boxes["INBOX"].put(letter(subject))
        yield mine
        assert store.check() == ()
