"""Fetching by POP3: a mailbox of 2,000 at three distances, and 40 messages of 5 MB.

The bound is a client that reads the listing and looks at nothing else. Slow peers get fewer of the
same messages; their rates compare, their seconds do not.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from bench import peers
from bench.letters import letter
from bench.measure import Job, contest, script
from bench.peers import Service
from bench.site import distance
from bench.table import HONGYAN, Bar, compared
from hongyan import POP3
from tests.live.servers import LOOPBACK
from tests.support.generate import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bench.measure import Result
    from bench.plan import Plan
    from bench.site import Maildrop, Site
    from bench.table import Table
    from hongyan.client.session import Offered

Maker: TypeAlias = "Callable[[Service], tuple[str, ...]]"

SEED = 7
COUNT = 2000
# How many messages the clients with a round trip a message get, by the distance in milliseconds.
FEWER = {0: {"poplib": COUNT, "getmail6": 200, "fetchmail": 500}, 20: {}, 50: {}}
FEWER_FAR = 100
PROGRAMS: dict[str, Maker] = {
    "mpop": peers.mpop,
    "getmail6": peers.getmail,
    "fetchmail": peers.fetchmail,
}
SLOW = ("getmail6", "fetchmail")
PYTHON = ("poplib", "getmail6")
FIRST = "hongyan, first visit"


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure all."""
    count = plan.scaled(COUNT, least=20)
    sizes = {count, *(min(count, n) for n in (*FEWER[0].values(), FEWER_FAR))}
    drops = {size: _drop(site, f"pop3-{size}", count, size) for size in sizes}
    for milliseconds, fewer in FEWER.items():
        chosen = {
            name: drops[min(count, fewer.get(name, FEWER_FAR))]
            for name in ("poplib", "getmail6", "fetchmail")
        }
        yield _at(site, plan, milliseconds, drops[count], chosen)
    yield _large(site, plan)


def _drop(site: Site, name: str, count: int, size: int) -> Maildrop:
    return site.maildrop(name, islice(messages(count, SEED), size))


def _at(
    site: Site, plan: Plan, milliseconds: int, drop: Maildrop, fewer: Mapping[str, Maildrop]
) -> Table:
    """Measure at one distance; at none the relay is left out, for it takes a share of the CPU."""
    port = site.dovecot.pop3
    folder = site.folder / f"pop3-{milliseconds}"
    if not milliseconds:
        results = contest(list(jobs(folder, port, offered(port), drop, fewer)), plan.runs)
    else:
        with distance(port, milliseconds / 1000) as relay:
            results = contest(list(jobs(folder, relay.port, offered(port), drop, fewer)), plan.runs)
    title = f"POP3, {drop.messages:,} messages, {milliseconds} ms round trip"
    bars = BARS.get(milliseconds, lambda _: ())
    return compared(title, results, bars=tuple(bars(results)))


def offered(port: int) -> Offered:
    """Return what the server offers, as an earlier visit would have found it."""
    with POP3(f"pop3://{LOOPBACK}:{port}?tls=none") as pop:
        return pop.offered


def jobs(
    folder: Path, port: int, known: Offered, drop: Maildrop, fewer: Mapping[str, Maildrop]
) -> Iterator[Job]:
    """Yield a job for each client that is there; those in ``fewer`` get that maildrop instead.

    ``known`` is what Hongyan remembers of the server, save on its first visit.
    """
    folder.mkdir()
    for name, client, more in (
        (HONGYAN, "hongyan_pop3", {"into": "/dev/null", "remembered": known}),
        (FIRST, "hongyan_pop3", {"into": "/dev/null", "remembered": None}),
        ("hongyan, to a file", "hongyan_pop3", {"into": f"{folder}/box", "remembered": known}),
        ("bound", "bound_pop3", {}),
        ("poplib", "poplib_pop3", {}),
    ):
        its = fewer.get(name, drop)
        who = {"username": its.user.address, "password": its.user.password}
        command = script(client, host=LOOPBACK, port=port, **who, **more)
        yield Job(name=name, command=command, messages=its.messages, octets=its.octets)
    for name, maker in PROGRAMS.items():
        its = fewer.get(name, drop)
        if peers.installed(name.removesuffix("6")):
            yield _program(name, maker, Service(port, its.user, folder / name), its)


def _program(name: str, maker: Maker, service: Service, drop: Maildrop) -> Job:
    service.folder.mkdir()
    return Job(
        name=name,
        command=maker(service),
        messages=drop.messages,
        octets=drop.octets,
        environment={"FETCHMAILHOME": str(service.folder)},
        ready=service.forget,
        check=partial(service.check, drop.octets),
    )


def _near_bars(results: Mapping[str, Result]) -> Iterator[Bar]:
    own, bound, poplib = (results[name] for name in (HONGYAN, "bound", "poplib"))
    if bound.ran:
        share = bound.each / own.each
        yield Bar("share of the server's own speed", share, 0.85, at_most=False)
    if poplib.ran:
        yield Bar("times poplib in MB/s", own.rate / poplib.rate, 4, at_most=False)
    python = [results[name] for name in PYTHON if name in results and results[name].ran]
    if python:
        least = min(result.cpu_per_megabyte for result in python)
        yield Bar("CPU a MB, over the best Python peer's", own.cpu_per_megabyte / least, 1)


def _far_bars(results: Mapping[str, Result]) -> Iterator[Bar]:
    own = results[HONGYAN]
    limits = {"bound": 1.15, "mpop": 1.0}
    for name, limit in limits.items():
        if name in results and results[name].ran:
            yield Bar(f"time over {name}'s", own.each / results[name].each, limit)
    for name in ("poplib", "getmail6", "fetchmail"):
        if name in results and results[name].ran:
            yield Bar(f"times {name}", results[name].each / own.each, 60, at_most=False)


BARS = {0: _near_bars, 50: _far_bars}


def _large(site: Site, plan: Plan) -> Table:
    count = plan.scaled(40, least=2)
    size = plan.scaled(5_000_000, least=50_000)
    drop = site.maildrop("pop3-large", (letter(size, seed=number) for number in range(count)))
    folder = site.folder / "pop3-large"
    port = site.dovecot.pop3
    quick = [job for job in jobs(folder, port, offered(port), drop, {}) if job.name not in SLOW]
    results = contest(quick, plan.runs)
    own, poplib = results[HONGYAN], results["poplib"]
    bars = [Bar("times poplib in MB/s", own.rate / poplib.rate, 4, at_most=False)] * poplib.ran
    return compared(f"POP3, {count} of {size / 1e6:g} MB, 0 ms", results, bars=bars)
