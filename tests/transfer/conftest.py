"""Stores to take mail out of and to put it into."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hongyan.store import Mailbox, Role, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Store]:
    """A store with two accounts, several mailboxes, and messages of every form."""
    with Store.open(tmp_path / "full", clock=lambda: NOW) as store:
        with store.transaction():
            fill(store)
        yield store


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "empty", clock=lambda: NOW) as store:
        yield store


HARD = (
    b"Subject: plain\r\nFrom: ann@example.org\r\n\r\nHello\r\n",
    b"Subject: from\r\n\r\nFrom here on\r\n>From there\r\n>>From 10:00 2026\r\n From no\r\n",
    b"Subject: separator\r\n\r\n\r\nFrom x Sat Mar 14 12:00:00 2026\r\nSubject: inner\r\n\r\nno\r\n",
    b"Subject: no end\r\n\r\nlast line",
    b"Subject: lf\n\nunix\n",
    b"Subject: mixed\r\n\nboth\r\nkinds\n",
    b"Subject: bare\r\n\r\ncr \r in it \r\r\n",
    b"Subject: blank end\r\n\r\n\r\n\r\n\r\n",
    b"Content-Length: 3\r\nSubject: lies\r\n\r\nlonger than three\r\n",
    b"no header at all",
    b"\n",
    b"",
    b"Subject: \xe4\xf6\r\n\r\n\x00\xff octets\r\n",
    b"Status: RO\r\nX-Mozilla-Status: 0008\r\nSubject: flags of others\r\n\r\nx\r\n",
    b"Subject: large\r\n\r\n" + b"From line to line\r\n" * 90_000,
)


def fill(store: Store) -> None:
    for address in ("me@example.org", "you@example.org"):
        account = store.accounts.add(address, secret="keychain")
        inbox = store.mailboxes.ensure(account.id, Role.INBOX)
        above = store.mailboxes.ensure(account.id, "Work")
        other = store.mailboxes.ensure(account.id, "Über/: 北京?", parent_id=above.id)
        for number, raw in enumerate(HARD):
            box = (inbox, other)[number % 2]
            words = ["$seen", "$flagged", "work"][: number % 4]
            at = NOW.replace(day=1 + number)
            id_ = store.messages.add(
                account.id,
                box.id,
                raw,
                received_at=at,
                keywords=words,
                uidl=f"u{number}\udcff" if number % 2 else None,
            )
            if number == 3:
                store.messages.set_mailboxes(id_, [inbox.id, other.id])


def path(store: Store, box: Mailbox) -> tuple[str, ...]:
    above = () if box.parent_id is None else path(store, store.mailboxes.get(box.parent_id))
    return (*above, box.name)


def picture(store: Store) -> list[tuple[object, ...]]:
    """All that must come through: octets, mailboxes, keywords, times, names on servers."""
    names = {
        box.id: (account.address, path(store, box), box.role)
        for account in store.accounts.list()
        for box in store.mailboxes.list(account.id)
    }
    emails = [store.messages.get(id_) for id_ in store.search.ids("")]
    return sorted(
        (
            email.blob_id,
            sorted(str(names[id_]) for id_ in email.mailbox_ids),
            sorted(email.keywords),
            email.received_at,
            store.messages.uidl(email.id) or "",
        )
        for email in emails
    )
