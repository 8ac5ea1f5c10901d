"""Submitting by SMTP: 200 messages of 8 KB at two distances, and one of 25 MB to two servers.

Each client keeps one connection; msmtp, a program for one message, is started anew for each. Slow
peers get fewer messages. Round trips are counted by the relay in a run of their own.
"""

from __future__ import annotations

import importlib.util
import math
from typing import TYPE_CHECKING

from bench import peers
from bench.letters import folder_of
from bench.measure import ClientFailed, Job, contest, measure, script
from bench.peers import Service
from bench.site import READER, WRITER, distance
from bench.table import HONGYAN, Bar, Table, compared
from tests.live.servers import LOOPBACK, User

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.letters import Letters
    from bench.measure import Result
    from bench.plan import Plan
    from bench.site import Site

COUNT, SIZE = 200, 8 * 1024
FEWER = {"smtplib": 40, "aiosmtplib": 40, "msmtp": 20}  # at 50 ms; msmtp everywhere
LARGE = 25_000_000
AFAR = 50
CONNECTING = 1  # the relay accepts by itself, so that it does not see this round trip
# With many messages under way answers pass what is still being sent, and each looks like a turn:
# far away they do not. With DATA each message waits for its own.
COUNTED_AT = {"CHUNKING": 500, "DATA": AFAR}
STRANGER = User(WRITER.address, "")  # who does not log in


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure all."""
    count = plan.scaled(COUNT, least=10)
    letters = folder_of(site.folder / "letters", count, SIZE)
    near = {"msmtp": letters.first(min(count, FEWER["msmtp"]))}
    far = {name: letters.first(min(count, fewer)) for name, fewer in FEWER.items()}
    ports = {"CHUNKING": site.submission.chunking, "DATA": site.submission.data}
    port = ports["CHUNKING"]
    results = contest(list(jobs(site, port, WRITER, letters, fewer=near)), plan.runs)
    yield compared(f"SMTP, {count} of 8 KB to Postfix, 0 ms", results)
    for way, port in ports.items():
        with distance(port, AFAR / 1000) as relay:
            results = contest(list(jobs(site, relay.port, WRITER, letters, fewer=far)), plan.runs)
        trips = _round_trips(site, port, letters, COUNTED_AT[way])
        title = f"SMTP, {count} of 8 KB to Postfix with {way}, {AFAR} ms round trip"
        note = f"hongyan: {trips:g} round trips, counted at {COUNTED_AT[way]} ms"
        yield compared(title, results, bars=tuple(_bars(way, results, trips)), notes=[note])
    yield from _large(site, plan)


def jobs(
    site: Site,
    port: int,
    user: User,
    letters: Letters,
    *,
    fewer: Mapping[str, Letters] | None = None,
) -> Iterator[Job]:
    """Yield a job for each client that is there, Hongyan first."""
    who = {"username": user.address, "password": user.password, "recipient": READER.address}
    fewer = fewer or {}
    for name in (HONGYAN, "minimal", "smtplib", "aiosmtplib"):
        if name == "aiosmtplib" and importlib.util.find_spec(name) is None:
            continue
        less = fewer.get(name, letters)
        command = script(f"{name}_smtp", host=LOOPBACK, port=port, **who, folder=str(less.folder))
        yield Job(name=name, command=command, messages=less.count, octets=less.octets)
    if peers.installed("msmtp"):
        less = fewer.get("msmtp", letters)
        folder = site.folder / f"msmtp-{port}"
        folder.mkdir(exist_ok=True)
        command = peers.msmtp(Service(port, user, folder), READER.address, files=less.folder)
        yield Job(name="msmtp", command=command, messages=less.count, octets=less.octets)


def _round_trips(site: Site, port: int, letters: Letters, milliseconds: int) -> float:
    """Return how often Hongyan waits for the server, connecting included; endless if it fails."""
    with distance(port, milliseconds / 1000) as relay:
        try:
            measure(next(jobs(site, relay.port, WRITER, letters)))
        except ClientFailed:
            return math.inf
        return relay.counts.round_trips + CONNECTING


def _bars(way: str, results: Mapping[str, Result], trips: float) -> Iterator[Bar]:
    own = results[HONGYAN]
    peers = [name for name in ("smtplib", "aiosmtplib") if name in results and results[name].ran]
    if way == "CHUNKING":
        yield Bar("round trips in all", trips, 10)
        limit = 30.0
    else:
        yield Bar("round trips a message", trips / own.job.messages, 1.2)
        limit = 3.5
    for name in peers:
        yield Bar(f"times {name}", results[name].each / own.each, limit, at_most=False)


def _large(site: Site, plan: Plan) -> Iterator[Table]:
    size = plan.scaled(LARGE)
    letters = folder_of(site.folder / "large", 1, size)
    servers = {
        "Postfix": (site.submission.chunking, WRITER),
        "Postfix without CHUNKING": (site.submission.data, WRITER),
        "smtp-sink": (site.sink, STRANGER),
    }
    for name, (port, user) in servers.items():
        chosen = [
            job for job in jobs(site, port, user, letters) if user.password or job.name != "msmtp"
        ]
        results = contest(chosen, plan.runs)
        own, minimal = results[HONGYAN], results["minimal"]
        bars = (
            Bar(
                "share of the minimal client's speed", own.rate / minimal.rate, 0.85, at_most=False
            ),
        )
        yield compared(f"SMTP, one of {size / 1e6:g} MB to {name}, 0 ms", results, bars=bars)
