"""A profile with one account, a clock that the test moves, and a way to send and fetch."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.sasl import Credentials
from hongyan.store import Account, Item, Role, Store
from hongyan.sync import outbox, pop3
from hongyan.sync.progress import Progress

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "yan@goose.example"
LETTER = (
    b"From: yan@goose.example\r\nSubject: One\r\nMessage-ID: <1@goose.example>\r\n\r\nHi\r\n..\r\n"
)


@dataclass
class Profile:
    home: Path
    password: str = "open sesame"
    now: datetime = datetime(2026, 3, 14, 12, tzinfo=UTC)
    reports: list[Progress] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self.store = Store.open(self.home, clock=self.clock)
        known = self.store.accounts.list()
        self.account: Account = (
            known[0] if known else self.store.accounts.add(ADDRESS, secret="keychain")
        )

    def clock(self) -> datetime:
        return self.now

    def close(self) -> None:
        self.store.close()

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def connect(self, protocol: str, port: int) -> BlockingDriver:
        self.connections += 1
        return BlockingDriver(Endpoint.parse(f"{protocol}://127.0.0.1:{port}?tls=none")).connect()

    def queue(self, *recipients: str, content: bytes = LETTER, sender: str = ADDRESS) -> str:
        return self.store.outbox.add(
            self.account.id, content, sender=sender, recipients=recipients or (ADDRESS,)
        )

    def send(self, port: int, only: str | None = None) -> tuple[Item, ...]:
        return outbox.Sender(
            self.account,
            self.store,
            connect=lambda: self.connect("smtp", port),
            credentials=lambda: Credentials(ADDRESS, self.password),
            clock=self.clock,
            report=self.reports.append,
        ).deliver(only)

    def fetch(self, port: int) -> pop3.Collected:
        with self.connect("pop3", port) as driver:
            return pop3.collect(
                self.account,
                driver,
                self.store,
                credentials=Credentials(ADDRESS, self.password),
                clock=self.clock,
                report=self.reports.append,
            )

    def stored(self, role: Role = Role.INBOX) -> list[bytes]:
        """The octets of all messages in a mailbox, the newest first."""
        box = self.store.mailboxes.ensure(self.account.id, role)
        found = self.store.messages.page(box.id, limit=10_000)
        return [self.store.messages.raw(each.id) for each in found]
