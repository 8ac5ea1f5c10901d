"""Cyrus IMAP 3.6 on free loopback ports, as a second IMAP server: mailboxes of its own, QRESYNC, OBJECTID.

Its package and Dovecot's exclude each other, so `.ci/install-debian` only unpacks it. All it reads
and writes lies in one temporary folder. Started by root it runs as ``nobody``; passwords are in a
file of SASL's. A new user's inbox is made with the first log-in.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live.dovecot import DOMAIN, url
from tests.live.imap import inbox, put
from tests.live.unpacked import CACHES, account, libraries
from tests.support.child import LOOPBACK, Child, Unavailable, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.live.dovecot import Tls, User
    from tests.support.authority import Certificate

CACHE = CACHES / "cyrus"
PROGRAMS = CACHE / "usr/lib/cyrus/bin"

IMAPD = """\
configdirectory: {home}/state
defaultpartition: default
partition-default: {home}/mail
cyrus_user: {account}
admins: nobody-at-all
servername: {host}
virtdomains: userid
defaultdomain: internal
unixhierarchysep: yes
altnamespace: yes
autocreate_quota: 0
autocreate_inbox_folders: Sent
autocreate_subscribe_folders: Sent
xlist-sent: Sent
specialusealways: yes
conversations: no
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {home}/sasldb2
sasl_mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256
tls_server_cert: {chain}
tls_server_key: {key}
tls_session_timeout: 0
idlesocket: {home}/idle
imapidlepoll: 1
syslog_prefix: hongyan
skip_fsync: yes
"""

MASTER = """\
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {home}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{programs}/imapd -C {home}/imapd.conf" listen="{host}:{imap}" prefork=1
  imaps cmd="{programs}/imapd -C {home}/imapd.conf -s" listen="{host}:{imaps}" prefork=0
}}
DAEMON {{
  idled cmd="{programs}/idled -C {home}/imapd.conf"
}}
"""


class Cyrus:
    """A running Cyrus; `stop` ends it and removes its folder."""

    def __init__(self, certificate: Certificate) -> None:
        """Start it with ``certificate``. Raises `Unavailable`, `StartFailed`."""
        if not (PROGRAMS / "master").exists():
            raise Unavailable("Cyrus IMAP is not unpacked: .ci/install-debian")
        self._account = account()
        self.home = Path(tempfile.mkdtemp(prefix="hongyan-cyrus-"))
        self.home.chmod(0o755)
        self.imap, self.imaps = ports = free_ports(2)
        self._configure(certificate)
        command = [
            *(f"{PROGRAMS}/master", "-C", f"{self.home}/imapd.conf"),
            *("-M", f"{self.home}/cyrus.conf", "-p", f"{self.home}/master.pid"),
        ]
        environment = [f"LD_LIBRARY_PATH={libraries(CACHE)}", f"CYRUS_USER={self._account.pw_name}"]
        self._child = Child(["/usr/bin/env", *environment, *command], log=self.home / "log")
        self._child.wait_ready(ports)

    def _configure(self, certificate: Certificate) -> None:
        for name in ("state", "mail"):
            self._own(self.home / name)
        for name in ("db", "proc", "socket", "lock", "log", "msg", "ptclient", "quota", "user"):
            self._own(self.home / "state" / name)
        self.home.chmod(0o777)  # its parts make sockets and locks here
        keys = [self._readable(path) for path in (certificate.chain, certificate.key)]
        for text, name in ((IMAPD, "imapd.conf"), (MASTER, "cyrus.conf")):
            filled = text.format(
                home=self.home, host=LOOPBACK, domain=DOMAIN, programs=PROGRAMS,
                account=self._account.pw_name, chain=keys[0], key=keys[1],
                imap=self.imap, imaps=self.imaps,
            )  # fmt: skip
            (self.home / name).write_text(filled, "utf-8")

    def _readable(self, path: Path) -> Path:
        """Copy a file to where the server's account can read it."""
        copied = Path(shutil.copy(path, self.home / path.name))
        os.chown(copied, self._account.pw_uid, self._account.pw_gid)
        return copied

    def _own(self, path: Path) -> None:
        path.mkdir()
        os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def imap_url(self, *, tls: Tls = "starttls") -> str:
        """Return the address of the IMAP server."""
        return url("imap", tls, self.imap, self.imaps)

    @property
    def log(self) -> str:
        """What its master has said; the rest goes to syslog."""
        return self._child.log.read_text("utf-8", "replace")

    def add_user(self, user: User) -> None:
        """Note a password; the user can log in at once."""
        name, _, realm = user.address.partition("@")
        subprocess.run(
            [
                *(f"{CACHE}/usr/sbin/saslpasswd2", "-p", "-c"),
                *("-f", f"{self.home}/sasldb2", "-u", realm, name),
            ],
            check=True,
            capture_output=True,
            input=user.password.encode(),
        )
        (self.home / "sasldb2").chmod(0o644)

    def fill(self, user: User, messages: Iterable[bytes]) -> int:
        """Put messages into the inbox by APPEND; returns how many there were."""
        return put(self, user, messages)

    def messages(self, user: User) -> list[bytes]:
        """Return the octets of each message in the inbox, in the order of their UIDs."""
        return inbox(self.imap, user)

    def stop(self) -> None:
        """End it and remove all it wrote."""
        self._child.stop()
        shutil.rmtree(self.home, ignore_errors=True)
