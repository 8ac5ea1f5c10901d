"""The peers that index a Maildir: notmuch and mu, with Chinese words found (XAPIAN_CJK_NGRAM)."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.measure import ClientFailed, Job

if TYPE_CHECKING:
    from pathlib import Path

_CONFIG = """\
[database]
path={maildir}
[user]
name=Reader
primary_email=reader@example.test
[new]
tags=unread;inbox
"""
_TIMES = 7


@dataclass(frozen=True, slots=True)
class Indexer:
    """A program, how it indexes, how it finds the first 50, and what only starting it takes."""

    name: str
    folder: Path
    index: tuple[str, ...]
    find: tuple[str, ...]
    start: tuple[str, ...]
    database: Path
    begin: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """What it needs to know."""
        return {
            "XAPIAN_CJK_NGRAM": "1",
            "HOME": str(self.folder),
            "NOTMUCH_CONFIG": str(self.folder / "config"),
        }

    def job(self, count: int, octets: int) -> Job:
        """Return the job of indexing everything."""
        return Job(
            name=self.name, command=self.index, messages=count, octets=octets,
            environment=self.environment, ready=self._ready, longest=7_200.0,
        )  # fmt: skip

    def _ready(self) -> None:
        shutil.rmtree(self.database, ignore_errors=True)
        if self.begin:
            subprocess.run(
                self.begin, env={**os.environ, **self.environment}, check=True, capture_output=True
            )

    def seconds(self, query: str) -> float:
        """Return the median of some searches, without what starting the program takes."""
        return max(0.0, self._median((*self.find, query)) - self._median(self.start))

    def _median(self, command: tuple[str, ...]) -> float:
        took = []
        for _ in range(_TIMES):
            begin = time.perf_counter()
            ended = subprocess.run(
                command, env={**os.environ, **self.environment}, check=False, capture_output=True
            )
            took.append(time.perf_counter() - begin)
            if ended.returncode not in (0, 2, 4):  # 2 and 4 are mu's words for nothing found
                raise ClientFailed(f"{self.name}: {ended.stderr[-300:].decode('utf-8', 'replace')}")
        return statistics.median(took)


def indexers(folder: Path, maildir: Path) -> list[Indexer]:
    """Return those that are installed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config").write_text(_CONFIG.format(maildir=maildir), "utf-8")
    home = folder / "mu"
    every = (
        Indexer(
            "mu", folder, ("mu", "index", "-q", f"--muhome={home}"),
            ("mu", "find", f"--muhome={home}", "--maxnum=50", "--sortfield=date", "--reverse"),
            ("mu", "--version"), home, ("mu", "init", f"--maildir={maildir}", f"--muhome={home}"),
        ),
        Indexer(
            "notmuch", folder, ("notmuch", "new", "--quiet"),
            ("notmuch", "search", "--limit=50"), ("notmuch", "--version"), maildir / ".notmuch",
        ),
    )  # fmt: skip
    return [each for each in every if shutil.which(each.name)]
