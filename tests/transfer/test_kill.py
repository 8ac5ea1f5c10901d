"""An import that is killed at any moment leaves a whole store, and the next one goes on."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime
from pathlib import Path

from hongyan.store import Store
from tests.support.program import Program

COUNT = 600


def test_killed_imports_end_well(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = tmp_path / "Letters.mbox"
    large = b"x" * 75 + b"\n"
    path.write_bytes(
        b"".join(
            b"From a Sat Mar 14 10:00:00 2026\nSubject: %d\n\nbody %d\n%s\n"
            % (n, n, large * (4_000 if n % 50 == 7 else 1))
            for n in range(COUNT)
        )
    )

    def clock() -> datetime:
        return datetime.now(UTC)

    with Store.open(home, clock=clock) as store:
        store.accounts.add("me@example.org", secret="keychain")
    counts = [0]
    for seconds in (0.35, 0.45, 0.55, 0.65):
        process = Program(home).start("import", str(path))
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with Store.open(home, clock=clock) as store:
            assert store.check() == ()
            counts.append(store.search.count("body"))
    assert counts == sorted(counts)
    Program(home).run("import", str(path))
    with Store.open(home, clock=clock) as store:
        assert store.check() == ()
        assert {store.messages.get(id_).subject for id_ in store.search.ids("body")} == {
            str(n) for n in range(COUNT)
        }
        assert store.search.count("") == COUNT
