"""A profile that is synchronised with a live IMAP server, and imaplib as another person's client."""

from __future__ import annotations

import imaplib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hongyan import imap
from hongyan.client.session import open_imap
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.sasl import Credentials
from hongyan.store import Role, Store
from hongyan.sync.imap import synchronise
from hongyan.sync.imap_pace import USUAL, Patience
from hongyan.sync.imap_plan import Tier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hongyan.store import Account, Email, Mailbox
    from hongyan.sync.imap_tour import Synced


def now() -> datetime:
    return datetime.now(UTC)


HEADERS_FIRST = Patience(seconds=-1.0, fewest=1, evidence=0.0, gain=-1.0)
"""Headers come first, however quick the line."""


@dataclass(frozen=True)
class ImapProfile:
    """A store with one account; ``sync`` is one visit."""

    store: Store
    account: Account
    url: str
    password: str
    best: Tier = Tier.QRESYNC
    patience: Patience = USUAL

    def sync(self) -> Synced:
        """Visit the server; the store is whole afterwards."""
        synced = self.visit()
        assert self.store.check() == ()
        return synced

    def visit(self) -> Synced:
        with BlockingDriver(Endpoint.parse(self.url)).connect() as driver:
            credentials = Credentials(self.account.username, self.password)
            conn = driver.run(open_imap(driver.channel, credentials))
            flow = synchronise(
                conn, self.account, self.store, clock=now, best=self.best, patience=self.patience
            )
            synced = driver.run(flow, total=60)
            driver.run(imap.logout(conn))
        return synced

    def mailbox(self, name: str) -> Mailbox:
        paths = self.store.imap_mailboxes.paths(self.account.id)
        return self.store.mailboxes.get(next(id_ for id_, path in paths.items() if path == name))

    def messages(self, name: str = "Inbox") -> tuple[Email, ...]:
        return self.store.messages.page(self.mailbox(name).id, limit=100_000)

    def subjects(self, name: str = "Inbox") -> list[str]:
        return sorted(each.subject for each in self.messages(name))

    def only(self, name: str = "Inbox") -> Email:
        (email,) = self.messages(name)
        return email

    def put(self, name: str, content: bytes, *keywords: str) -> str:
        return self.store.messages.add(
            self.account.id,
            self.mailbox(name).id,
            content,
            received_at=now(),
            keywords=keywords,
        )

    def sent(self) -> Mailbox:
        return self.store.mailboxes.find(self.account.id, Role.SENT)


@contextmanager
def profile(
    home: Path,
    url: str,
    address: str,
    password: str,
    *,
    best: Tier = Tier.QRESYNC,
    patience: Patience = USUAL,
) -> Iterator[ImapProfile]:
    with Store.open(home, clock=now) as store:
        known = store.accounts.list()
        account = (
            known[0] if known else store.accounts.add(address, secret="keychain", imap_url=url)
        )
        yield ImapProfile(store, account, url, password, best, patience)


def letter(subject: str, body: str = "Hello.\r\n", *, message_id: str = "") -> bytes:
    """Return a small message."""
    own = message_id or f"{subject.replace(' ', '.')}@example.test"
    head = f"Subject: {subject}\r\nMessage-ID: <{own}>\r\nFrom: a@example.test\r\n"
    return (head + "Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\n" + body).encode()


def connect(port: int, address: str, password: str) -> imaplib.IMAP4:
    """Return imaplib, logged in."""
    client = imaplib.IMAP4("127.0.0.1", port)
    client.login(address, password)
    return client


@contextmanager
def other_client(port: int, address: str, password: str) -> Iterator[imaplib.IMAP4]:
    """Yield imaplib, logged in."""
    client = connect(port, address, password)
    try:
        yield client
    finally:
        client.logout()
