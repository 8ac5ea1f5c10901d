"""A small post office for tests of the page: two people, their servers' names, one program.

The servers are the run's Dovecot and Postfix; their names are found by DNS on loopback, and their
certificates are checked by those names.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from hongyan.app import App, Config, NewAccount
from hongyan.store import Role
from tests.live.imap import inbox, make
from tests.live.servers import DOMAIN, HOST
from tests.support.desk import Desk, served
from tests.support.names import Internet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from hongyan.store import Email
    from tests.live.servers import MailHost, User
    from tests.support.authority import Authority

IMAP: Final = f"imaps://{HOST}:993"
SMTP: Final = f"smtps://{HOST}:465"
ENVIRONMENT: Final = {
    "HONGYAN_PASSPHRASE": "correct horse",
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
}


@contextmanager
def internet(authority: Authority, servers: MailHost) -> Iterator[Internet]:
    """A DNS in which the servers of ``example.test`` are found by SRV (RFC 6186), and trusted."""
    with Internet(authority) as found, pytest.MonkeyPatch.context() as environment:
        for name, value in (ENVIRONMENT | servers.environment).items():
            environment.setenv(name, value)
        found.records[f"_imaps._tcp.{DOMAIN}", "SRV"] = [f"0 1 993 {HOST}."]
        found.records[f"_submissions._tcp.{DOMAIN}", "SRV"] = [f"0 1 465 {HOST}."]
        found.hosts[HOST, 993] = servers.dovecot.imaps
        found.hosts[HOST, 465] = servers.postfix.smtps
        yield found


@dataclass(frozen=True)
class Post:
    """Two people of one host, and the program that looks after both of them."""

    desk: Desk
    servers: MailHost
    yan: User
    bo: User

    def mail(self, person: User, role: Role) -> tuple[Email, ...]:
        """What the program has in a mailbox of somebody, the newest first."""
        store = self.desk.app.store
        (account,) = (each for each in store.accounts.list() if each.address == person.address)
        return store.messages.page(store.mailboxes.find(account.id, role).id, limit=100)

    def subjects(self, person: User, role: Role) -> list[str]:
        """The subjects of `mail`."""
        return [each.subject for each in self.mail(person, role)]

    def on_server(self, person: User, mailbox: str = "INBOX") -> list[bytes]:
        """The octets of each message in a mailbox of Dovecot, as another client sees them."""
        return inbox(self.servers.dovecot.imap, person, mailbox)


@contextmanager
def post(home: Path, names: Internet, browser: Browser, servers: MailHost) -> Iterator[Post]:
    """Run the program with an account for each of two new people, who have a letter each.

    Their server has INBOX, Sent and Archive; what else is needed, the program has to make.
    """
    people = [servers.add_user(f"{name}-{os.urandom(3).hex()}") for name in ("yan", "bo")]
    with ExitStack() as stack:
        app = stack.enter_context(App(Config(home), network=names.network))
        for person in people:
            make(servers.dovecot.imap, person, "Archive")
            servers.fill(person, [letter("Welcome", "The first letter.", to=person.address)])
            new = NewAccount(
                address=person.address, imap_url=IMAP, smtp_url=SMTP, password=person.password
            )
            app.accounts.add(new)
        yield Post(stack.enter_context(served(app, browser)), servers, *people)


def letter(
    subject: str, text: str, *, to: str, sender: str = "Rosa Quist <rosa@goose.test>"
) -> bytes:
    """The octets of a plain message."""
    lines = (
        *(f"From: {sender}", f"To: {to}", f"Subject: {subject}"),
        *(
            "Date: Mon, 30 Nov 2026 08:00:00 +0000",
            f"Message-ID: <{os.urandom(8).hex()}@goose.test>",
        ),
        *("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", text, ""),
    )
    return "\r\n".join(lines).encode()
