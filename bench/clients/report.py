"""What a script says of itself: seconds and CPU of its work alone, and how much it did."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def parameters() -> dict[str, Any]:
    """Return what the bench gave to this client."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    return given


def timed(work: Callable[[], tuple[int, int]]) -> None:
    """Do the work, which returns messages and octets, and print the report."""
    start, cpu = time.monotonic(), time.process_time()
    messages, octets = work()
    took = {
        "seconds": time.monotonic() - start,
        "cpu": time.process_time() - cpu,
        "messages": messages,
        "octets": octets,
    }
    sys.stdout.write(f"\n{json.dumps(took)}\n")
