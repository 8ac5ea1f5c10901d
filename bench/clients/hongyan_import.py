"""Imports a Maildir into a new profile, as ``hongyan import`` does, and says how the pace went."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.clients.report import parameters
from hongyan.store import Store
from hongyan.transfer.importing import Importer


def now() -> datetime:
    return datetime.now(UTC)


def main() -> None:
    given = parameters()
    paces: list[tuple[int, float]] = []
    with Store.open(Path(given["home"]), clock=now) as store:
        account = store.accounts.add("reader@example.test", secret="keychain", name="Reader")
        start, cpu = time.monotonic(), time.process_time()
        result = Importer(store, account, clock=now).take(
            [Path(given["path"])],
            advance=lambda done, *_: paces.append((done, time.monotonic() - start)),
        )
        took = {
            "seconds": time.monotonic() - start,
            "cpu": time.process_time() - cpu,
            "messages": result.new,
            "octets": result.octets,
            "paces": paces,
        }
    sys.stdout.write(f"\n{json.dumps(took)}\n")


if __name__ == "__main__":  # its helpers load this module, too
    main()
