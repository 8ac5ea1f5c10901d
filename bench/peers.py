"""The peers that are programs: their command lines, and the settings files these need.

Each fetches all and deletes nothing, with USER and PASS as the other clients do, and writes to one
file where it can, for none of them has a way to discard.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.measure import ClientFailed
from tests.live.servers import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.servers import User

MPOP = """\
account default
host {host}
port {port}
user {user.address}
password {user.password}
auth user
{tls}
keep on
only_new off
uidls_file {folder}/mpop.uidls
received_header off
delivery mbox {folder}/mpop.mbox
"""
MPOP_TLS = "tls on\ntls_starttls off\ntls_trust_file {trust}"

PATIENCE = 10  # seconds; getmail6 6.18 now and then misses the end of the child that delivers

GETMAIL = """\
[retriever]
type = SimplePOP3Retriever
server = {host}
port = {port}
username = {user.address}
password = {user.password}
timeout = {patience}
[destination]
type = Mboxrd
path = {folder}/getmail.mbox
{rights}
[options]
read_all = true
delete = false
delivered_to = false
received = false
verbose = 0
"""

FETCHMAIL = """\
set no bouncemail
poll {host} protocol POP3 port {port} auth password no dns:
    user "{user.address}" password "{user.password}" fetchall keep {tls}
    bsmtp "{folder}/fetchmail.mail"
"""
FETCHMAIL_TLS = "ssl no sslcertck"  # it finds no IP address in a certificate

MSMTP = """\
account default
host {host}
port {port}
from {user.address}
auth plain
user {user.address}
password {user.password}
tls off
"""


@dataclass(frozen=True, slots=True)
class Service:
    """A server's port, who logs in, a folder for files, and the authority to trust over TLS."""

    port: int
    user: User
    folder: Path
    trust: Path | None = None

    def settings(self, name: str, text: str, **values: object) -> Path:
        """Write a settings file that nobody else can read, as these programs demand."""
        path = self.folder / f"{name}.settings"
        path.touch(mode=0o600)
        filled = text.format(
            host=LOOPBACK, port=self.port, user=self.user, folder=self.folder, **values
        )
        path.write_text(filled, "utf-8")
        return path

    def forget(self) -> None:
        """Remove what an earlier run has fetched and noted."""
        for name in ("mpop.mbox", "mpop.uidls", "fetchmail.mail", "fetchids"):
            (self.folder / name).unlink(missing_ok=True)
        mbox = self.folder / "getmail.mbox"
        mbox.write_bytes(b"")  # getmail wants it to exist
        if os.geteuid() == 0:
            shutil.chown(mbox, "nobody")
        for path in self.folder.glob("oldmail-*"):
            path.unlink()

    def check(self, octets: int) -> None:
        """Raise `ClientFailed` unless ``octets`` have been written, give or take each line's CR."""
        written = max(
            path.stat().st_size
            for path in self.folder.iterdir()
            if path.suffix in (".mbox", ".mail")
        )
        if written < octets * 0.9:
            raise ClientFailed(f"{self.folder.name} wrote {written} octets, not {octets}")


def mpop(service: Service) -> tuple[str, ...]:
    tls = MPOP_TLS.format(trust=service.trust) if service.trust else "tls off"
    path = service.settings("mpop", MPOP, tls=tls)
    return ("mpop", "-q", "-C", str(path))


def getmail(service: Service) -> tuple[str, ...]:
    rights = "user = nobody" if os.geteuid() == 0 else ""  # as root it delivers nothing
    path = service.settings("getmail", GETMAIL, rights=rights, patience=PATIENCE)
    return ("getmail", "--quiet", "--getmaildir", str(service.folder), "--rcfile", str(path))


def fetchmail(service: Service, *words: str) -> tuple[str, ...]:
    tls = FETCHMAIL_TLS if service.trust else "sslproto ''"
    path = service.settings("fetchmail", FETCHMAIL, tls=tls)
    pidfile = service.folder / "fetchmail.pid"
    idfile = service.folder / "fetchids"
    return (
        "fetchmail", "--silent", "--nosyslog", "-f", str(path),
        "--pidfile", str(pidfile), "-i", str(idfile), *words,
    )  # fmt: skip


def curl_check(service: Service) -> tuple[str, ...]:
    """Return a command that logs in over TLS, says STAT and leaves."""
    who = f"{service.user.address}:{service.user.password}"
    url = f"pop3s://{LOOPBACK}:{service.port}/"
    return ("curl", "-sS", "--cacert", str(service.trust), "-u", who, "-X", "STAT", "-I", url)


def msmtp(service: Service, recipient: str, *, files: Path) -> tuple[str, ...]:
    """Return a command that submits each file by a process of its own, as a person's scripts do."""
    path = service.settings("msmtp", MSMTP)
    loop = 'for each in "$3"/*; do msmtp -C "$1" "$2" <"$each" || exit 1; done'
    return ("sh", "-c", loop, "sh", str(path), recipient, str(files))


def installed(name: str) -> bool:
    """Tell whether a peer is there."""
    return shutil.which(name) is not None
