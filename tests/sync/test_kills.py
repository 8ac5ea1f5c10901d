"""SIGKILL at random moments of fetching, removing and sending (FAULTS 28).

The oracle, after the last kill and one clean run: every letter of the server is here once and is
what it was, none left the server that was not here, every letter of ours was delivered once, or is
uncertain and was delivered at most once, and the store is whole. A share runs by default;
HONGYAN_KILLS=300 tries so many. How many were killed in the middle is printed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hongyan.demo import DemoHost
from hongyan.errors import Refused
from hongyan.store import State
from hongyan.store.maildrops import Policy
from tests.sync.profile import LETTER, Profile

KILLS = int(os.environ.get("HONGYAN_KILLS", "30"))
CODE = "from tests.support.killing import main; main()"


def port(url: str) -> str:
    return str(urlsplit(url).port)


@contextmanager
def children() -> Iterator[subprocess.Popen[str]]:
    """The process that children are forked off; see `tests.support.killing`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", CODE],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        yield parent
        assert parent.stdin
        parent.stdin.close()


def run(parent: subprocess.Popen[str], arguments: Sequence[str], seconds: float) -> bool:
    """Start a child and kill it so many seconds after it has opened its store."""
    assert parent.stdin
    assert parent.stdout
    parent.stdin.write("\t".join(arguments) + "\n")
    parent.stdin.flush()
    lines = {parent.stdout.readline().strip() for _ in range(2)}
    (child,) = lines - {"open"}
    time.sleep(seconds)
    with suppress(ProcessLookupError):  # it was quicker
        os.kill(int(child), signal.SIGKILL)
    return int(parent.stdout.readline()) == -signal.SIGKILL


def clean_run(profile: Profile, host: DemoHost, post: DemoHost) -> None:
    profile.password = host.password
    for _ in range(100):
        try:
            profile.fetch(int(port(host.pop3_url)))
        except Refused as refused:  # the session of the last one that was killed
            if refused.code != "IN-USE":
                raise
            time.sleep(0.1)
        else:
            break
    profile.wait(days=1)
    profile.password = post.password
    profile.send(int(port(post.smtp_url)))


@pytest.mark.timeout(60 + 2 * KILLS)
def test_random_kills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(7)
    home = tmp_path / "home"
    with (
        DemoHost(seeded=False, require_tls=False) as host,
        DemoHost(seeded=False, require_tls=False) as post,
        children() as parent,
    ):
        profile = Profile(home, password=host.password)
        profile.store.maildrops.set_policy(profile.account.id, Policy(keep_newest=3))
        arrived: list[bytes] = []
        killed = 0
        for turn in range(KILLS):
            letters = [
                b"Subject: %d.%d\r\n\r\n%s\r\n" % (turn, n, b"x" * chance.randrange(20_000))
                for n in range(4)
            ]
            for each in letters:
                host.maildrop.add(each)
            arrived += letters
            content = LETTER + b"number %d\r\n" % turn
            profile.queue(content=content)
            servers = (port(host.pop3_url), host.password, port(post.smtp_url), post.password)
            killed += run(parent, (str(home), *servers), chance.uniform(0, 0.12))
        clean_run(profile, host, post)
        clean_run(profile, host, post)
        check(profile, arrived, [each.content for each in post.maildrop.letters()])
        there = [each.content for each in host.maildrop.letters()]
        assert there == arrived[-3:], "what the policy keeps is there"
        uncertain = sum(item.state is State.UNCERTAIN for item in profile.store.outbox.list())
        assert profile.store.check() == ()
        profile.close()
    with capsys.disabled():
        print(f"\n{KILLS} children, {killed} killed in the middle, {uncertain} letters uncertain")


def check(profile: Profile, arrived: list[bytes], sent: list[bytes]) -> None:
    assert sorted(profile.stored()) == sorted(arrived), "each once, and none lost"
    for turn, item in enumerate(profile.store.outbox.list()):
        count = sum(each.endswith(b"number %d\r\n" % turn) for each in sent)
        if item.state is State.UNCERTAIN:
            assert count <= 1, turn
        else:
            assert (item.state, count) == (State.SENT, 1), turn
