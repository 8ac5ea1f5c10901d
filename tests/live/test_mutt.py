"""An exported mbox goes through mutt and comes back, octet for octet."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.terminal import at_a_terminal
from tests.transfer.test_others import LETTERS, exported, imported

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def mutt() -> str:
    found = shutil.which("mutt")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("mutt is not installed")
    return found or pytest.skip("mutt is not installed")


def test_mutt_reads_it_and_writes_it_back(mutt: str, tmp_path: Path) -> None:
    """All messages are tagged and copied into another mbox, as a person does at its screen."""
    path, copied, settings = exported(tmp_path), tmp_path / "mutt.mbox", tmp_path / "muttrc"
    settings.write_text(
        f"set folder={tmp_path} mbox_type=mbox sort=mailbox-order\n"
        "set copy=no confirmappend=no confirmcreate=no mark_old=no move=no wait_key=no\n"
        f'push "<tag-pattern>~A<enter><tag-prefix><copy-message>{copied}<enter><exit>"\n'
    )
    words = ("-n", "-F", str(settings), "-R", "-f", str(path))
    environment = {**os.environ, "HOME": str(tmp_path), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    assert at_a_terminal(mutt, *words, environment=environment).code == 0
    assert sorted(imported(tmp_path, copied)) == sorted(LETTERS)
