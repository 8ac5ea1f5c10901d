"""Two hundred kills at random moments: what was acknowledged is there, and nothing is broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILLING = Path(__file__).parent / "killing.py"


@pytest.mark.parametrize(("what", "times"), [("arrivals", 140), ("imports", 60)])
def test_what_was_promised_outlives_every_kill(tmp_path: Path, what: str, times: int) -> None:
    ended = subprocess.run(
        [sys.executable, str(KILLING), what, str(tmp_path / "home"), str(times), "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["faults"] == []
    assert found["kills"] == times
    assert found["promised"] > times
