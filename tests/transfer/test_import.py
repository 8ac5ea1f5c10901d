"""Import of what other programs keep."""

from __future__ import annotations

import mailbox
import plistlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import NotFound
from hongyan.store import Account, Email, Store
from hongyan.transfer import Imported, Importer, emlx, mbox
from tests.transfer.conftest import NOW

LINE = b"From ann@example.org Sat Mar 14 10:00:00 2026\n"


@pytest.fixture
def account(empty: Store) -> Account:
    return empty.accounts.add("me@example.org", secret="keychain")


def take(store: Store, *paths: Path, **options: object) -> Imported:
    (account,) = store.accounts.list()
    return Importer(store, account, clock=lambda: NOW).take(paths, **options)  # type: ignore[arg-type]  # a test's choice


def emails(store: Store) -> dict[str, Email]:
    return {email.subject: email for email in map(store.messages.get, store.search.ids(""))}


def bodies(octets: bytes, *, mboxo: bool = False) -> list[bytes]:
    return [b"".join(mbox.chunks(octets, span, mboxo=mboxo)) for span in mbox.spans(octets)]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (b"", []),
        (b"Subject: no mbox\n\n", []),
        (LINE + b"Subject: a\n\nx\n", [b"Subject: a\r\n\r\nx\r\n"]),
        (LINE + b"Subject: a\n\nx\n\n" + LINE + b"Subject: b\n\ny\n\n", [b"Subject: a\r\n\r\nx\r\n", b"Subject: b\r\n\r\ny\r\n"]),
        # a quoted and an unquoted From that is no separator
        (LINE + b"S: a\n\n>From x\n>>From y\n\nFrom here on\n", [b"S: a\r\n\r\nFrom x\r\n>From y\r\n\r\nFrom here on\r\n"]),
        # no blank line before: text
        (LINE + b"S: a\n\nx\n" + LINE + b"y\n", [b"S: a\r\n\r\nx\r\n" + LINE[:-1] + b"\r\ny\r\n"]),
        # Content-Length that is right holds a From line in it
        (LINE + b"Content-Length: 52\n\nab\n\n" + LINE + b"x\n\n" + LINE + b"S: b\n\n", [b"Content-Length: 52\r\n\r\nab\r\n\r\n" + LINE[:-1] + b"\r\nx\r\n", b"S: b\r\n"]),
        # and one that is wrong is not believed
        (LINE + b"Content-Length: 9\n\nab\n\n" + LINE + b"S: b\n\nx\n", [b"Content-Length: 9\r\n\r\nab\r\n", b"S: b\r\n\r\nx\r\n"]),
        # CRLF throughout
        (LINE[:-1] + b"\r\nS: a\r\n\r\nx\r\n\r\n" + LINE + b"S: b\r\n\r\n", [b"S: a\r\n\r\nx\r\n", b"S: b\r\n"]),
        (b"From - x", [b""]),
    ],
)  # fmt: skip
def test_forms_of_mbox(file: bytes, expected: list[bytes]) -> None:
    assert bodies(file) == expected


def test_mboxo() -> None:
    file = LINE + b"S: a\n\n>From x\n>>From y\n"
    assert bodies(file, mboxo=True) == [b"S: a\r\n\r\nFrom x\r\n>>From y\r\n"]


@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from([LINE, b"\n", b"\n\n", b"Content-Length: 5\n", b"x"])).map(b"".join)
)
def test_any_octets_are_an_mbox(octets: bytes) -> None:
    at = 0
    for span in mbox.spans(octets):
        assert at <= span.start <= span.end <= len(octets)
        at = span.end


def test_what_python_wrote(empty: Store, account: Account, tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "Archive.mbox")
    folder = mailbox.Maildir(tmp_path / "dir")
    for n in range(4):
        text = f"Subject: {n}\nDate: Mon, {n + 1} Mar 2026 10:00:00 +0000\n\nFrom here\n{n}\n"
        message = mailbox.mboxMessage(text.encode())
        message.set_flags("RF" if n % 2 else "")
        box.add(message)
        other = mailbox.MaildirMessage(f"Subject: d{n}\n\n{n}\n".encode())
        other.set_flags("RS" if n % 2 else "")
        other.set_subdir("cur" if n % 2 else "new")
        folder.add(other)
    sub = folder.add_folder("Lists")
    sub.add(b"Subject: sub\n\nx\n")
    box.close()
    found = take(empty, tmp_path / "Archive.mbox", tmp_path / "dir")
    assert (found.new, found.known, found.passed_by) == (9, 0, [])
    mail = emails(empty)
    assert mail["1"].keywords == {"$seen", "$flagged"}
    assert mail["d1"].keywords == {"$answered", "$seen"}
    assert mail["0"].keywords == mail["d0"].keywords == set()
    assert mail["2"].received_at == datetime(2026, 3, 3, 10, tzinfo=UTC)
    names = {box.id: box.name for box in empty.mailboxes.list(account.id)}
    assert {names[id_] for id_ in mail["2"].mailbox_ids} == {"Archive"}
    assert {names[id_] for id_ in mail["sub"].mailbox_ids} == {"Lists"}
    assert {names[id_] for id_ in mail["d0"].mailbox_ids} == {"Inbox"}
    assert b"\r\nFrom here\r\n" in empty.messages.raw(mail["0"].id)
    again = take(empty, tmp_path / "Archive.mbox", tmp_path / "dir")
    assert (again.new, again.known) == (0, 9)


