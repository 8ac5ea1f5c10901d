"""The mail host of the live tests: a Dovecot and a Postfix before it, as one thing with URLs.

A test that only reads mail asks for the fixture ``dovecot`` alone: that one runs without root.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.live.dovecot import DOMAIN, MECHANISMS, Dovecot, Tls, User
from tests.live.postfix import LATER, MESSAGE_LIMIT, Postfix
from tests.support.child import LOOPBACK, StartFailed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = [
    "ALICE",
    "BOB",
    "DOMAIN",
    "HOST",
    "LATER",
    "LOOPBACK",
    "MECHANISMS",
    "MESSAGE_LIMIT",
    "Dovecot",
    "MailHost",
    "Postfix",
    "StartFailed",
    "Tls",
    "Unavailable",
    "User",
]

HOST = f"mail.{DOMAIN}"  # what the certificates call the servers besides their loopback address

# A space and quotes, for the protocols that quote; more than 64 octets, for CRAM-MD5's long keys.
ALICE = User(f"alice@{DOMAIN}", 'wild goose "7"')
BOB = User(f"bob@{DOMAIN}", "a-letter-bound-to-the-foot-of-a-goose-" * 2)


@dataclass(frozen=True, slots=True)
class MailHost:
    """A host that takes mail by SMTP and gives it by POP3 and IMAP; `authority` is its CA's PEM."""

    dovecot: Dovecot
    postfix: Postfix
    authority: Path
    users: dict[str, User]

    @property
    def environment(self) -> dict[str, str]:
        """What a client's environment needs to trust this host."""
        return {"SSL_CERT_FILE": str(self.authority)}

    def pop3_url(self, *, tls: Tls = "starttls") -> str:
        """Return the address of the POP3 server."""
        return self.dovecot.pop3_url(tls=tls)

    def imap_url(self, *, tls: Tls = "starttls") -> str:
        """Return the address of the IMAP server."""
        return self.dovecot.imap_url(tls=tls)

    def smtp_url(self, *, tls: Tls = "starttls") -> str:
        """Return the address of the submission server."""
        return self.postfix.smtp_url(tls=tls)

    def add_user(self, name: str, *, password: str = "secret") -> User:
        """Return a new user ``name@example.test`` with an empty mailbox."""
        user = User(f"{name}@{DOMAIN}", password)
        if user.address in self.users:
            raise ValueError(f"{user.address} exists")
        self.dovecot.add_user(user)
        self.postfix.add_user(user)
        self.users[user.address] = user
        return user

    def fill(self, user: User, messages: Iterable[bytes]) -> int:
        """Put messages into the inbox straight away; returns how many there were."""
        return self.dovecot.fill(user, messages)

    def messages(self, user: User) -> list[bytes]:
        """Return the octets of each message in the inbox, in the order of POP3's numbers."""
        return self.dovecot.messages(user)

    def wait_for(self, user: User, count: int, *, seconds: float = 15.0) -> list[bytes]:
        """Return the inbox once it has ``count`` messages; fails with Postfix's log if it never does."""
        deadline = time.monotonic() + seconds
        while len(found := self.messages(user)) < count:
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{user.address} has {len(found)} messages, not {count}:\n{self.postfix.log}"
                )
            time.sleep(0.02)
        return found
