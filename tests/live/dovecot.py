"""Dovecot 2.3 on free loopback ports: POP3, IMAP and LMTP over one Maildir a user.

Everything it reads and writes lies in one temporary folder. Started by root it keeps mail as
``nobody``; started by anybody else it runs wholly as that person. Passwords are stored in plain so
that every mechanism can be tried; a failed log-in costs half a second, never more.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from tests.support.child import LOOPBACK, Child, Unavailable, free_ports, program
from tests.support.maildir import Maildir

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.authority import Certificate

Tls: TypeAlias = Literal["starttls", "implicit", "none"]

DOMAIN = "example.test"
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")

CONFIG = """\
protocols = pop3 imap lmtp sieve
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
listen = {host}
{identity}
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = {mechanisms} apop
auth_failure_delay = 0
auth_verbose = yes
default_vsz_limit = 1G
mail_fsync = never
mail_save_crlf = yes
mail_max_userip_connections = 100
mail_location = maildir:~/Maildir
mail_uid = {mail_uid}
mail_gid = {mail_gid}
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users/%u
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {home}/users/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {home}/auth {{
    mode = 0666
  }}
}}
service stats {{
  chroot =
}}
service pop3-login {{
  chroot =
  service_count = 0
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service managesieve-login {{
  chroot =
  service_count = 0
  inet_listener sieve {{
    port = {sieve}
  }}
}}
service imap-urlauth-login {{
  chroot =
}}
service lmtp {{
  unix_listener {home}/lmtp {{
    mode = 0666
  }}
}}
protocol imap {{
  mail_plugins = imap_zlib quota imap_quota
}}
plugin {{
  quota = count:Mail
  quota_vsizes = yes
  quota_rule = *:storage=1G
}}
protocol lmtp {{
  postmaster_address = postmaster@{domain}
  mail_plugins = sieve
}}
"""


TOKENS = """\
auth_mechanisms = {mechanisms}
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {settings}
}}
"""
OAUTH = """\
introspection_url = {url}
introspection_mode = get
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclass(frozen=True, slots=True)
class User:
    """Someone with a mailbox."""

    address: str
    password: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose the mail is, and the settings with which Dovecot runs as that account."""

    uid: int
    gid: int
    settings: str


def owner() -> Owner:
    """Return `nobody` for root, and otherwise the account that runs the tests."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        return Owner(nobody.pw_uid, nobody.pw_gid, "")
    me, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(os.getegid())
    keys = ("default_internal_user", "default_login_user")
    lines = [
        *(f"{key} = {me.pw_name}" for key in keys),
        f"default_internal_group = {group.gr_name}",
    ]
    return Owner(me.pw_uid, group.gr_gid, "\n".join(lines))


