"""Imports a Maildir into a new profile, as ``hongyan import`` does, and says how the pace went."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.clients.report import parameters
from hongyan.store import Store
from hongyan.transfer.importing import Importer


def now() -> datetime:
    return datetime.now(UTC)


def all_cpu() -> float:
    """Return the CPU seconds of this process and of its helpers that have ended."""
    return sum(os.times()[:4])


def main() -> None:
    given = parameters()
    paces: list[tuple[int, float, float]] = []
    with Store.open(Path(given["home"]), clock=now) as store:
        account = store.accounts.add("reader@example.test", secret="keychain", name="Reader")
        start, cpu = time.monotonic(), all_cpu()

        def advance(done: int, *_: int) -> None:
            paces.append((done, time.monotonic() - start, time.process_time()))

        result = Importer(store, account, clock=now).take([Path(given["path"])], advance=advance)
        took = {
            "seconds": time.monotonic() - start,
            "cpu": all_cpu() - cpu,
            "messages": result.new,
            "octets": result.octets,
            "paces": paces,
        }
    sys.stdout.write(f"\n{json.dumps(took)}\n")


if __name__ == "__main__":  # its helpers load this module, too
    main()
