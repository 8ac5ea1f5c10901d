"""An exported mbox goes through mutt and comes back, octet for octet."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

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
    code = at_a_terminal(mutt, "-n", "-F", str(settings), "-R", "-f", str(path), home=tmp_path)
    assert code == 0
    assert sorted(imported(tmp_path, copied)) == sorted(LETTERS)


def at_a_terminal(*command: str, home: Path) -> int:
    """Run a program that wants a screen, which nobody looks at; return its exit code."""
    ours, its = pty.openpty()
    environment = {**os.environ, "HOME": str(home), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, env=environment, start_new_session=True
    ) as program:
        os.close(its)
        with suppress(OSError):  # the program has closed its end
            while os.read(ours, 65_536):
                pass
        os.close(ours)
        return program.wait(30)
