"""Adds messages to a new store, each on the disk before the next, then searches it."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.clients import pile
from bench.clients.report import parameters
from hongyan.store import Role, Store


def latencies(store: Store, query: str, times: int) -> list[float]:
    """Return how long each of many searches took: the first 50 hits with their snippets."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        store.search.find(query, limit=50)
        took.append(time.perf_counter() - start)
    return took


def main() -> None:
    given = parameters()
    messages = pile.read(Path(given["path"]), given["count"])
    batch = given["batch"]
    with Store.open(Path(given["home"]), clock=lambda: datetime.now(UTC)) as store:
        account = store.accounts.add("reader@example.test", secret="keychain", name="Reader")
        inbox = store.mailboxes.ensure(account.id, Role.INBOX)
        start, cpu = time.monotonic(), time.process_time()
        for at in range(0, len(messages), batch):
            with store.transaction():
                for raw in messages[at : at + batch]:
                    store.messages.add(account.id, inbox.id, raw, received_at=datetime.now(UTC))
        took: dict[str, object] = {
            "seconds": time.monotonic() - start,
            "cpu": time.process_time() - cpu,
            "messages": len(messages),
            "octets": sum(map(len, messages)),
        }
        took["searches"] = {
            query: {
                "hits": store.search.count(query),
                "seconds": latencies(store, query, given["times"]),
            }
            for query in given["queries"]
        }
    sys.stdout.write(f"\n{json.dumps(took)}\n")


main()
