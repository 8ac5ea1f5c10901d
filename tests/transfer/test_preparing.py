"""Large imports are read by other processes; the result is that of one process, in order."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hongyan.store import Role, Store, preparing
from hongyan.transfer.importing import Importer
from tests.support.short import letters

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 900


def clock() -> datetime:
    return datetime.now(UTC)


def write(folder: Path) -> Path:
    (folder / "cur").mkdir(parents=True)
    (folder / "new").mkdir()
    for number, raw in enumerate(letters(COUNT, 5)):
        (folder / "cur" / f"{number:06}.x:2,{'S' * (number % 2)}").write_bytes(
            raw.replace(b"\r\n", b"\n")
        )
    return folder


def imported(home: Path, folder: Path) -> list[Any]:
    with Store.open(home, clock=clock) as store:
        account = store.accounts.add("me@example.org", secret="keychain")
        result = Importer(store, account, clock=clock).take([folder])
        assert (result.new, result.known) == (COUNT, 0)
        assert store.check() == ()
        inbox = store.mailboxes.find(account.id, Role.INBOX)
        emails = store.messages.page(inbox.id, limit=COUNT)
        assert [store.messages.raw(each.id) for each in emails[::50]]
        hits = {query: store.search.count(query) for query in ("meeting", "发票", "the", "goose")}
        return [hits, *((e.id, e.blob_id, e.keywords, e.preview, e.received_at) for e in emails)]


@pytest.mark.parametrize("processes", [1, 2])
def test_processes_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    folder = write(tmp_path / "mail")
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    alone = imported(tmp_path / "alone", folder)
    monkeypatch.setattr(os, "cpu_count", lambda: processes + 1)
    monkeypatch.setattr(preparing, "_WORTH", 200)
    assert imported(tmp_path / "together", folder) == alone


def test_a_process_that_dies_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "mail")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(preparing, "_WORTH", 200)
    add = preparing.Preparing.add

    def add_and_kill(self: Any, *arguments: Any) -> Any:
        yield from add(self, *arguments)
        if self._pool is not None:
            for process in list(self._pool._processes.values()):
                with suppress(ProcessLookupError):  # killed before, and not noticed yet
                    os.kill(process.pid, signal.SIGKILL)

    monkeypatch.setattr(preparing.Preparing, "add", add_and_kill)
    assert len(imported(tmp_path / "home", folder)) == COUNT + 1
