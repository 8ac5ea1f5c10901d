"""Progress on the command line: a bar on a terminal, one plain line at the end in a pipe."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hongyan.app import silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.app import Progress, Report


@contextmanager
def progress() -> Iterator[Report]:
    """Give a report function that draws while the block runs; silent where nobody looks."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.fields[what]}"), BarColumn(), TextColumn("{task.fields[count]}"))
    with Bar(*columns, TransferSpeedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, what="", count="")

        def report(now: Progress) -> None:
            count = f"{now.done}/{now.total}" if now.total else ""
            bar.update(
                task,
                completed=now.octets,
                total=now.total_octets or None,
                what=now.what,
                count=count,
            )

        yield report
