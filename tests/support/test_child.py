"""A child that does not come up tells its log; one whose parent is killed does not live on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.child import Child, StartFailed, Unavailable, free_ports, program

ROOT = Path(__file__).parents[2]
STARTS_A_SLEEPER = """
import pathlib, sys, time
from tests.support.child import Child
print(Child(["sleep", "60"], log=pathlib.Path(sys.argv[1])).pid, flush=True)
time.sleep(60)
"""


def test_a_failed_start_shows_the_log(tmp_path: Path) -> None:
    child = Child(["sh", "-c", "echo no such setting; exit 1"], log=tmp_path / "log")
    with pytest.raises(StartFailed, match="ended at once:\nno such setting"):
        child.wait_ready(free_ports(1))


def test_a_silent_child_is_given_up_and_ended(tmp_path: Path) -> None:
    child = Child(["sleep", "60"], log=tmp_path / "log")
    with pytest.raises(StartFailed, match="opened no port"):
        child.wait_ready(free_ports(1), seconds=0.1)
    assert not alive(child.pid)


def test_a_missing_program_names_its_package() -> None:
    with pytest.raises(Unavailable, match="package goose-core"):
        program("no-such-goose", package="goose-core")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into Linux's /proc")
def test_children_end_with_a_killed_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTS_A_SLEEPER, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid)


def alive(pid: int) -> bool:
    """Tell whether the process runs; one that waits to be buried does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
