"""What a message of 100 MB adds to a process: in by POP3, out by SMTP, composed, parsed and saved.

Each client does the same with a message of 1 KB: the difference of the peaks is the size's cost.
"""

from __future__ import annotations

import os
from filecmp import cmp
from typing import TYPE_CHECKING

from bench.letters import folder_of, letter
from bench.measure import MEGABYTE, ClientFailed, Job, contest, script
from bench.table import HONGYAN, Bar, Table
from bench.works import pop3, smtp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bench.measure import Result
    from bench.plan import Plan
    from bench.site import Site

SIZE = 100_000_000
SMALL = 1000
MOST = 16.0
MOST_MIME = 32.0
HEADS = ("client", "base MB", "peak MB", "added MB", "seconds")
_BLOCK = 1 << 20
LEFT_OUT = ("getmail6", "fetchmail")  # minutes a message of this size


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure each way."""
    size = plan.scaled(SIZE)
    port = site.dovecot.pop3
    runs = max(1, plan.runs - 2)
    fetching = [
        _known(pop3.jobs(site.folder / f"memory-{each}", port, pop3.offered(port), drop, {}))
        for each in (SMALL, size)
        if (drop := site.maildrop(f"memory-{each}", [letter(each, seed=1)]))
    ]
    yield _table(f"POP3, one of {size / 1e6:g} MB in", *(contest(jobs, runs) for jobs in fetching))
    submitting = [
        _known(
            smtp.jobs(
                site, site.sink, smtp.STRANGER, folder_of(site.folder / f"out-{each}", 1, each)
            )
        )
        for each in (SMALL, size)
    ]
    yield _table(
        f"SMTP, one of {size / 1e6:g} MB out of a file, to smtp-sink",
        *(contest(jobs, runs) for jobs in submitting),
    )

    handling = [_handling(site.folder / f"data-{each}", each) for each in (SMALL, size)]
    yield _table(
        f"MIME, a file of {size / 1e6:g} MB composed, the message parsed, the attachment saved",
        *(contest([job], runs) for job in handling),
        most=MOST_MIME,
    )


def _handling(path: Path, size: int) -> Job:
    with path.open("wb") as file:
        for at in range(0, size, _BLOCK):
            file.write(os.urandom(min(_BLOCK, size - at)))
    saved = path.with_suffix(".saved")

    def check() -> None:
        if not cmp(path, saved, shallow=False):
            raise ClientFailed("what was saved is not what was attached")

    command = script("mime_file", path=str(path))
    return Job(name=HONGYAN, command=command, messages=1, octets=size, check=check)


def _known(jobs: Iterator[Job]) -> Sequence[Job]:
    return [job for job in jobs if job.name not in (*LEFT_OUT, "msmtp")]


def _table(
    title: str, small: Mapping[str, Result], large: Mapping[str, Result], *, most: float = MOST
) -> Table:
    added = {
        name: (result.peak - small[name].peak) / MEGABYTE
        for name, result in large.items()
        if result.ran and small[name].ran
    }
    rows = tuple(
        (
            name, f"{small[name].peak / MEGABYTE:.1f}", f"{large[name].peak / MEGABYTE:.1f}",
            f"{more:.1f}", f"{large[name].seconds:.2f}",
        )
        for name, more in added.items()
    )  # fmt: skip
    bar = Bar("MB added by hongyan", added.get(HONGYAN, float("inf")), most)
    notes = tuple(result.failure for result in (*small.values(), *large.values()) if result.failure)
    return Table(title, HEADS, rows, (bar,), notes)
