"""An exported mbox goes through another program and comes back: Python's own reader."""

from __future__ import annotations

import mailbox
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hongyan.store import Role, Store
from hongyan.transfer import Format, Importer, export

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
LETTERS = tuple(
    f"From: Ann <ann@example.org>\r\nTo: me@example.org\r\nSubject: {subject}\r\n"
    f"Date: Sat, 14 Mar 2026 12:00:00 +0000\r\nMessage-ID: <{n}@example.org>\r\n"
    f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    f"Content-Transfer-Encoding: 8bit\r\n\r\n{body}".encode()
    for n, (subject, body) in enumerate([
        ("plain", "Hello\r\n"),
        ("from", "From here on\r\n>From there\r\n>>From 10:00 2026\r\n From no\r\n"),
        ("separator", "\r\n\r\nFrom x Sat Mar 14 12:00:00 2026\r\nSubject: inner\r\n\r\nno\r\n"),
        ("blank end", "\r\n\r\n\r\n"),
        ("发票", "北京，naïve\r\n"),
        ("long", "line of text\r\n" * 3_000),
    ])
)  # fmt: skip
# What programs write into a header for themselves.
THEIRS = re.compile(rb"^(?:Status|X-Status|Content-Length|Lines):[^\n]*\n", re.MULTILINE)


def exported(tmp_path: Path) -> Path:
    with Store.open(tmp_path / "home", clock=lambda: NOW) as store:
        account = store.accounts.add("me@example.org", secret="keychain")
        inbox = store.mailboxes.ensure(account.id, Role.INBOX)
        for raw in LETTERS:
            store.messages.add(account.id, inbox.id, raw, received_at=NOW)
        export(store, tmp_path / "export", form=Format.MBOX)
    (path,) = (tmp_path / "export").rglob("*.mbox")
    return path


def imported(tmp_path: Path, path: Path, *, mboxo: bool = False) -> list[bytes]:
    with Store.open(tmp_path / "again", clock=lambda: NOW) as store:
        account = store.accounts.add("me@example.org", secret="keychain")
        importer = Importer(store, account, clock=lambda: NOW)
        importer.take([path], mailbox="Inbox", mboxo=mboxo)
        return [THEIRS.sub(b"", store.messages.raw(id_)) for id_ in store.search.ids("")]


def test_python_reads_it_and_writes_it_back(tmp_path: Path) -> None:
    """Its module takes no quote away, and so has none to add."""
    path = exported(tmp_path)
    read = mailbox.mbox(path, create=False)
    assert [message["Message-ID"] for message in read] == [
        f"<{n}@example.org>" for n in range(len(LETTERS))
    ]
    written = mailbox.mbox(tmp_path / "python.mbox")
    for key in read.iterkeys():
        message = mailbox.mboxMessage(read.get_bytes(key))
        written.add(message)
    written.close()
    read.close()
    assert sorted(imported(tmp_path, tmp_path / "python.mbox")) == sorted(LETTERS)
