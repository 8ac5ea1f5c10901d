"""Adding 10,000 messages to a store, read and indexed, and finding words among them.

Each message is on the disk before the next is begun, as when it arrives alone; and in transactions
of a hundred. Octets come out of memory, so the process's peak says nothing about the store.
"""

from __future__ import annotations

import shutil
import statistics
from typing import TYPE_CHECKING

from bench.clients import pile
from bench.measure import ClientFailed, Job, measure, script
from bench.table import Table
from tests.support.generate import messages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.measure import Sample
    from bench.plan import Plan
    from bench.site import Site

COUNT, SEED = 10_000, 7
BATCHES = {"each on the disk at once": 1, "a hundred a transaction": 100}
QUERIES = ("estuary", "river reeds", '"late train"', "鸿雁", "附件", "Wildgänse")
TIMES = 100
ADD_HEADS = ("adding", "messages", "median s", "spread s", "msg/s", "MB/s", "CPU s")
FIND_HEADS = ("finding, first 50", "hits", "median ms", "99 % ms")


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure."""
    count = plan.scaled(COUNT, least=50)
    path = site.folder / "store.pile"
    sizes = pile.write(path, messages(count, SEED))
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    found: list[Sample] = []
    times = plan.scaled(TIMES, least=3)
    for name, batch in BATCHES.items():
        parameters = {"batch": batch, "times": times, "queries": QUERIES}
        job = _job(name, path, sizes, site.folder / "profile", **parameters)
        try:
            samples = [measure(job) for _ in range(max(1, plan.runs - 2))]
        except ClientFailed as error:
            notes.append(str(error))
            continue
        rows.append(_row(job, samples))
        found += samples
    yield Table(f"Store: adding {count:,} messages", ADD_HEADS, tuple(rows), notes=tuple(notes))
    if found:
        searches = tuple(_search(query, found) for query in QUERIES)
        yield Table(f"Store: searching {count:,} messages", FIND_HEADS, searches)


def _job(name: str, path: Path, sizes: list[int], home: Path, **parameters: object) -> Job:
    command = script(
        "hongyan_store", path=str(path), count=len(sizes), home=str(home), **parameters
    )
    return Job(
        name=name,
        command=command,
        messages=len(sizes),
        octets=sum(sizes),
        longest=900.0,
        ready=lambda: shutil.rmtree(home, ignore_errors=True),
    )


def _row(job: Job, samples: list[Sample]) -> tuple[str, ...]:
    times = [sample.seconds for sample in samples]
    middle = statistics.median(times)
    return (
        job.name, f"{job.messages:,}", f"{middle:.2f}", f"{min(times):.2f}-{max(times):.2f}",
        f"{job.messages / middle:,.0f}", f"{job.octets / middle / 1e6:.1f}",
        f"{statistics.median(sample.cpu for sample in samples):.2f}",
    )  # fmt: skip


def _search(query: str, samples: list[Sample]) -> tuple[str, ...]:
    told = [sample.report["searches"][query] for sample in samples]
    times = sorted(took for each in told for took in each["seconds"])
    slow = times[min(len(times) - 1, len(times) * 99 // 100)]
    return (
        query,
        f"{told[0]['hits']:,}",
        f"{times[len(times) // 2] * 1000:.2f}",
        f"{slow * 1000:.2f}",
    )
