"""``hongyan serve`` as its own process: it fetches, says who holds what, and ends when told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

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


@contextmanager
def serve(program: Program) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [*ARGV, "serve"], env=program.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert b"looks after 1 account" in process.stdout.readline()
        yield process
        process.kill()


@pytest.fixture
def serving(program: Program) -> Iterator[subprocess.Popen[bytes]]:
    with serve(program) as process:
        yield process


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
    assert "'hongyan open' opens its page" in words


def link_of(serving: subprocess.Popen[bytes]) -> str:
    assert serving.stdout
    return serving.stdout.readline().decode().split()[-1]


def session(link: str) -> int:
    """Begin a session as the page does with its link; return the status."""
    place = urlsplit(link)
    assert place.port
    token = json.dumps({"token": place.fragment.partition("start=")[2]})
    with closing(HTTPConnection(place.hostname or "", place.port, timeout=10)) as connection:
        connection.request("POST", "/session/start", token, {"Content-Type": "application/json"})
        return connection.getresponse().status


def test_open_gives_new_links_while_one_serves(
    program: Program, serving: subprocess.Popen[bytes]
) -> None:
    link_of(serving)  # the page has begun
    first, second = (program.run("open", "--no-browser").strip() for _ in range(2))
    assert [session(each) for each in (first, second, first)] == [200, 200, 401]
    serving.terminate()
    serving.wait(10)
    assert "'hongyan serve' does" in program.run("open", code=65)


def test_the_next_server_is_at_the_same_place(program: Program) -> None:
    origins = []
    for _ in range(2):
        with serve(program) as process:
            origins.append(link_of(process).partition("#")[0])
            process.terminate()
            assert process.wait(10) == 0
    assert origins[0] == origins[1]


def test_a_sync_beside_it_brings_nothing_twice(
    host: DemoHost, program: Program, serving: subprocess.Popen[bytes]
) -> None:
    for number in range(200):
        host.maildrop.add(b"Subject: %d\r\n\r\nhi\r\n" % number)
    syncs = [program.start("sync") for _ in range(3)]
    assert [each.wait(60) for each in syncs] == [0, 0, 0]
    assert len(program.json("list", "--limit", "1000")) == 200
    assert serving.poll() is None
