"""``hongyan account policy``: what would leave the server is shown before anything does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hongyan.demo import DemoHost
from tests.cli.command import Hongyan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def own_host() -> Iterator[DemoHost]:
    with DemoHost(seeded=False, require_tls=False) as running:
        for number in range(25):
            running.maildrop.add(b"Subject: %d\r\n\r\nhi\r\n" % number)
        yield running


@pytest.fixture
def user(own_host: DemoHost, tmp_path: Path) -> Hongyan:
    user = Hongyan(tmp_path / "user")
    user.ok(
        "account", "add", own_host.address, "--pop3", own_host.pop3_url, "--password-command",
        f"echo {own_host.password}",
    )  # fmt: skip
    user.ok("sync")
    return user


def test_a_policy_is_shown_asked_about_and_kept(user: Hongyan, own_host: DemoHost) -> None:
    assert "everything stays on the server" in user.ok("account", "policy")
    asked = user("account", "policy", "--keep-newest", "3", stdin="n\n")
    assert asked.code != 0
    assert "22 messages" in asked.out
    assert "and 2 more" in asked.out
    assert "not among the newest 3" in asked.out
    assert "stays" in user.ok("account", "policy")
    told = user.ok("account", "policy", "--keep-newest", "3", "--deleted-here", stdin="y\n")
    assert "leaves the server: what is deleted here; all but the newest 3" in told
    assert len(own_host.maildrop.letters()) == 25, "with the next sync, not before"
    assert "22 left the server by your policy" in user.ok("sync")
    assert len(own_host.maildrop.letters()) == 3
    assert "stays" in user.ok("account", "policy", "--leave")
    assert "0 messages (0 B) would" in user.ok("account", "policy", "--after", "9", "--yes")


def test_what_makes_no_sense(user: Hongyan) -> None:
    assert "goes alone" in user.fails(64, "account", "policy", "--leave", "--after", "3")
    user.fails(64, "account", "policy", "--after", "-1")
