"""Reading 5,000 messages to subject, addresses, date, ids, text and attachments; then hostile ones.

The messages are in memory before the clock starts, so the peak says nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.clients import pile
from bench.measure import Job, contest, script
from bench.table import HONGYAN, Bar, Table, compared
from tests.support.generate import messages
from tests.support.hostile import RECIPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.measure import Result
    from bench.plan import Plan
    from bench.site import Site

COUNT, SEED = 5000, 7
FEWER = {"policy.default": 500, "compat32": 1000}
FASTER = 20
HOSTILE, LONGEST = 1_000_000, 1.0
PEERS = ("fast-mail-parser", "gmime", "compat32", "policy.default")


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure."""
    count = plan.scaled(COUNT, least=20)
    path = site.folder / "mime.pile"
    sizes = pile.write(path, messages(count, SEED))
    jobs = []
    for name in (HONGYAN, *PEERS):
        less = min(count, FEWER.get(name, count))
        command = script("parse_mail", client=name, path=str(path), count=less)
        jobs.append(Job(name=name, command=command, messages=less, octets=sum(sizes[:less])))
    results = contest(jobs, plan.runs)
    yield compared(f"Reading {count:,} messages", results, bars=tuple(_bars(results)))
    yield _hostile(plan.scaled(HOSTILE), max(1, plan.runs - 2))


def _hostile(size: int, runs: int) -> Table:
    """Read every recipe of denial of service; the best of the runs counts for each."""
    command = script("hostile_mail", size=size)
    octets = size * len(RECIPES)
    job = Job(name=HONGYAN, command=command, messages=len(RECIPES), octets=octets, longest=400.0)
    result = contest([job], runs)[HONGYAN]
    took = {
        name: min(sample.report["took"][name] for sample in result.samples)
        for name in (RECIPES if result.ran else ())
    }
    slowest = sorted(took, key=lambda name: took[name], reverse=True)[:5]
    return Table(
        f"{len(RECIPES)} hostile messages of {size / 1e6:g} MB, the five slowest",
        ("recipe", "CPU s"),
        tuple((name, f"{took[name]:.2f}") for name in slowest),
        (Bar("CPU seconds of the slowest", max(took.values(), default=float("inf")), LONGEST),),
        (result.failure,) if result.failure else (),
    )


def _bars(results: Mapping[str, Result]) -> Iterator[Bar]:
    own = results[HONGYAN]
    for name, faster in (("policy.default", FASTER), ("gmime", 1)):
        if results[name].ran:
            times = results[name].each / own.each
            yield Bar(f"times {name}", times, faster, at_most=False)
