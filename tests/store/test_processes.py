"""Other processes: killed in the middle, writing at the same time, sending at the same time."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hongyan.store import State, Store
from tests.store.uidls import known_uidls

CHILD = Path(__file__).parent / "child.py"


def start(task: str, home: Path, argument: str = "x") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), task, str(home), argument],
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_after(process: subprocess.Popen[str], lines: int) -> set[str]:
    """Kill the process once it has printed so much; return all it had acknowledged."""
    assert process.stdout is not None
    acknowledged = {process.stdout.readline().strip() for _ in range(lines)}
    process.kill()
    acknowledged |= {line.strip() for line in process.stdout if line.endswith("\n")}
    process.wait()
    process.stdout.close()
    return acknowledged - {""}


def test_what_was_acknowledged_is_there_after_sigkill(profile: Any, clock: Any) -> None:
    profile.store.close()
    acknowledged: set[str] = set()
    for round_, lines in enumerate([1, 5, 6, 11, 15]):
        acknowledged |= kill_after(start("add", profile.home, str(round_)), lines)
    with Store.open(profile.home, clock=clock) as store:
        known = known_uidls(store, "a1")
        assert acknowledged <= set(known)
        # Each kill may lose the acknowledgement of one message that was stored.
        assert len(set(known) - acknowledged) <= 5
        emails = store.messages.page("b1", limit=1000)
        assert len(emails) == len(known) == store.search.count("letter")
        for email in emails:
            assert f"letter {email.subject} of".encode() in store.messages.raw(email.id)
        assert store.check() == ()


def test_a_killed_beginning_can_be_begun_again(tmp_path: Path, clock: Any) -> None:
    """Killed while it creates the profile, at several moments."""
    for delay in (0.0, 0.15, 0.2, 0.25, 0.3):
        home = tmp_path / f"{delay}"
        process = start("add_some", home)
        time.sleep(delay)
        kill_after(process, 0)
        with Store.open(home, clock=clock) as store:
            assert store.check() == ()
            assert store.accounts.list() == ()


def test_processes_create_a_profile_together(tmp_path: Path, clock: Any) -> None:
    processes = [start("open", tmp_path / "home") for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 0
    with Store.open(tmp_path / "home", clock=clock) as store:
        assert store.check() == ()


def test_a_disk_quota_in_the_middle(profile: Any, clock: Any) -> None:
    process = start("add_until_full", profile.home)
    assert process.stdout is not None
    lines = process.stdout.read().splitlines()
    process.stdout.close()
    assert process.wait() == 0
    assert lines[-1].startswith("StoreError"), lines[-1]
    assert len(lines) > 5
    assert set(lines[:-1]) == set(known_uidls(profile.store, "a1"))
    assert profile.store.check() == ()


def test_two_processes_add_at_once(profile: Any) -> None:
    processes = [start("add_some", profile.home, name) for name in ("a", "b")]
    mine = [profile.add(f"mine {n}", uidl=f"c-{n}") for n in range(20)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 0
    assert profile.store.mailboxes.get(profile.inbox.id).total == 100
    assert len(known_uidls(profile.store, "a1")) == 100
    assert profile.store.search.count("shared") == 80
    assert profile.store.changes.state("a1") == "101"
    assert len(set(mine)) == 20


@pytest.mark.parametrize("count", [6])
def test_no_item_is_claimed_by_two(profile: Any, count: int) -> None:
    ids = {
        profile.store.outbox.add("a1", f"{n}".encode(), sender="", recipients=["a@b"])
        for n in range(count)
    }
    processes = [start("send", profile.home) for _ in range(2)]
    claimed: list[str] = []
    for process in processes:
        assert process.stdout is not None
        for line in process.stdout:
            if line == "done\n":
                break
            claimed.append(line.strip())
    assert sorted(claimed) == sorted(ids)
    assert profile.store.outbox.claim() is None
    for process in processes:
        kill_after(process, 0)
    again = set()
    while item := profile.store.outbox.claim():
        again.add(item.id)
    assert again == {id_ for id_ in ids if int(id_[1:]) % 2 == 0}
    left = {item.id for item in profile.store.outbox.list() if item.state is State.UNCERTAIN}
    assert left == ids - again
    assert len(list((profile.home / "owners").iterdir())) == 1
