"""How often a check over TLS waits for the server: connect, handshake, login, STAT, QUIT.

The relay counts each answer that came after something the client had said; connecting, which the
relay does by itself, is one more. The clock tells the same: the time over the round trip, with what
the same check takes at no distance taken off.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import peers
from bench.letters import letter
from bench.measure import ClientFailed, Job, measure, script
from bench.peers import Service
from bench.site import distance
from bench.table import Bar, Table
from tests.live.servers import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.plan import Plan
    from bench.site import Maildrop, Site
    from tests.support.relay import Relay

FIRST, AGAIN = "hongyan", "hongyan, again"
ROUND_TRIP = 0.2
CONNECTING = 1
PAUSE = 1.0  # Dovecot, called again at once, may take a second to start another log-in process
HEADS = ("client", "counted", "by the clock", "seconds", "octets up", "octets down")


@dataclass(frozen=True, slots=True)
class Visit:
    """One check: answers waited for, seconds, octets each way."""

    trips: int
    seconds: float
    up: int
    down: int


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure at a server as most are, and Hongyan at one that offers SCRAM too."""
    hosts = {"PLAIN": site.plain_dovecot, "SCRAM-SHA-256": site.dovecot}
    for mechanism, dovecot in hosts.items():
        drop = site.maildrop("check", [letter(2000, seed=1)], at=dovecot)
        yield _at(site, plan, mechanism, dovecot.pop3s, drop)


def _at(site: Site, plan: Plan, mechanism: str, port: int, drop: Maildrop) -> Table:
    rows: list[tuple[str, ...]] = []
    counts: dict[str, float] = {}
    notes: list[str] = []
    with distance(port, 0) as near, distance(port, ROUND_TRIP) as far:
        close = {job.name: job for job in jobs(site, near.port, port, drop)}
        for job in jobs(site, far.port, port, drop):
            try:
                base = min(measure(close[job.name]).seconds for _ in range(plan.runs))
                visits = [_visit(job, far) for _ in range(plan.runs)]
            except ClientFailed as error:
                notes.append(str(error))
                continue
            counts[job.name] = statistics.median(visit.trips for visit in visits) + CONNECTING
            rows.append(_row(job.name, counts[job.name], base, visits))
    title = (
        f"A POP3 check over TLS, strongest offer {mechanism}, {ROUND_TRIP * 1000:g} ms round trip"
    )
    bars = tuple(
        Bar(f"{name}, round trips", counts.get(name, float("inf")), limit)
        for name, limit in {FIRST: 5, AGAIN: 4}.items()
    )
    return Table(title, HEADS, tuple(rows), bars, tuple(notes))


def _visit(job: Job, relay: Relay) -> Visit:
    time.sleep(PAUSE)
    counts = relay.counts
    before = counts.round_trips, counts.up, counts.down
    seconds = measure(job).seconds
    trips, up, down = (
        now - then
        for now, then in zip((counts.round_trips, counts.up, counts.down), before, strict=True)
    )
    return Visit(trips, seconds, up, down)


def _row(name: str, trips: float, base: float, visits: Sequence[Visit]) -> tuple[str, ...]:
    best = min(visits, key=lambda visit: visit.seconds)
    by_clock = (best.seconds - base) / ROUND_TRIP + CONNECTING
    return (
        name, f"{trips:g}", f"{by_clock:.1f}", f"{best.seconds:.2f}",
        f"{best.up:,}", f"{best.down:,}",
    )  # fmt: skip


def jobs(site: Site, port: int, direct: int, drop: Maildrop) -> Iterator[Job]:
    """Yield a job for each client that is there; ``direct`` is the server without the relay."""
    user = drop.user
    trust = site.authority.pem
    folder = site.folder / f"check-{port}"
    folder.mkdir()
    service = Service(port, user, folder, trust)
    who = {"username": user.address, "password": user.password}
    teachers = {FIRST: 0, AGAIN: direct, "poplib": 0}
    commands = {
        name: script("check_pop3", client=name, host=LOOPBACK, port=port, **who, teacher=teacher)
        for name, teacher in teachers.items()
    }
    if peers.installed("curl"):
        commands["curl"] = peers.curl_check(service)
    if peers.installed("mpop"):
        commands["mpop"] = (*peers.mpop(service), "--status-only")
    if peers.installed("fetchmail"):
        commands["fetchmail"] = peers.fetchmail(service, "--check")
    environment = {"SSL_CERT_FILE": str(trust), "FETCHMAILHOME": str(folder)}
    for name, command in commands.items():
        yield Job(
            name=name, command=command, messages=1, octets=drop.octets, environment=environment
        )