def test_a_thunderbird_profile(empty: Store, account: Account, tmp_path: Path) -> None:
    folder = tmp_path / "x.default" / "Mail" / "pop.example.org"
    (folder / "Inbox.sbd").mkdir(parents=True)
    status = "From - Sat Mar 14 10:00:00 2026\nX-Mozilla-Status: {}\nSubject: {}\n\nx\n\n"
    (folder / "Inbox").write_text(status.format("0001", "read") + status.format("0009", "gone"))
    (folder / "Inbox.msf").write_text("// <!-- <mdb:mork:z -->")
    (folder / "Inbox.sbd" / "Work").write_text(status.format("1006", "work"))
    (folder / "Sent").write_bytes(b"")
    (tmp_path / "x.default" / "prefs.js").write_text("user_pref();")
    (folder / "link").symlink_to(folder / "Inbox")
    found = take(empty, tmp_path / "x.default")
    assert found.new == 2
    assert len(found.passed_by) == 1
    mail = emails(empty)
    assert mail["read"].keywords == {"$seen"}
    assert mail["work"].keywords == {"$answered", "$flagged", "$forwarded"}


def test_eml_and_apple_mail(empty: Store, account: Account, tmp_path: Path) -> None:
    (tmp_path / "a.EML").write_bytes(b"Subject: exact\n\nlf stays\n")
    (tmp_path / "Old.mbox").mkdir()
    (tmp_path / "Old.mbox" / "mbox").write_bytes(LINE + b"Subject: apple\n\nx\n")
    (tmp_path / "notes.txt").write_text("Subject: no mail\n\n")
    assert take(empty, tmp_path).new == 2
    assert empty.messages.raw(emails(empty)["exact"].id) == b"Subject: exact\n\nlf stays\n"
    assert empty.mailboxes.find(account.id, "Old").total == 1
    assert take(empty, tmp_path / "notes.txt", mailbox="Notes").new == 1
    assert empty.mailboxes.find(account.id, "Notes").total == 1
    with pytest.raises(NotFound):
        take(empty, tmp_path / "nothing")


def test_apple_mail_in_all_its_forms(empty: Store, account: Account, tmp_path: Path) -> None:
    """An mbox in a folder, a file .mbx, and the files of its own store."""
    (tmp_path / "Sold.mbx").mkdir()
    (tmp_path / "Sold.mbx" / "mbox").write_bytes(LINE + b"Subject: in a folder\n\nx\n")
    (tmp_path / "Sold.mbx" / "table_of_contents").write_bytes(b"\0\1")
    (tmp_path / "Lent.mbx").write_bytes(LINE + b"Subject: in a file\n\nx\n")
    deep = tmp_path / "V10" / "Birds.imapmbox" / "Geese.mbox" / "1A" / "Data" / "Messages"
    deep.mkdir(parents=True)
    for name, flags, subject in (
        ("1.emlx", 1 | 16, "read"),
        ("2.emlx", 2, "deleted"),
        ("3.emlx", 4, "answered"),
    ):
        message = f"Subject: {subject}\n\nline\nFrom here\n".encode()
        listed = plistlib.dumps({"flags": flags, "subject": subject})
        (deep / name).write_bytes(b"%-10d\n" % len(message) + message + listed)
    (deep / "4.partial.emlx").write_bytes(b"5\nS: x\n")
    (deep / "5.emlx").write_bytes(b"500\nSubject: cut\n")
    (deep / "6.emlx").write_bytes(b"18\nSubject: no list\n\n<plist>")
    assert take(empty, tmp_path).new == 5
    mail = emails(empty)
    assert mail.keys() == {"in a folder", "in a file", "read", "answered", "no list"}
    assert mail["read"].keywords == {"$seen", "$flagged"}
    assert mail["answered"].keywords == {"$answered"}
    assert empty.messages.raw(mail["read"].id) == b"Subject: read\r\n\r\nline\r\nFrom here\r\n"
    birds = empty.mailboxes.find(account.id, "Birds")
    names = {box.name: box for box in empty.mailboxes.list(account.id)}
    assert names["Geese"].parent_id == birds.id
    assert [names[name].total for name in ("Sold", "Lent", "Geese")] == [1, 1, 3]


@given(st.binary(max_size=200))
def test_any_octets_are_an_emlx(octets: bytes) -> None:
    for given_ in (octets, b"3\nabc" + octets, b"3\nabc<?xml version='1.0'?><plist>" + octets):
        found = emlx.read(given_)
        assert found is None or 0 <= found.start <= found.end <= len(given_)


def test_a_broken_import_goes_on(
    empty: Store, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hongyan.transfer.importing._TOGETHER", 10)
    path = tmp_path / "a.mbox"
    path.write_bytes(b"".join(LINE + b"Subject: %d\n\nx\n\n" % n for n in range(95)))

    def stop(done: int, *_: int) -> None:
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(empty, path, advance=stop)
    assert empty.search.count("") == 40
    found = take(empty, path)
    assert (found.new, found.known) == (55, 40)
    assert empty.check() == ()
