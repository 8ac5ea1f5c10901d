"""The servers of a run: Dovecot and Postfix on loopback, started when first asked for.

They are those of the live tests. Postfix discards what it accepts, so that no delivery takes part
in the next measurement, and listens a second time without CHUNKING.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.live.servers import DOMAIN, LOOPBACK, Dovecot, Postfix, StartFailed, User
from tests.support.authority import Authority
from tests.support.child import Child, free_ports, program
from tests.support.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterable

WRITER = User(f"writer@{DOMAIN}", "secret")
READER = User(f"reader@{DOMAIN}", "secret")


@dataclass(frozen=True, slots=True)
class Maildrop:
    """A mailbox on the server: its user, and its messages and octets as POP3 gives them."""

    user: User
    messages: int
    octets: int


@dataclass(frozen=True, slots=True)
class Submission:
    """The ports of the submission server, with CHUNKING and without."""

    chunking: int
    data: int


class Site:
    """A context manager; at its end all servers are stopped and all folders removed."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="hongyan-bench-"))
        self.folder.chmod(0o755)  # some peers drop to another user's rights to deliver
        self._stack.callback(shutil.rmtree, self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def authority(self) -> Authority:
        """Who signs for the servers."""
        return Authority(self.folder)

    @cached_property
    def dovecot(self) -> Dovecot:
        """The POP3 server. Raises `Unavailable`."""
        dovecot = Dovecot(self.authority.issue())
        self._stack.callback(dovecot.stop)
        for user in (WRITER, READER):
            dovecot.add_user(user)
        return dovecot

    @cached_property
    def plain_dovecot(self) -> Dovecot:
        """A POP3 server that offers PLAIN and LOGIN only, as Dovecot and most hosts come."""
        dovecot = Dovecot(self.authority.issue())
        self._stack.callback(dovecot.stop)
        settings = dovecot.home / "dovecot.conf"
        with settings.open("a") as file:
            file.write("auth_mechanisms = plain login\n")
        control = program("dovecot", package="dovecot-core")
        subprocess.run([control, "-c", str(settings), "reload"], check=True, capture_output=True)
        return dovecot

    @cached_property
    def submission(self) -> Submission:
        """The SMTP server, which takes `WRITER`'s mail to `READER`. Raises `Unavailable`."""
        postfix = Postfix(self.dovecot, self.authority.issue())
        self._stack.callback(postfix.stop)
        for user in (WRITER, READER):
            postfix.add_user(user)
        (port,) = free_ports(1)
        with (postfix.home / "main.cf").open("a") as main:
            main.write("virtual_transport = discard:\nin_flow_delay = 0\n")
        with (postfix.home / "master.cf").open("a") as master:
            master.write(f"{LOOPBACK}:{port} inet n - n - - smtpd\n")
            master.write("  -o smtpd_discard_ehlo_keywords=chunking,silent-discard\n")
        control = program("postfix", package="postfix")
        reload = [control, "-c", str(postfix.home), "reload"]
        subprocess.run(reload, check=True, capture_output=True)
        await_port(port)
        return Submission(postfix.smtp, port)

    @cached_property
    def sink(self) -> int:
        """The port of Postfix's own ``smtp-sink``, which reads mail and forgets it."""
        (port,) = free_ports(1)
        command = [
            program("smtp-sink", package="postfix"),
            "-u",
            "nobody",
            f"{LOOPBACK}:{port}",
            "100",
        ]
        child = Child(command, log=self.folder / "sink.log")
        self._stack.callback(child.stop)
        child.wait_ready([port])
        return port

    def maildrop(
        self, name: str, messages: Iterable[bytes], *, at: Dovecot | None = None
    ) -> Maildrop:
        """Fill a new mailbox at the server ``at``, or at the usual one."""
        dovecot = at or self.dovecot
        user = User(f"{name}@{DOMAIN}", "secret")
        dovecot.add_user(user)
        octets = 0

        def counted() -> Iterable[bytes]:
            nonlocal octets
            for message in messages:
                # POP3 ends every line (RFC 1939 §3), so it adds what the last one lacks
                octets += len(message) + (0 if message.endswith(b"\r\n") else 2)
                yield message

        return Maildrop(user, dovecot.fill(user, counted()), octets)


def await_port(port: int, *, seconds: float = 10.0) -> None:
    """Return once something greets at ``port``. Raises `StartFailed`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1) as line:
            if line.recv(1):
                return
        time.sleep(0.02)
    raise StartFailed(f"nothing greets at port {port}")


def distance(port: int, round_trip: float) -> Relay:
    """Return a relay to ``port`` with half of ``round_trip`` seconds each way."""
    return Relay(port, delay=round_trip / 2)
