"""The demo: the whole round trip, told step by step, and nothing left behind."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.cli.command import Hongyan


def test_the_round_trip(nobody: Hongyan) -> None:
    before = set(Path(tempfile.gettempdir()).glob("hongyan-demo-*"))
    out = nobody.ok("demo", "--once")
    steps = [line for line in out.splitlines() if line.startswith("✓")]
    assert [step.split()[1] for step in steps] == [
        "A", "and", "A", "Fetched", "Sent", "The", "Searched", "Shown,", "The",
    ]  # fmt: skip
    assert "Fetched 60 messages over POP3" in out
    assert "小雁 <xiaoyan@goose.example>" in out
    assert steps[-1] == "✓ The round trip is complete"
    assert set(Path(tempfile.gettempdir()).glob("hongyan-demo-*")) <= before
    assert not nobody.home.exists(), "the person's own profile is not touched"


def test_parse_prints_an_email_object(nobody: Hongyan) -> None:
    shown = json.loads(nobody.ok("parse", "-", stdin=b"Subject: x\x1b\r\n\r\nhi\r\n"))
    assert shown["subject"].startswith("x")
    assert "hi" in nobody.ok("parse", "-", "--tree", stdin=b"Subject: hi\r\n\r\nx\r\n")
