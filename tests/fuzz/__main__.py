"""Run the fuzz targets: ``python -m tests.fuzz [NAME …] [--minutes N]``.

Each target is a function ``one(data)`` that raises only on a bug. Inputs are random octets mixed
with a dictionary of the protocols' words, without coverage guidance.
"""

from __future__ import annotations

import argparse
import importlib
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = [
    b"\r\n", b"\n", b"\r", b" ", b".", b"..", b"\r\n.\r\n", b"+OK", b"-ERR", b"+ ", b"220 ", b"250-", b"250 ",
    b"354 ", b"334 ", b"421 ", b"550 5.1.1 ", b"[IN-USE]", b"=?utf-8?b?", b"?=", b"boundary=", b"--", b"\0",
    b"Content-Type: ", b"multipart/mixed; ", b"message/rfc822", b"charset=", b"base64", b"\xff\xfe", b'"', b"<",
    b">", b"(", b")", b",", b";", b"@", b"1 ", b"4294967296", b"-1",
    b"<p>", b"</div>", b"<!--", b"-->", b"<svg", b"<style>", b"style=", b"url(", b"{", b"}", b"&amp;", b"*0*=", b"%E4",
    b"\x1b$B", b"\xe4\xbd\xa0", b"\n--", b"name=", b"begin 644 ", b"cid:",
]  # fmt: skip
SLOWEST = 0.5  # seconds of our own CPU: a busy machine is no finding


def targets() -> dict[str, Callable[[bytes], None]]:
    """Each fuzz_NAME.py beside this file, by NAME."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("fuzz_*.py"))
    return {
        name.removeprefix("fuzz_"): importlib.import_module(f"tests.fuzz.{name}").one
        for name in names
    }


def make(chance: random.Random) -> bytes:
    """One input: words and octets in random order, sometimes a stretch repeated."""
    pieces = [
        chance.choice(WORDS) if chance.random() < 0.6 else chance.randbytes(chance.randrange(1, 9))
        for _ in range(chance.randrange(1, 60))
    ]
    data = b"".join(pieces)
    return data * chance.choice([1, 1, 1, 2, 50]) if len(data) < 2000 else data


def run(name: str, target: Callable[[bytes], None], seconds: float, seed: int) -> int:
    """Run one target for ``seconds``; return how many inputs it took. Raises on the first bug."""
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        data = make(chance)
        try:
            took = timed(target, data)
        except BaseException:
            print(f"{name}: fails on {data!r}")
            raise
        if took > SLOWEST and timed(target, data) > SLOWEST:  # not once, by chance
            raise TimeoutError(f"{name}: slow on {data[:2000]!r}, {len(data)} octets")
        count += 1
    return count


def timed(target: Callable[[bytes], None], data: bytes) -> float:
    """Return the CPU seconds that ``target`` takes over ``data``."""
    start = time.thread_time()
    target(data)
    return time.thread_time() - start


def main() -> None:
    """Run the targets named, or all, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    for name, target in targets().items():
        if not options.names or name in options.names:
            count = run(name, target, options.minutes * 60, options.seed)
            print(
                f"{name}: {count} inputs, seed {options.seed}: a value, need-more or ProtocolError"
            )


if __name__ == "__main__":
    main()
