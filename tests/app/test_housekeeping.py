"""Once a day: changes are known for thirty days, uploads that nobody used go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hongyan.app.housekeeping import Housekeeping
from hongyan.store import Kind, Role, Store

if TYPE_CHECKING:
    from pathlib import Path


def test_old_changes_and_stray_uploads_go(tmp_path: Path) -> None:
    times = [datetime(2026, 1, 1, tzinfo=UTC)]
    with Store.open(tmp_path, clock=lambda: times[-1]) as store:
        account = store.accounts.add("yan@goose.example", secret="keychain")
        inbox = store.mailboxes.ensure(account.id, Role.INBOX)
        before = store.changes.state(account.id)
        message = store.messages.add(
            account.id, inbox.id, b"Subject: x\r\n\r\n", received_at=times[0]
        )
        upload = store.blobs.keep(b"nobody's")
        house = Housekeeping(store, clock=lambda: times[-1])
        times.append(times[0] + timedelta(days=29))
        house.tidy()
        changes = store.changes.since(account.id, before, Kind.EMAIL)
        assert changes is not None
        assert changes.created == (message,)
        times.append(times[0] + timedelta(days=31))
        store.messages.patch_keywords(message, add=["$seen"])
        house.tidy()
        assert store.changes.since(account.id, before, Kind.EMAIL) is None
        assert store.messages.raw(message) == b"Subject: x\r\n\r\n"
        assert upload.sha256 not in {name for name, _ in store.blobs.names()}


def test_it_ends_when_it_is_told(tmp_path: Path) -> None:
    with Store.open(tmp_path, clock=lambda: datetime.now(UTC)) as store:
        house = Housekeeping(store, clock=lambda: datetime.now(UTC))
        house.start()
        house.stop()
        assert not house._thread.is_alive()
