"""GNU Mailutils' POP3 server on a free loopback port: a second opinion, and an odd one.

It keeps mbox files, has USER and PASS but no SASL, mends neither line ends nor its own CAPA (it says
``EXPIRE30``). Everything it reads and writes lies in one temporary folder; only root can start it,
since it becomes the owner of the mail. One session at a time has a mailbox.
"""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live.dovecot import DOMAIN, User
from tests.support.child import LOOPBACK, Child, Unavailable, free_ports, program

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.authority import Certificate

CONFIG = """\
mode daemon;
foreground yes;
logging {{ syslog no; }};
pidfile {home}/pid;
virtdomain {{ passwd-dir {home}/users; }};
expire 30;
locking {{ type dotlock; retry-count 1; retry-sleep 1; }};
tls-file-checks {{ key-file none; cert-file none; ca-file none; }};
server {host}:{port} {{
  tls-mode ondemand;
  tls {{ ssl-certificate-file {chain}; ssl-key-file {key}; }};
}};
"""

# The SHA-512 crypt of PASSWORD, which all users share.
PASSWORD = "secret"
_HASH = "$6$hongyan$MmLjJX1ba5sR5ZjXV92VRKZlpUvDzh61gDL0j0GNoI5heMIfIEv3rW50KBJWJJ3cdjPTTpKfgvbEyGsc1tk0q0"


class Mailutils:
    """A running ``pop3d``; `stop` ends it and removes its folder."""

    def __init__(self, certificate: Certificate) -> None:
        """Start it with ``certificate``. Raises `Unavailable`, `StartFailed`."""
        binary = program("pop3d", package="mailutils-pop3d")
        if os.geteuid() != 0:
            raise Unavailable("GNU pop3d runs for root only")
        nobody = pwd.getpwnam("nobody")
        self._owner = (nobody.pw_uid, nobody.pw_gid)
        self.home = Path(tempfile.mkdtemp(prefix="hongyan-pop3d-"))
        self.home.chmod(0o755)
        (self.home / "users").mkdir()
        (self.port,) = free_ports(1)
        config = self.home / "conf"
        config.write_text(
            CONFIG.format(
                home=self.home,
                host=LOOPBACK,
                port=self.port,
                chain=certificate.chain,
                key=certificate.key,
            ),
            "utf-8",
        )
        command = [binary, "--no-config", "--config-file", str(config)]
        self._child = Child(command, log=self.home / "log")
        self._child.wait_ready([self.port])

    def url(self, *, tls: bool = True) -> str:
        """Return the server's address, with STLS or in clear."""
        return f"pop3://{LOOPBACK}:{self.port}" + ("" if tls else "?tls=none")

    def add_user(self, name: str, messages: Iterable[bytes]) -> User:
        """Make a mailbox of messages whose lines end in CRLF and none begins with ``From``."""
        home = self.home / name
        home.mkdir()
        inbox = home / "INBOX"
        letters = (
            b"From x@y Mon Nov 23 21:00:00 2026\n" + each.replace(b"\r\n", b"\n") + b"\n"
            for each in messages
        )
        inbox.write_bytes(b"".join(letters))
        for path in (home, inbox):
            os.chown(path, *self._owner)
        uid, gid = self._owner
        with (self.home / "users" / DOMAIN).open("a", encoding="utf-8") as users:
            users.write(f"{name}:{_HASH}:{uid}:{gid}::{home}:/bin/false\n")
        return User(f"{name}@{DOMAIN}", PASSWORD)

    def stop(self) -> None:
        """End it and remove all it wrote."""
        self._child.stop()
        shutil.rmtree(self.home, ignore_errors=True)
