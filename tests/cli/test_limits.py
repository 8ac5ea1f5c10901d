"""Two at once, and machines that are short of everything (FAULTS 29, 31, 32)."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hongyan.app import App, Config
from hongyan.demo import DemoHost
from hongyan.mime.builder import Draft
from tests.support.program import ARGV, Program
from tests.support.scripted import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNT = 100


@pytest.fixture
def host() -> Iterator[DemoHost]:
    with DemoHost(seeded=False, require_tls=False) as running:
        yield running


def user_of(home: Path, address: str, pop3: str, smtp: str, password: str = "x") -> Program:
    program = Program(home)
    command = f"{sys.executable} -c \"print('{password}')\""
    program.run(
        "account", "add", address, "--pop3", pop3, "--smtp", smtp, "--password-command", command
    )
    return program


@pytest.fixture
def program(host: DemoHost, tmp_path: Path) -> Program:
    return user_of(tmp_path / "home", host.address, host.pop3_url, host.smtp_url, host.password)


def fill(host: DemoHost) -> None:
    for number in range(COUNT):
        host.maildrop.add(b"Subject: %d\r\n\r\n%s\r\n" % (number, b"x" * 1000))


def test_two_syncs_at_once_fetch_and_send_everything_once(host: DemoHost, program: Program) -> None:
    fill(host)
    with App(Config(program.home)) as app:
        account = app.accounts.choose(None)
        me = app.sending.identity(account)
        for number in range(10):
            app.sending.queue(account, Draft(from_=me, to=(me,), subject=f"letter {number}"))
    syncs = [program.start("sync") for _ in range(2)]
    assert all(each.wait(60) in (0, 75) for each in syncs)
    program.run("sync")
    subjects = [each["subject"] for each in program.json("list", "--limit", "1000")]
    wanted = [str(n) for n in range(COUNT)] + [f"letter {n}" for n in range(10)]
    assert sorted(subjects) == sorted(wanted)
    assert {item["state"] for item in program.json("outbox", "list")} == {"sent"}
    assert len(host.maildrop.letters()) == COUNT + 10
    program.run("check")


@pytest.mark.parametrize(
    "limits",
    ["ulimit -n 64", "ulimit -v 524288", "exec >&-", "exec 2>&-", "exec <&-"],
    ids=["64 files", "512 MB", "no output", "no error output", "no input"],
)
def test_a_machine_that_is_short_of_everything(
    host: DemoHost, program: Program, limits: str
) -> None:
    fill(host)
    done = subprocess.run(
        ["sh", "-c", f'{limits}; exec "$@"', "sh", *ARGV, "sync"],
        env=program.env,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert len(program.json("list", "--limit", "1000")) == COUNT
    program.run("check")


def test_a_reader_that_has_seen_enough(host: DemoHost, program: Program) -> None:
    fill(host)
    program.run("sync")
    for command in (["list", "--limit", "1000"], ["list", "--limit", "1000", "--json"]):
        done = subprocess.run(
            ["sh", "-c", '"$@" | head -n 1', "sh", *ARGV, *command],
            env=program.env,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert len(done.stdout.splitlines()) == 1
        assert done.stderr == b"", command


def test_a_disk_that_is_full_is_one_clear_error_and_costs_no_mail(
    host: DemoHost, program: Program
) -> None:
    """Files may not grow: each write behind the limit fails, as on a full disk."""
    fill(host)
    program.run("account", "policy", "--after", "0", "--yes")
    for blocks in (300, 600, 900):
        done = subprocess.run(
            ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *ARGV, "sync"],
            env=program.env,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert b"Traceback" not in done.stderr, blocks
    program.run("sync")
    assert len(program.json("list", "--limit", "1000")) == COUNT
    assert host.maildrop.letters() == (), "all of it is here, so all of it left"
    program.run("check")


def test_a_captive_portal_gets_nothing_and_costs_nothing(tmp_path: Path) -> None:
    page = "S: HTTP/1.1 400 Bad Request\\r\\n\nS: \\r\\n\n* EOF"
    with ScriptedServer(page) as pop3, ScriptedServer(page) as smtp:
        program = user_of(
            tmp_path / "home",
            "me@example.org",
            f"pop3://127.0.0.1:{pop3.port}?tls=none",
            f"smtp://127.0.0.1:{smtp.port}?tls=none",
        )
        told = program.run("send", "--to", "a@b.example", "--body", "-", stdin="hi\n", code=76)
        assert "waits in the outbox" in told
        smtp.close()  # it plays once; what waits is then refused a connection
        assert "HTTP/1.1 400" in program.run("sync", code=69)
    (item,) = program.json("outbox", "list")
    assert item["state"] == "deferred"
    assert (pop3.errors, smtp.errors) == ([], [])
