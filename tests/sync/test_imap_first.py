"""A first visit to many messages: other processes read them, with the same result."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from hongyan.store import Role, Store, preparing
from hongyan.sync.imap import synchronise
from tests.support.short import letters
from tests.sync.imap_profile import now
from tests.sync.toy_imap import ToyImap

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 700
LARGE = b"Subject: the large one\r\n\r\n" + b"A goose is a goose is a goose.\r\n" * 10_000


def fetched(home: Path) -> list[Any]:
    server = ToyImap()
    for number, octets in enumerate(letters(COUNT, 5)):
        server.boxes["INBOX"].put(octets, ["\\Seen"] * (number % 2))
        if number % 100 == 50:
            server.boxes["INBOX"].put(LARGE + b"%d" % number)
    with Store.open(home, clock=now) as store:
        account = store.accounts.add("me@example.test", secret="keychain")
        flow = synchronise(server.connection(), account, store, clock=now)
        assert server.run(flow).messages == COUNT + COUNT // 100
        assert store.check() == ()
        inbox = store.mailboxes.find(account.id, Role.INBOX)
        emails = store.messages.page(inbox.id, limit=2 * COUNT)
        hits = [store.search.count(query) for query in ("meeting", "发票", "the large goose")]
        told = ((e.blob_id, *e.keywords, e.preview, str(e.received_at)) for e in emails)
        return [hits, *sorted(told)]


@pytest.mark.parametrize("processes", [1, 2])
def test_processes_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    alone = fetched(tmp_path / "alone")
    assert alone[0][2] == COUNT // 100
    monkeypatch.setattr(os, "cpu_count", lambda: processes + 1)
    monkeypatch.setattr(preparing, "_WORTH", 100)
    assert fetched(tmp_path / "together") == alone


def test_a_process_that_dies_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(preparing, "_WORTH", 100)
    add = preparing.Preparing.add
    killed: set[int] = set()

    def add_and_kill(self: Any, *arguments: Any) -> Any:
        yield from add(self, *arguments)
        for process in list(self._pool._processes.values()) if self._pool else ():
            with suppress(ProcessLookupError):  # killed before, and not noticed yet
                os.kill(process.pid, signal.SIGKILL)
                killed.add(process.pid)

    monkeypatch.setattr(preparing.Preparing, "add", add_and_kill)
    assert len(fetched(tmp_path / "home")) == COUNT + COUNT // 100 + 1
    assert killed
