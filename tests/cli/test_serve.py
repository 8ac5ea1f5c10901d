"""``hongyan serve`` as its own process: it fetches, says who holds what, and ends when told."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from hongyan.demo import DemoHost
from tests.support.program import ARGV, Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def host() -> Iterator[DemoHost]:
    with DemoHost(seeded=False, require_tls=False) as running:
        yield running


@pytest.fixture
def program(host: DemoHost, tmp_path: Path) -> Program:
    program = Program(tmp_path / "home")
    program.run(
        "account", "add", host.address, "--pop3", host.pop3_url, "--smtp", host.smtp_url,
        "--password-command", f"{sys.executable} -c \"print('{host.password}')\"",
    )  # fmt: skip
    return program


@pytest.fixture
def serving(program: Program) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [*ARGV, "serve"], env=program.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert b"looks after 1 account" in process.stdout.readline()
        yield process
        process.kill()


def until(condition: Callable[[], object], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_fetches_and_ends_within_two_seconds(
    host: DemoHost, program: Program, serving: subprocess.Popen[bytes], ending: signal.Signals
) -> None:
    host.maildrop.add(b"Subject: one\r\n\r\nhi\r\n")
    until(lambda: program.json("list"))
    began = time.monotonic()
    serving.send_signal(ending)
    assert serving.wait(10) == 0
    assert time.monotonic() - began < 2
    assert serving.stderr
    assert serving.stderr.read() == b""


def test_only_one_serves_a_profile_and_the_second_says_who(
    program: Program, serving: subprocess.Popen[bytes]
) -> None:
    words = program.run("serve", code=75)
    assert f"hongyan serve (process {serving.pid}, since" in words


def test_a_sync_beside_it_brings_nothing_twice(
    host: DemoHost, program: Program, serving: subprocess.Popen[bytes]
) -> None:
    for number in range(200):
        host.maildrop.add(b"Subject: %d\r\n\r\nhi\r\n" % number)
    syncs = [program.start("sync") for _ in range(3)]
    assert [each.wait(60) for each in syncs] == [0, 0, 0]
    assert len(program.json("list", "--limit", "1000")) == 200
    assert serving.poll() is None
