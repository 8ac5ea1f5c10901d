"""Reads each hostile recipe at one size (parse, object, safe HTML); tells how long each took."""

from __future__ import annotations

import json
import sys
import time

from bench.clients.report import parameters
from hongyan import mime
from hongyan.mime.html import sanitise
from tests.support.hostile import RECIPES


def read(raw: bytes) -> None:
    message = mime.parse(raw)
    mime.email_object(message)
    sanitise(message.html or "")


def main() -> None:
    size = parameters()["size"]
    took: dict[str, float] = {}
    cpu = time.process_time()
    for name, recipe in RECIPES.items():
        raw = recipe(size)
        start = time.process_time()
        read(raw)
        took[name] = time.process_time() - start
    report = {
        "seconds": sum(took.values()),
        "cpu": time.process_time() - cpu,
        "messages": len(took),
        "octets": size * len(took),
        "took": took,
    }
    sys.stdout.write(f"\n{json.dumps(report)}\n")


main()
