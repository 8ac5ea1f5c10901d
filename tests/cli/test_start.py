"""The start: a command loads what it needs, and nothing that takes its time for others."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.command import Hongyan
from tests.support.program import ARGV, Program

SLOW = {  # what only some commands need
    "http.client",
    "cryptography",
    "dns",
    "keyring",
    "nh3",
    "rich",
    "selectolax",
    "ssl",
    "starlette",
    "tinycss2",
    "uvicorn",
}


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (["--version"], SLOW | {"apsw", "hongyan.app", "hongyan.store", "hongyan.mime"}),
        (["--help"], SLOW | {"apsw", "hongyan.app", "hongyan.store", "hongyan.mime"}),
        (["list"], SLOW | {"hongyan.keychain", "hongyan.sasl", "hongyan.smtp", "hongyan.imap"}),
        (["search", "welcome"], SLOW | {"hongyan.keychain", "hongyan.sasl", "hongyan.smtp"}),
        (["outbox", "list"], SLOW | {"hongyan.sasl"}),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_is_slow_to_load_waits(yan: Hongyan, words: list[str], unwanted: set[str]) -> None:
    argv = [sys.executable, "-X", "importtime", *ARGV[1:], *words]
    done = subprocess.run(argv, env=Program(yan.home).env, capture_output=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert "hongyan.cli.main" in loaded
    assert loaded & unwanted == set()
