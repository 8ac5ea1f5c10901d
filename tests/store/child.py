"""What the child processes of test_processes.py do: ``python child.py TASK HOME ARGUMENT``."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from hongyan.store import Store


def now() -> datetime:
    return datetime.now(UTC)


def add(store: Store, name: str) -> None:
    """Add letters without end, one in ten a large one; print each UIDL once it is acknowledged."""
    for n in range(100_000):
        body = f"letter {n} of {name}\r\n" * (20_000 if n % 10 == 5 else 50)
        store.messages.add(
            "a1",
            "b1",
            f"Subject: {n}\r\n\r\n{body}".encode(),
            received_at=now(),
            uidl=f"{name}-{n}",
        )
        print(f"{name}-{n}", flush=True)


def add_some(store: Store, name: str) -> None:
    for n in range(40):
        raw = f"Subject: {n}\r\n\r\nshared {n}".encode()
        store.messages.add("a1", "b1", raw, received_at=now(), uidl=f"{name}-{n}")


def send(store: Store, _: str) -> None:
    """Claim whatever is due; print it; never settle the odd ones, whose content has started."""
    while item := store.outbox.claim():
        print(item.id, flush=True)
        if int(item.id[1:]) % 2:
            store.outbox.start_content(item.id)
    print("done", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    task, home, argument = sys.argv[1:]
    with Store.open(Path(home), clock=now) as opened:
        {"add": add, "add_some": add_some, "send": send}[task](opened, argument)
