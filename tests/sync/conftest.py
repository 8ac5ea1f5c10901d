"""A profile in a temporary folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sync.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    opened = Profile(tmp_path / "home")
    yield opened
    opened.close()
