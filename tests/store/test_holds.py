"""Locks that say who has them: across threads, processes and deaths."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hongyan.errors import StoreError
from hongyan.store.holds import Holder, Holds

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
CHILD = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from hongyan.store.holds import Holds
with Holds(Path(sys.argv[1]), clock=lambda: datetime.now(UTC)).hold("a1", what="the child"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holds(tmp_path: Path) -> Holds:
    return Holds(tmp_path / "holds", clock=lambda: NOON)


def test_who_comes_second_is_told_who_holds_it(holds: Holds) -> None:
    with (
        holds.hold("a1", what="hongyan serve"),
        holds.hold("a2", what="something else"),
        pytest.raises(StoreError, match=rf"hongyan serve \(process {os.getpid()}, since "),
        holds.hold("a1", what="hongyan sync"),
    ):
        raise AssertionError("not reached")
    with holds.hold("a1", what="hongyan sync"):
        pass


def test_who_waits_is_told_once_and_gets_it(holds: Holds) -> None:
    told: list[Holder] = []
    order: list[str] = []
    held = threading.Event()

    def first() -> None:
        with holds.hold("a1", what="first"):
            held.set()
            while not told:
                held.wait(0.01)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    held.wait(5)
    with holds.hold("a1", what="second", within=10, waiting=told.append):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert told == [Holder("first", os.getpid(), NOON)]


def test_a_holder_that_is_killed_holds_nothing(holds: Holds, tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path / "holds")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout
        assert child.stdout.readline() == b"held\n"
        with (
            pytest.raises(StoreError, match=f"the child .process {child.pid}"),
            holds.hold("a1", what="we"),
        ):
            raise AssertionError("not reached")
        child.send_signal(signal.SIGKILL)
    with holds.hold("a1", what="we"):
        pass


@pytest.mark.parametrize("words", [b"", b"{", b"[]", b'{"what": 1}', b"\xff"])
def test_words_that_cannot_be_read_make_no_trouble(
    holds: Holds, tmp_path: Path, words: bytes
) -> None:
    with holds.hold("a1", what="first"):
        (tmp_path / "holds" / "a1.who").write_bytes(words)
        with (
            pytest.raises(StoreError, match="another program"),
            holds.hold("a1", what="second"),
        ):
            raise AssertionError("not reached")
