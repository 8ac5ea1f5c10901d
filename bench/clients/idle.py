"""Hongyan's workers with some idle accounts: what a rest costs, and what a visit does."""

from __future__ import annotations

import json
import time
from pathlib import Path

from bench.clients.report import parameters
from hongyan.app import App, Config, Doing, NewAccount

VISITS = 10


def wake_ups() -> int:
    """Return how often threads of this process have given up the processor by themselves."""
    total = 0
    for status in Path("/proc/self/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total


def settle(app: App, accounts: int) -> None:
    """Wait until every worker rests."""
    while True:
        latest = app.activities.latest()
        if len(latest) == accounts and all(each.state is Doing.IDLE for each in latest):
            return
        time.sleep(0.01)


def main() -> None:
    given = parameters()
    with App(Config(Path(given["home"]))) as app:
        for address in given["addresses"]:
            app.accounts.add(
                NewAccount(
                    address=address,
                    pop3_url=given["pop3"],
                    smtp_url=given["smtp"],
                    password_command=f"echo {given['password']}",
                )
            )
        count = len(given["addresses"])
        app.workers.start()
        settle(app, count)
        time.sleep(1)
        cpu, switches, begin = time.process_time(), wake_ups(), time.monotonic()
        time.sleep(given["seconds"])
        resting = time.process_time() - cpu
        woken = wake_ups() - switches - 1  # our own sleep
        seconds = time.monotonic() - begin
        cpu = time.process_time()
        for _ in range(VISITS):
            app.workers.wake()
            time.sleep(0.2)
            settle(app, count)
        visit = (time.process_time() - cpu) / VISITS
        app.workers.stop()
    report = {"seconds": seconds, "cpu": resting, "woken": woken, "visit": visit}
    print(json.dumps({**report, "messages": 0, "octets": 0}))


main()
