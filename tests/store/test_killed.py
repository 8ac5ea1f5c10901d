"""Two hundred kills at random moments: what was acknowledged is there, and nothing is broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def killed(tmp_path: Path, what: str, times: int) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.store.killing", what, tmp_path / "home", str(times), "1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    assert found["faults"] == []
    assert found["kills"] == times
    return found


@pytest.mark.parametrize(("what", "times"), [("arrivals", 140), ("imports", 60)])
def test_what_was_promised_outlives_every_kill(tmp_path: Path, what: str, times: int) -> None:
    assert killed(tmp_path, what, times)["promised"] > times


def test_a_conversion_is_done_or_not(tmp_path: Path) -> None:
    seen = killed(tmp_path, "conversions", 60)["seen"]
    assert sum(count for how, count in seen.items() if how.endswith("True")) > 3, seen
    for before in (True, False):
        for after in (True, False):  # of each some were killed before it came to be, or after
            assert any(how.startswith(f"{before} {after}") for how in seen), seen
