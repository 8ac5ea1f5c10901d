"""The doors of the store on the command line: check, repair, backup, reindex, in and out."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hongyan.store import Role, Store

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def letter(subject: str, body: str = "Hello 北京") -> bytes:
    return (
        f"From: Ann <ann@example.org>\r\nTo: me@example.org\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}@example.org>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


def opened(home: Path) -> Store:
    return Store.open(home, clock=lambda: NOW)


@pytest.fixture
def stored(nobody: Any) -> Any:
    """The command line over a profile with some mail in it."""
    with opened(nobody.home) as store, store.transaction():
        account = store.accounts.add("me@example.org", secret="keychain")
        inbox = store.mailboxes.ensure(account.id, Role.INBOX)
        sent = store.mailboxes.ensure(account.id, Role.SENT)
        store.messages.add(account.id, inbox.id, letter("one"), received_at=NOW)
        store.messages.add(
            account.id, inbox.id, letter("two"), received_at=NOW, keywords=["$seen", "$flagged"]
        )
        store.messages.add(
            account.id,
            sent.id,
            letter("three", "long " * 90_000),
            received_at=NOW,
            keywords=["$seen"],
        )
    return nobody


def a_file(home: Path) -> Path:
    (path,) = (path for path in (home / "blobs").rglob("*") if path.is_file())
    return path


def test_check_and_repair(stored: Any) -> None:
    assert "All is whole: 3 messages" in stored.ok("check")
    assert "nothing was changed" in stored.ok("repair")
    a_file(stored.home).write_bytes(b"no longer what it was")
    assert "hongyan repair" in stored.fails(65, "check")
    assert "m3 'three'" in stored("check").out
    assert "set-aside" in stored.ok("repair")
    assert "All is whole: 2 messages" in stored.ok("check")


def test_check_of_what_is_no_store(stored: Any) -> None:
    for path in stored.home.glob("mail.db*"):
        path.write_bytes(b"nothing like a database " * 400)
    assert "no mail store" in stored("check").out
    assert "damaged" in stored.fails(65, "check")
    assert "nothing of it can be read" in stored.ok("repair")
    stored.ok("check")


def test_backup_is_a_profile(stored: Any, tmp_path: Path) -> None:
    target = tmp_path / "b.zip"
    assert str(target) in stored.ok("backup", str(target))
    told = stored.fails(74, "backup", str(target))
    assert told.endswith("exists already; nothing was written. Choose another name, or --replace.")
    stored.ok("backup", str(target), "--replace")
    with zipfile.ZipFile(target) as archive:
        archive.extractall(tmp_path / "other")
    listed = stored.ok("--home", str(tmp_path / "other"), "list", "--json")
    assert listed == stored.ok("list", "--json")


def test_reindex(stored: Any) -> None:
    found = stored.ok("search", "北京")
    assert "new" in stored.ok("reindex")
    assert stored.ok("search", "北京") == found != ""


@pytest.mark.parametrize("form", ["mbox", "maildir", "eml", "zip"])
def test_out_and_in(stored: Any, tmp_path: Path, form: str) -> None:
    target = tmp_path / f"out.{form}"
    assert "3 messages" in stored.ok("export", "--format", form, "--to", str(target))
    assert "exists already" in stored.fails(64, "export", "--format", form, "--to", str(target))
    assert "3 messages are whole, 0 faults" in stored.ok("verify", str(target))
    other = ("--home", str(tmp_path / "other"))
    assert "3 new messages" in stored.ok(*other, "import", str(target))
    assert "0 new messages" in stored.ok(*other, "import", str(target))
    listed = stored.json("search", "hello OR long")
    again = stored.json(*other, "search", "hello OR long")
    kept = ("subject", "keywords", "receivedAt", "size", "messageId")
    assert [[each[k] for k in kept] for each in again] == [
        [each[k] for k in kept] for each in listed
    ]


def test_a_damaged_export(stored: Any, tmp_path: Path) -> None:
    target = tmp_path / "out"
    stored.ok("export", "--format", "eml", "--to", str(target), "subject:one")
    (path,) = target.rglob("*.eml")
    path.unlink()
    assert "cannot be read" in stored("verify", str(target)).out
    assert stored("verify", str(target)).code == 65
    (target / "manifest.jsonl").unlink()
    stored.fails(64, "verify", str(target))


def test_import_of_foreign_mail(stored: Any, nobody: Any, tmp_path: Path) -> None:
    path = tmp_path / "Letters.mbox"
    path.write_bytes(b"From a Sat Mar 14 10:00:00 2026\nSubject: old\n\nFound kyoto\n")
    assert "1 new messages" in stored.ok("import", str(path))
    assert "old" in stored.ok("list", "Letters")
    stored.fails(65, "import", str(tmp_path / "nothing"))
    new = ("--home", str(tmp_path / "new"))
    assert "1 new messages" in stored.ok(*new, "import", str(path))
    assert "old" in stored.ok(*new, "search", "kyoto")
    assert stored.json(*new, "account", "list")[0]["address"] == "local@localhost"
    stored.ok(*new, "import", "--account", "local@localhost", str(path))
