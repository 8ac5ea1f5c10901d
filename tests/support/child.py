"""Server programs as children of the test run: a port to listen on, a start, a clean end.

A child is started by its own command line and ended by its own process id, never by a name. A
watcher at the end of a pipe ends it when the test run itself is killed (Linux's death signal would
do, were it not lost when a server changes its user). What a child logged is part of the error when
it does not come up.
"""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LOOPBACK = "127.0.0.1"


class Unavailable(Exception):
    """A server cannot run on this machine; the message says why and what would help."""


class StartFailed(Exception):
    """A server is installed and did not come up; the message holds its log."""


def free_ports(count: int) -> list[int]:
    """Return ``count`` loopback ports that nobody listens on, below the range of ephemeral ports."""
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            port = random.randint(15_000, 32_000)
            probe = held.enter_context(socket.socket())
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            ports.append(port)
        return ports


def program(name: str, *, package: str) -> str:
    """Return the path of ``name``; raises `Unavailable` when it is not installed."""
    found = shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if not found:
        raise Unavailable(f"{name} is not installed (Debian's package {package})")
    return found


class Child:
    """A server program that runs in the foreground."""

    def __init__(self, command: Sequence[str], *, log: Path, ends_within: float = 10.0) -> None:
        """Start ``command``; its standard output and error are appended to ``log``."""
        self.log = log
        self._command = " ".join(command)
        self._ends_within = ends_within
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._watcher = subprocess.Popen(
            ["sh", "-c", 'cat; kill "$0"', str(self.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def wait_ready(self, ports: Sequence[int], *, seconds: float = 15.0) -> None:
        """Return once each port accepts a connection, and the first one greets.

        Raises `StartFailed` with the log.
        """
        deadline = time.monotonic() + seconds
        for port in ports:
            while not _answers(port, greets=port == ports[0]):
                if self._process.poll() is not None:
                    self.stop()
                    raise StartFailed(self._story("ended at once"))
                if time.monotonic() > deadline:
                    self.stop()
                    raise StartFailed(self._story(f"opened no port {port} in {seconds:g} seconds"))
                time.sleep(0.01)

    def stop(self) -> None:
        """End the child by SIGTERM, and by SIGKILL when it does not obey."""
        self._watcher.kill()
        self._watcher.communicate()
        self._process.terminate()
        try:
            self._process.wait(self._ends_within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _story(self, what: str) -> str:
        return f"{self._command} {what}:\n{self.log.read_text('utf-8', 'replace')[-8000:]}"


def _answers(port: int, *, greets: bool) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as probe:
            return not greets or bool(probe.recv(1))
    except OSError:
        return False
