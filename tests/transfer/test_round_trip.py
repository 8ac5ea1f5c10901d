"""What leaves comes back: the same messages, mailboxes, keywords, times, hash for hash."""

from __future__ import annotations

import mailbox
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument, StoreError
from hongyan.store import Store
from hongyan.transfer import Format, Importer, export, forms, mbox, verify
from tests.transfer.conftest import HARD, NOW, picture


def importer(store: Store) -> Importer:
    return Importer(store, None, clock=lambda: NOW)


@pytest.mark.parametrize("form", list(Format))
def test_everything_comes_back(full: Store, empty: Store, tmp_path: Path, form: Format) -> None:
    target = tmp_path / ("export.zip" if form is Format.ZIP else "export")
    count = 2 * len(HARD)
    assert export(full, target, form=form) == count
    assert verify(target) == (count, ())
    found = importer(empty).take([target])
    assert (found.new, found.known, found.passed_by) == (count, 0, [])
    assert picture(empty) == picture(full)
    again = importer(empty).take([target])
    assert (again.new, again.known) == (0, count)
    assert picture(empty) == picture(full)
    assert empty.check() == ()


def test_what_a_query_finds(full: Store, tmp_path: Path) -> None:
    assert export(full, tmp_path / "x", form=Format.EML, query="subject:plain OR unix") == 4
    with pytest.raises(InvalidArgument, match="exists already"):
        export(full, tmp_path / "x", form=Format.EML)
    with pytest.raises(InvalidArgument, match="query"):
        export(full, tmp_path / "y", form=Format.EML, query="(")
    with pytest.raises(StoreError):
        export(full, tmp_path / "no" / "y", form=Format.EML)
    assert {path.name for path in tmp_path.iterdir()} == {"full", "x"}


def test_names_stay_below_the_export(empty: Store, tmp_path: Path) -> None:
    account = empty.accounts.add("../../up@example.org", secret="keychain")
    for name in ("../../etc", "..", "CON", "a/b", "A/B", "a-b"):
        box = empty.mailboxes.ensure(account.id, name)
        empty.messages.add(account.id, box.id, name.encode(), received_at=NOW)
    for form in Format:
        target = tmp_path / "deep" / "er" / form.value
        target.parent.mkdir(parents=True, exist_ok=True)
        assert export(empty, target, form=form) == 6
        assert verify(target) == (6, ())
    assert {path.name for path in (tmp_path / "deep").iterdir()} == {"er"}


def change_zip(path: Path) -> None:
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, octets in members.items():
            new.writestr(name, octets.replace(b"Hello", b"Jello"))


@pytest.mark.parametrize("form", list(Format))
def test_a_changed_octet_is_found(full: Store, empty: Store, tmp_path: Path, form: Format) -> None:
    target = tmp_path / "export.zip"
    export(full, target, form=form, query="subject:plain account:me@example.org OR subject:bare")
    if form is Format.ZIP:
        change_zip(target)
    else:
        (path, *_) = [p for p in target.rglob("*") if p.is_file() and b"Hello" in p.read_bytes()]
        path.write_bytes(path.read_bytes().replace(b"Hello", b"Jello"))
    good, faults = verify(target)
    assert (good, len(faults)) == (2, 1)
    found = importer(empty).take([target])
    assert (found.new, len(found.passed_by)) == (2, 1)


def test_a_manifest_that_was_cut(full: Store, tmp_path: Path) -> None:
    export(full, tmp_path / "x", form=Format.MBOX)
    path = tmp_path / "x" / "manifest.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    assert "broken off" in verify(tmp_path / "x")[1][0]
    path.write_bytes(b"".join([*lines[:-2], lines[-1]]))
    assert "messages, not" in verify(tmp_path / "x")[1][0]
    evil = lines[0].replace(b'"file": "me', b'"file": "../me')
    for line in (evil, b"[]\n", b"\xff\n", b"{}\n", b"[" * 100_000, b'{"messages": 0}\n'):
        path.write_bytes(line)
        assert bool(verify(tmp_path / "x")[1]) == (b"messages" not in line)


def test_python_reads_our_mbox_and_maildir(full: Store, tmp_path: Path) -> None:
    """Another program sees as many messages, with the same lines."""
    export(full, tmp_path / "m", form=Format.MBOX, query="account:me@example.org")
    box = mailbox.mbox(tmp_path / "m" / "me@example.org" / "Inbox.mbox", create=False)
    inner = [raw for number, raw in enumerate(HARD) if number % 2 == 0]
    subjects = Counter(str(m["Subject"]) for m in box)
    assert len(box) == len(inner) + 1  # one is in two mailboxes, and in the first one's file
    assert subjects["plain"] == subjects["large"] == 1
    box.close()
    export(full, tmp_path / "d", form=Format.MAILDIR, query="account:me@example.org")
    folder = mailbox.Maildir(tmp_path / "d" / "me@example.org" / "Inbox", create=False)
    assert len(folder) == len(inner) + 1
    flags = Counter(message.get_flags() for message in folder)
    assert flags == {"": 4, "FS": 5}


@given(
    st.lists(st.sampled_from([b"From ", b">", b"\n", b"\r\n", b"\r", b"x", b"10:00 2026", b" "]))
)
def test_any_message_survives_mbox(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    form = forms.form_of(raw)
    file = b"From x\n" + b"".join(forms.written(raw, form, quoted=True)) + b"\nFrom y 1:00\n\n"
    (first, *_) = list(mbox.spans(file))
    back = forms.restored(file, 7, len(file) - 14, form=form, quoted=True)
    assert b"".join(back) == raw
    assert first.start == 7
    if b"Content" not in raw:
        assert first.end in (len(file) - 14, len(file) - 15, len(file) - 16)
