"""``hongyan serve`` with three idle accounts: what it costs to be there.

Workers rest for minutes, so both parts are measured: the rest by the clock, and a visit that finds
nothing, of which each interval has one. Wake-ups are what Linux counts as voluntary switches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.measure import Job, contest, script
from bench.table import HONGYAN, Bar, Table
from hongyan.sync.schedule import INTERVAL
from tests.live.servers import DOMAIN, LOOPBACK, User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.plan import Plan
    from bench.site import Site

ACCOUNTS = 3
SECONDS = 90
MOST_CPU = 0.5  # per cent of a core
MOST_WAKE_UPS = 2.0  # a minute for each account: one in 30 seconds
HEADS = (
    "accounts",
    "rest s",
    "CPU at rest %",
    "wake-ups/min each",
    "CPU a visit ms",
    "CPU in all %",
)


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure once; the rest takes its time."""
    users = [User(f"idle{number}@{DOMAIN}", "secret") for number in range(ACCOUNTS)]
    for user in users:
        site.dovecot.add_user(user)
    command = script(
        "idle",
        home=str(site.folder / "idle"),
        addresses=[user.address for user in users],
        password="secret",
        pop3=f"pop3://{LOOPBACK}:{site.dovecot.pop3}?tls=none",
        smtp=f"smtp://{LOOPBACK}:1?tls=none",  # nothing waits, so nobody calls
        seconds=plan.scaled(SECONDS, least=5),
    )
    (result,) = contest(
        [Job(name=HONGYAN, command=command, messages=0, octets=0, longest=300)], 1
    ).values()
    if not result.ran:
        yield Table("hongyan serve at rest", HEADS, (), (), (result.failure,))
        return
    (sample,) = result.samples
    resting = 100 * sample.cpu / sample.seconds
    each = 60 * float(sample.report["woken"]) / sample.seconds / ACCOUNTS
    visit = float(sample.report["visit"])  # of all accounts, once in an interval
    total = resting + 100 * visit / INTERVAL
    row = (
        str(ACCOUNTS), f"{sample.seconds:.0f}", f"{resting:.4f}", f"{each:.2f}",
        f"{1000 * visit / ACCOUNTS:.1f}", f"{total:.4f}",
    )  # fmt: skip
    bars = (
        Bar("per cent of a core, visits included", total, MOST_CPU),
        Bar("wake-ups a minute for each account", each, MOST_WAKE_UPS),
    )
    yield Table("hongyan serve at rest", HEADS, (row,), bars)
