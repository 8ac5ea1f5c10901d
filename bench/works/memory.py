"""What a message of 100 MB adds to a process, in by POP3 and out by SMTP.

Each client does the same with a message of 1 KB: the difference of the peaks is the size's cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.letters import folder_of, letter
from bench.measure import MEGABYTE, contest
from bench.table import HONGYAN, Bar, Table
from bench.works import pop3, smtp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.measure import Job, Result
    from bench.plan import Plan
    from bench.site import Site

SIZE = 100_000_000
SMALL = 1000
MOST = 16.0
HEADS = ("client", "base MB", "peak MB", "added MB", "seconds")
LEFT_OUT = ("getmail6", "fetchmail")  # minutes a message of this size


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure both ways."""
    size = plan.scaled(SIZE)
    port = site.dovecot.pop3
    runs = max(1, plan.runs - 2)
    fetching = [
        _known(pop3.jobs(site.folder / f"memory-{each}", port, drop, {}))
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


def _known(jobs: Iterator[Job]) -> Sequence[Job]:
    return [job for job in jobs if job.name not in (*LEFT_OUT, "msmtp")]


def _table(title: str, small: Mapping[str, Result], large: Mapping[str, Result]) -> Table:
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
    bar = Bar("MB added by hongyan", added.get(HONGYAN, float("inf")), MOST)
    notes = tuple(result.failure for result in (*small.values(), *large.values()) if result.failure)
    return Table(title, HEADS, rows, (bar,), notes)
