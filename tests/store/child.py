"""What the child processes of test_processes.py do: ``python child.py TASK HOME ARGUMENT``."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from hongyan.errors import StoreError
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


def add_until_full(store: Store, name: str) -> None:
    """Add letters until the file system refuses; say so, and do not mind."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
    for n in range(10_000):
        raw = (
            f"Subject: {n}\r\n\r\n".encode()
            + os.urandom(5_000 if n % 5 else 200_000).hex().encode()
        )
        try:
            store.messages.add("a1", "b1", raw, received_at=now(), uidl=f"{name}-{n}")
        except StoreError as error:
            print("StoreError", error, flush=True)
            return
        print(f"{name}-{n}", flush=True)


def nothing(_store: Store, _name: str) -> None:
    """Open and close."""


def send(store: Store, _: str) -> None:
    """Claim whatever is due; print it; never settle the odd ones, whose content has started."""
    while item := store.outbox.claim():
        print(item.id, flush=True)
        if int(item.id[1:]) % 2:
            store.outbox.start_content(item.id)
    print("done", flush=True)
    time.sleep(60)


TASKS = {
    "add": add,
    "add_some": add_some,
    "add_until_full": add_until_full,
    "open": nothing,
    "send": send,
}

if __name__ == "__main__":
    task, home, argument = sys.argv[1:]
    with Store.open(Path(home), clock=now) as opened:
        TASKS[task](opened, argument)
