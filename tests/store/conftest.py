"""A store in a temporary folder with a clock that the test moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hongyan.store import Account, Blob, Mailbox, MessageId, Role, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


def letter(
    body: str = "Hello",
    *,
    subject: str = "A letter",
    sender: str = "Ann <ann@example.org>",
    to: str = "me@example.org",
    **headers: str,
) -> bytes:
    """A message; header names are given with underscores."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n{more}"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


@dataclass
class Profile:
    """An open store with one account and its inbox."""

    home: Path
    clock: Clock
    store: Store
    account: Account
    inbox: Mailbox
    count: int = field(default=0)

    def add(self, content: bytes | Blob | str = "Hello", **values: object) -> MessageId:
        """Add a message to the inbox; text becomes a letter's body."""
        raw = letter(content) if isinstance(content, str) else content
        values.setdefault("received_at", self.clock())
        return self.store.messages.add(self.account.id, self.inbox.id, raw, **values)  # type: ignore[arg-type]  # a test's choice

    def found(self, query: str, **values: object) -> set[str]:
        """The ids of what a query finds."""
        return {hit.id for hit in self.store.search.find(query, **values)}  # type: ignore[arg-type]  # a test's choice


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def profile(tmp_path: Path, clock: Clock) -> Iterator[Profile]:
    with Store.open(tmp_path / "home", clock=clock) as store:
        account = store.accounts.add("me@example.org", secret="keychain", name="Me")
        inbox = store.mailboxes.ensure(account.id, Role.INBOX)
        yield Profile(tmp_path / "home", clock, store, account, inbox)


@pytest.fixture
def make_letter() -> object:
    return letter