class Dovecot:
    """A running Dovecot; `stop` ends it and removes its folder."""

    def __init__(self, certificate: Certificate, *, introspection_url: str = "") -> None:
        """Start it with ``certificate``. Raises `Unavailable`, `StartFailed`.

        With an ``introspection_url`` it takes OAuth tokens, too, and asks there about each.
        """
        binary = program("dovecot", package="dovecot-core")
        _check_parts(binary)
        self._owner = owner()
        # Short and open to all: socket paths end at 108 octets, and log-in processes are others.
        self.home = Path(tempfile.mkdtemp(prefix="hongyan-dovecot-"))
        self.home.chmod(0o755)
        self._folder("users", mode=0o755)
        self._folder("mail", mode=0o755)
        ports = free_ports(5)
        self.pop3, self.pop3s, self.imap, self.imaps, self.sieve = ports
        config = self.home / "dovecot.conf"
        tokens = self._taking_tokens(introspection_url) if introspection_url else ""
        config.write_text(self._config(certificate) + tokens, "utf-8")
        self._child = Child([binary, "-F", "-c", str(config)], log=self.home / "log")
        self._child.wait_ready(ports)

    def _config(self, certificate: Certificate) -> str:
        return CONFIG.format(
            home=self.home,
            host=LOOPBACK,
            identity=self._owner.settings,
            chain=certificate.chain,
            key=certificate.key,
            mechanisms=" ".join(MECHANISMS).lower(),
            mail_uid=self._owner.uid,
            mail_gid=self._owner.gid,
            domain=DOMAIN,
            pop3=self.pop3,
            pop3s=self.pop3s,
            imap=self.imap,
            imaps=self.imaps,
            sieve=self.sieve,
        )

    def _taking_tokens(self, introspection_url: str) -> str:
        settings = self.home / "oauth2.conf"
        settings.write_text(OAUTH.format(url=introspection_url), "utf-8")
        mechanisms = " ".join((*MECHANISMS, "oauthbearer", "xoauth2")).lower()
        return TOKENS.format(settings=settings, mechanisms=mechanisms)

    def pop3_url(self, *, tls: Tls = "starttls") -> str:
        """Return the address of the POP3 server."""
        return url("pop3", tls, self.pop3, self.pop3s)

    def imap_url(self, *, tls: Tls = "starttls") -> str:
        """Return the address of the IMAP server."""
        return url("imap", tls, self.imap, self.imaps)

    @property
    def lmtp_socket(self) -> Path:
        """Where it takes deliveries (RFC 2033)."""
        return self.home / "lmtp"

    @property
    def auth_socket(self) -> Path:
        """Where Postfix asks whether a password is right."""
        return self.home / "auth"

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self._child.log.read_text("utf-8", "replace")

    def add_user(self, user: User) -> None:
        """Make a mailbox; the user can log in at once."""
        home = self._folder(f"mail/{user.address}", mode=0o700)
        fields = f"{user.address}:{{PLAIN}}{user.password}:{self._owner.uid}:{self._owner.gid}"
        (self.home / "users" / user.address).write_text(f"{fields}::{home}::\n", "utf-8")

    def fill(self, user: User, messages: Iterable[bytes]) -> int:
        """Put messages into the inbox without any protocol; returns how many there were."""
        return self._inbox(user).fill(messages)

    def messages(self, user: User) -> list[bytes]:
        """Return the octets of each message in the inbox, in the order of POP3's numbers."""
        return self._inbox(user).messages()

    def stop(self) -> None:
        """End it and remove all it wrote."""
        self._child.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _inbox(self, user: User) -> Maildir:
        path = self.home / "mail" / user.address / "Maildir"
        return Maildir(path, uid=self._owner.uid, gid=self._owner.gid)

    def _folder(self, name: str, *, mode: int) -> Path:
        path = self.home / name
        path.mkdir(mode=mode)
        os.chown(path, self._owner.uid, self._owner.gid)
        return path


def url(scheme: str, tls: Tls, plain_port: int, tls_port: int) -> str:
    """Return the address of a service as a person gives it to ``hongyan account add``.

    ``pop3://`` demands STLS, ``pop3s://`` is TLS from the first octet, ``?tls=none`` is neither.
    """
    if tls == "implicit":
        return f"{scheme}s://{LOOPBACK}:{tls_port}"
    return f"{scheme}://{LOOPBACK}:{plain_port}" + ("?tls=none" if tls == "none" else "")


def _check_parts(binary: str) -> None:
    """Raise `Unavailable` for a Dovecot without a protocol that we need, or of another series."""
    version = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True)
    if not version.stdout.startswith("2.3."):
        raise Unavailable(f"this is Dovecot {version.stdout.split()[0]}, the tests know 2.3")
    parts = (
        ("pop3", "pop3d"),
        ("imap", "imapd"),
        ("lmtp", "lmtpd"),
        ("managesieve", "managesieved"),
        ("modules/lib90_sieve_plugin.so", "sieve"),
    )
    for part, package in parts:
        if not Path("/usr/lib/dovecot", part).exists():
            raise Unavailable(f"Debian's package dovecot-{package} is not installed")
