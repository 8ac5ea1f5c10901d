"""Fetching by IMAP: a mailbox of 10,000, bodies to a sink that discards, at two distances.

The bound is a client that looks at nothing that comes. Slow peers get fewer of the same messages;
their rates compare, their seconds do not.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from bench.measure import Job, contest, script
from bench.site import distance
from bench.table import HONGYAN, Bar, compared
from tests.live.servers import LOOPBACK
from tests.support.generate import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bench.measure import Result
    from bench.plan import Plan
    from bench.site import Maildrop, Site
    from bench.table import Table

Bars: TypeAlias = "Callable[[Mapping[str, Result]], Iterator[Bar]]"

SEED = 7
COUNT = 10_000
FEWER = 2_000
CLIENTS = ("bound", "imaplib", "imapclient", "aioimaplib")
SLOW = ("imapclient", "aioimaplib")
FAR = 0.05


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure all."""
    count = plan.scaled(COUNT, least=50)
    fewer = min(count, plan.scaled(FEWER, least=50))
    drop = site.maildrop("imap", messages(count, SEED))
    small = site.maildrop("imap-fewer", islice(messages(count, SEED), fewer))
    port = site.dovecot.imap
    warm = list(jobs(port, drop, small))
    contest([job for job in warm if job.name == "bound"], 1)  # the server's indexes are made once
    contest([job for job in warm if job.name == "imapclient"], 1)
    yield _table(f"IMAP, {count:,} messages, 0 ms round trip", contest(warm, plan.runs), _bars)
    with distance(port, FAR) as relay:
        far = [job for job in jobs(relay.port, drop, small) if job.name in (HONGYAN, "bound")]
        results = contest(far, plan.runs)
    yield _table(f"IMAP, {count:,} messages, {FAR * 1000:g} ms round trip", results, _far_bars)


def jobs(port: int, drop: Maildrop, small: Maildrop) -> Iterator[Job]:
    """Yield a job for each client; the slow ones get ``small``."""
    for name in (HONGYAN, *CLIENTS):
        its = small if name in SLOW else drop
        who = {"username": its.user.address, "password": its.user.password}
        into = {"into": "/dev/null"} if name == HONGYAN else {}
        command = script(f"{name}_imap", host=LOOPBACK, port=port, **who, **into)
        # POP3 ends each message's last line, IMAP leaves it as it is
        octets = its.octets - 2 * its.messages
        yield Job(name=name, command=command, messages=its.messages, octets=octets)


def _table(title: str, results: Mapping[str, Result], bars: Bars) -> Table:
    return compared(title, results, bars=tuple(bars(results)))


def _bars(results: Mapping[str, Result]) -> Iterator[Bar]:
    own = results[HONGYAN]
    share = results["bound"].each / own.each
    yield Bar("share of the server's own speed", share, 0.85, at_most=False)
    for name, times in (("imaplib", 2.5), ("imapclient", 4)):
        if results[name].ran:
            yield Bar(f"times {name}", results[name].each / own.each, times, at_most=False)
    yield Bar("peak of memory in MB", own.peak / 1e6, 60)


def _far_bars(results: Mapping[str, Result]) -> Iterator[Bar]:
    yield Bar("time over the bound's", results[HONGYAN].each / results["bound"].each, 1.15)
