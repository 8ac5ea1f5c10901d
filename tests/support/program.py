"""The program itself, run as a person or another program runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ARGV = (sys.executable, "-m", "hongyan")


@dataclass(frozen=True)
class Program:
    """``hongyan`` with a profile of its own and nothing of the person's environment."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        own = {
            "HOME": str(self.home.parent),
            "HONGYAN_HOME": str(self.home),
            "HONGYAN_PASSPHRASE": "correct horse battery staple",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "PYTHONUTF8": "1",
        }
        return kept | own | self.environment

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start it and return at once."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            [*ARGV, *words], env=self.env, stdin=quiet, stdout=quiet, stderr=quiet
        )

    def run(self, *words: str, code: int = 0, stdin: str | bytes = "") -> str:
        """Run it to its end and return what it printed, on both streams where it failed."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [*ARGV, *words],
            env=self.env,
            input=given,
            capture_output=True,
            timeout=100,
            check=False,
        )
        told = done.stderr.decode()
        assert done.returncode == code, f"hongyan {words} left with {done.returncode}: {told}"
        assert "Traceback" not in told
        return done.stdout.decode() + (told if code else "")

    def octets(self, *words: str) -> bytes:
        """Run it and return the octets that it printed."""
        return subprocess.run(
            [*ARGV, *words], env=self.env, capture_output=True, timeout=100, check=True
        ).stdout

    def json(self, *words: str) -> Any:
        """Run it with ``--json`` and return what it printed."""
        return json.loads(self.run(*words, "--json"))
