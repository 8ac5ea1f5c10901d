"""Reading 5,000 messages to subject, addresses, date, ids, text and the list of attachments.

The messages are in memory before the clock starts, so the peak says nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.clients import pile
from bench.measure import Job, contest, script
from bench.table import HONGYAN, Bar, compared
from tests.support.generate import messages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.measure import Result
    from bench.plan import Plan
    from bench.site import Site
    from bench.table import Table

COUNT, SEED = 5000, 7
FEWER = {"policy.default": 500, "compat32": 1000}
FASTER = 20
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


def _bars(results: Mapping[str, Result]) -> Iterator[Bar]:
    own = results[HONGYAN]
    for name, faster in (("policy.default", FASTER), ("gmime", 1)):
        if results[name].ran:
            times = results[name].each / own.each
            yield Bar(f"times {name}", times, faster, at_most=False)
