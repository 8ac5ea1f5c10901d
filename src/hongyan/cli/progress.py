"""Progress on the command line: a bar on a terminal; in a pipe a plain line now and then.

A short piece of work says nothing, so that cron has nothing to mail.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from hongyan.cli.output import octets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hongyan.app import Progress, Report

SECONDS_BETWEEN_LINES: Final = 10.0


@contextmanager
def progress(clock: Callable[[], float] = time.monotonic) -> Iterator[Report]:
    """Give a report function that shows on standard error how far the block has come."""
    if not sys.stderr.isatty():
        yield _lines(clock)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.fields[what]}"), BarColumn(), TextColumn("{task.fields[count]}"))
    with Bar(*columns, TransferSpeedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, what="", count="")

        def report(now: Progress) -> None:
            bar.update(
                task,
                completed=now.octets,
                total=now.total_octets or None,
                what=now.what,
                count=_count(now),
            )

        yield report


def _lines(clock: Callable[[], float]) -> Report:
    last = clock()

    def report(now: Progress) -> None:
        nonlocal last
        if clock() - last >= SECONDS_BETWEEN_LINES:
            last = clock()
            size = f"({octets(now.octets)})" if now.octets else ""
            click.echo(" ".join(filter(None, (now.what, _count(now), size))), err=True)

    return report


def _count(now: Progress) -> str:
    return f"{now.done}/{now.total}" if now.total else ""
