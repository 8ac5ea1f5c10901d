"""Exim 4 on a free loopback port, as a second SMTP server: PIPELINING, CHUNKING, DSN, SMTPUTF8, PLAIN.

Its package and Postfix's exclude each other, so `.ci/install-debian` only unpacks it, and the one
account that it insists on is shown to it by libnss-wrapper. It keeps what it takes in its queue,
in one temporary folder, and delivers nothing. ``bob`` is accepted, ``later`` refused for now, anyone
else for good; any password is right.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.live.dovecot import DOMAIN
from tests.support.child import LOOPBACK, Child, Unavailable, free_ports

CACHE = Path("/var/cache/hongyan-tests/exim4")
USER = "Debian-exim"  # compiled in

CONFIG = """\
exim_user = nobody
exim_group = {group}
exim_path = {home}/exim4
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
primary_hostname = exim.{domain}
spool_directory = {home}/spool
log_file_path = {home}/spool/%slog
local_interfaces = {host}
daemon_smtp_ports = {port}
tls_advertise_hosts =
host_lookup =
rfc1413_query_timeout = 0s
queue_only = true
dsn_advertise_hosts = *
smtp_accept_max = 0
smtp_accept_max_per_connection = 0
message_size_limit = 60M
acl_smtp_mail = check_mail
acl_smtp_rcpt = check_rcpt
acl_smtp_data = accept
begin acl
check_mail:
  deny senders = enemy@{domain}
    message = not from you
  accept
check_rcpt:
  defer local_parts = later
    message = this mailbox rests
  deny !local_parts = bob
    message = no such user
  accept
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = true
  server_set_id = $auth2
"""


class Exim:
    """A running Exim; `stop` ends it and removes its folder."""

    def __init__(self) -> None:
        """Start it. Raises `Unavailable`, `StartFailed`."""
        if os.geteuid() != 0:
            raise Unavailable("Exim starts only as root; run the tests as root to try it")
        binary = Path("/usr/sbin/exim4")
        binary = binary if binary.exists() else CACHE / "usr/sbin/exim4"
        wrappers = [*Path("/usr/lib").glob("*/libnss_wrapper.so")]
        if not binary.exists() or not wrappers:
            raise Unavailable("Exim is not unpacked, or libnss-wrapper missing: .ci/install-debian")
        nobody = pwd.getpwnam("nobody")
        self.home = Path(tempfile.mkdtemp(prefix="hongyan-exim-"))
        self.home.chmod(0o755)
        (self.home / "spool").mkdir()
        os.chown(self.home / "spool", nobody.pw_uid, nobody.pw_gid)
        shutil.copyfile(binary, self.home / "exim4")
        (self.home / "exim4").chmod(0o755)  # not setuid: the wrapper would be dropped
        (self.smtp,) = ports = free_ports(1)
        self._configure(nobody)
        command = [
            "/usr/bin/env",
            f"LD_PRELOAD={wrappers[0]}",
            f"NSS_WRAPPER_PASSWD={self.home}/passwd",
            f"NSS_WRAPPER_GROUP={self.home}/group",
            *(f"{self.home}/exim4", "-C", f"{self.home}/exim.conf", "-bdf"),
            *("-oP", f"{self.home}/pid"),
        ]
        self._child = Child(command, log=self.home / "log")
        self._child.wait_ready(ports)

    def _configure(self, nobody: pwd.struct_passwd) -> None:
        group = subprocess.run(
            ["id", "-gn", "nobody"], check=True, capture_output=True, text=True
        ).stdout.strip()
        config = CONFIG.format(
            home=self.home, group=group, domain=DOMAIN, host=LOOPBACK, port=self.smtp
        )
        (self.home / "exim.conf").write_text(config, "utf-8")
        for name, entry in (
            ("passwd", f"{USER}:x:{nobody.pw_uid}:{nobody.pw_gid}::/nonexistent:/bin/false"),
            ("group", f"{USER}:x:{nobody.pw_gid}:"),
        ):
            known = Path("/etc", name).read_text("utf-8")
            (self.home / name).write_text(f"{known}{entry}\n", "utf-8")

    @property
    def url(self) -> str:
        """The address of the server; it has no TLS."""
        return f"smtp://{LOOPBACK}:{self.smtp}?tls=none"

    def bodies(self) -> list[bytes]:
        """Return the body of each message in the queue, in no order, with LF for line ends."""
        found = (self.home / "spool").glob("input/*-D")
        return [each.read_bytes().partition(b"\n")[2] for each in found]

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return (self.home / "spool" / "mainlog").read_text("utf-8", "replace")

    def stop(self) -> None:
        """End it and remove all it wrote."""
        self._child.stop()
        shutil.rmtree(self.home, ignore_errors=True)
