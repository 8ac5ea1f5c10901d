"""Postfix on free loopback ports: submission with SASL and TLS, delivery into Dovecot by LMTP.

Its configuration, queue and data lie in one temporary folder; /etc/postfix and a Postfix of the
machine are never touched. It asks no DNS and sends nothing anywhere else: a recipient outside
``example.test`` is refused. ``later@example.test`` is refused for now (450), anyone unknown for
good (550). SMTPUTF8 is not offered, for Dovecot's LMTP could not take such mail. It needs root, as
the program itself demands.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live.dovecot import DOMAIN, Dovecot, Tls, User, url
from tests.support.child import LOOPBACK, Child, StartFailed, Unavailable, free_ports, program

if TYPE_CHECKING:
    from tests.support.authority import Certificate

MESSAGE_LIMIT = 60 * 1024 * 1024
LATER = f"later@{DOMAIN}"

MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/postfix.log
maillog_file_prefixes = {home}
myhostname = mail.{domain}
mynetworks = {host}/32
inet_interfaces = {host}
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
alias_maps =
alias_database =
mydestination =
local_transport = error:5.1.1 no local mail
default_transport = error:5.7.1 nothing leaves this machine
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = {recipients}
virtual_transport = lmtp:unix:{lmtp}
lmtp_destination_concurrency_limit = 5
message_size_limit = {limit}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
smtpd_tls_chain_files = {tls}
smtpd_tls_security_level = may
smtpd_tls_auth_only = no
smtpd_tls_mandatory_protocols = >=TLSv1.2
smtpd_tls_session_cache_database =
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth}
smtpd_sasl_security_options = noanonymous
smtputf8_enable = no
smtpd_helo_required = yes
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions =
  check_recipient_access inline:{{ {{ {later} = 450 4.2.1 this mailbox rests, try later }} }},
  reject_unauth_destination
"""

MASTER = """\
{host}:{smtp} inet n - n - - smtpd
{host}:{smtps} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A running Postfix; `stop` ends it and removes its folder."""

    def __init__(self, dovecot: Dovecot, certificate: Certificate) -> None:
        """Start it before ``dovecot``. Raises `Unavailable`, `StartFailed`."""
        if os.geteuid() != 0:
            raise Unavailable("Postfix starts only as root; run the tests as root to try it")
        self._postfix = program("postfix", package="postfix")
        self._postmap = program("postmap", package="postfix")
        self.home = Path(tempfile.mkdtemp(prefix="hongyan-postfix-"))
        self.home.chmod(0o755)
        self.smtp, self.smtps = ports = free_ports(2)
        self._map_type = self._setting("default_database_type")
        self._written = int(time.time())
        self._users: list[User] = []
        self._configure(dovecot, certificate)
        self._write_recipients()
        self._check()
        master = Path(self._setting("daemon_directory"), "master")
        self._child = Child(
            [str(master), "-c", str(self.home), "-s"], log=self.home / "postfix.log"
        )
        self._child.wait_ready(ports)

    def _configure(self, dovecot: Dovecot, certificate: Certificate) -> None:
        for name in ("queue", "data"):
            (self.home / name).mkdir(mode=0o755)
        shutil.chown(self.home / "data", self._setting("mail_owner"))
        tls = self.home / "tls.pem"
        tls.touch(mode=0o600)
        tls.write_bytes(certificate.key.read_bytes() + certificate.chain.read_bytes())
        main = MAIN.format(
            home=self.home,
            host=LOOPBACK,
            domain=DOMAIN,
            recipients=f"{self._map_type}:{self._recipients}",
            lmtp=dovecot.lmtp_socket,
            auth=dovecot.auth_socket,
            limit=MESSAGE_LIMIT,
            tls=tls,
            later=LATER,
        )
        (self.home / "main.cf").write_text(main, "utf-8")
        master = MASTER.format(host=LOOPBACK, smtp=self.smtp, smtps=self.smtps)
        (self.home / "master.cf").write_text(master, "utf-8")

    def smtp_url(self, *, tls: Tls = "starttls") -> str:
        """Return the address of the submission server."""
        return url("smtp", tls, self.smtp, self.smtps)

    @property
    def _recipients(self) -> Path:
        return self.home / "recipients"

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self._child.log.read_text("utf-8", "replace")

    def add_user(self, user: User) -> None:
        """Accept mail for ``user`` from the next connection on."""
        self._users.append(user)
        self._write_recipients()

    def stop(self) -> None:
        """End it and remove all it wrote."""
        self._child.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _write_recipients(self) -> None:
        """Make the map anew; smtpd looks at its time before each connection."""
        lines = [f"{user.address} OK\n" for user in self._users]
        self._recipients.write_text("".join([*lines, f"{LATER} OK\n"]), "utf-8")
        table = f"{self._map_type}:{self._recipients}"
        subprocess.run([self._postmap, "-c", str(self.home), table], check=True)
        self._written += 1  # smtpd sees a new map by its whole second, so no two have the same
        for file in self._recipients.parent.glob(f"{self._recipients.name}.*"):
            os.utime(file, (self._written, self._written))

    def _check(self) -> None:
        """Have Postfix make its queue folders and look its configuration over."""
        command = [self._postfix, "-c", str(self.home), "check"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise StartFailed(f"postfix check failed:\n{done.stdout}{done.stderr}")

    def _setting(self, name: str) -> str:
        """Return the compiled-in value of a parameter, whatever /etc/postfix says."""
        command = [program("postconf", package="postfix"), "-d", "-h", name]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
