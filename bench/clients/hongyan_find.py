"""Searches a profile for the first 50 hits with snippets; opens pages of its mailbox anywhere."""

from __future__ import annotations

import json
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.clients.report import parameters
from hongyan.store import Part, Role, Store

if TYPE_CHECKING:
    from collections.abc import Callable


def timed(act: Callable[[], object], times: int) -> list[float]:
    """Return how long each of many calls took."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        took.append(time.perf_counter() - start)
    return took


def main() -> None:
    given = parameters()
    times, chance = given["times"], random.Random(1)
    begin, cpu = time.monotonic(), time.process_time()
    with Store.open(Path(given["home"]), clock=lambda: datetime.now(UTC)) as store:
        account = store.accounts.list()[0].id
        inbox = store.mailboxes.find(account, Role.INBOX)
        searches = {
            query: {
                "hits": store.search.count(query),
                "seconds": timed(lambda query=query: store.search.find(query, limit=50), times),  # type: ignore[misc]  # bound at once
            }
            for query in given["queries"]
        }

        def page() -> None:
            part = Part(position=chance.randrange(inbox.total), limit=50)
            found = store.search.query(account, filter_={"inMailbox": inbox.id}, part=part)
            store.messages.list(found.ids)

        took = {
            "seconds": time.monotonic() - begin,
            "cpu": time.process_time() - cpu,
            "messages": inbox.total,
            "octets": 0,
            "searches": searches,
            "pages": timed(page, times),
        }
    sys.stdout.write(f"\n{json.dumps(took)}\n")


main()
