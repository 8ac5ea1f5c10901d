"""``python -m bench [WORK …] [--quick] [--runs N]``: measure, print tables; see docs/bench.md."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.plan import FULL, QUICK
from bench.site import Site
from bench.works import WORKS
from tests.live.servers import Unavailable

if TYPE_CHECKING:
    from bench.table import Bar


def main() -> int:
    """Return 1 when a bar is not met in a full run, 2 when a server is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Hongyan and its peers.")
    parser.add_argument("works", nargs="*", metavar="WORK", help=", ".join(WORKS))
    parser.add_argument(
        "--quick", action="store_true", help="smaller and fewer: a look, not a verdict"
    )
    parser.add_argument("--runs", type=int, help="how often each client runs")
    parser.add_argument(
        "--million", action="store_true", help="store: a million messages, too (hours)"
    )
    given = parser.parse_args()
    if unknown := set(given.works) - set(WORKS):
        parser.error(f"{', '.join(sorted(unknown))}: the works are {', '.join(WORKS)}")
    plan = QUICK if given.quick else FULL
    plan = replace(plan, runs=given.runs) if given.runs else plan
    plan = replace(plan, million=given.million)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and folders go
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}, "
          f"{plan.runs} runs each", flush=True)  # fmt: skip
    begin = time.monotonic()
    bars: list[Bar] = []
    try:
        with Site() as site:
            for name in given.works or WORKS:
                for table in WORKS[name](site, plan):
                    print(f"\n{table}", flush=True)
                    bars += table.bars
    except Unavailable as why:
        print(f"the bench cannot run here: {why}", file=sys.stderr)
        return 2
    if given.quick:
        print("\nquick: a tenth of the sizes, so what is said of the bars is no verdict")
        return 0
    missed = sum(not bar.met for bar in bars)
    print(f"\n{len(bars) - missed} of {len(bars)} bars met, in {time.monotonic() - begin:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
