"""A message of which only the header is here: a row like others, and no reader takes it for whole."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hongyan.errors import NotHereYet, StoreError
from hongyan.store import New, Role, Store
from hongyan.transfer import Format, export

AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
HEADER = (
    b"Message-ID: <late@example.org>\r\nReferences: <first@example.org>\r\n"
    b"From: Ann <ann@example.org>\r\nSubject: the goose\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
)
WHOLE = HEADER + b"comes with a heron and " + b"much ado " * 4000 + b"\r\n"


@pytest.fixture
def store(tmp_path: Path, clock: Any) -> Any:
    with Store.open(tmp_path / "home", clock=clock) as opened:
        opened.accounts.add("me@example.org", secret="keychain")
        yield opened
        assert opened.check() == ()


def inbox(store: Store) -> str:
    return store.mailboxes.ensure("a1", Role.INBOX).id


def half(store: Store, header: bytes = HEADER, size: int = len(WHOLE)) -> str:
    new = New(header, (inbox(store),), AT, ("$flagged",), header_of=size)
    return store.messages.add_all("a1", [new])[0]


def complete(store: Store, id_: str, octets: bytes = WHOLE) -> tuple[str, ...]:
    return store.messages.complete([(id_, store.messages.prepare(store.blobs.hold(octets)))])


def test_it_is_a_row_like_any_other(store: Store) -> None:
    first = store.messages.add(
        "a1", inbox(store), b"Message-ID: <first@example.org>\r\n\r\nx\r\n", received_at=AT
    )
    id_ = half(store)
    row = store.messages.get(id_)
    assert (row.whole, row.size, row.subject, row.preview) == (False, len(WHOLE), "the goose", "")
    assert row.thread_id == store.messages.get(first).thread_id
    assert [hit.id for hit in store.search.find("subject:goose from:ann")] == [id_]
    store.messages.patch_keywords(id_, add=["$seen"])
    store.messages.move(id_, store.mailboxes.ensure("a1", Role.TRASH).id)
    assert store.messages.get(id_).keywords == {"$seen", "$flagged"}
    store.messages.delete(id_)
    assert store.blobs.totals()[0] == 1


def test_the_door_gives_no_header_for_the_letter(store: Store) -> None:
    id_ = half(store)
    name = store.messages.get(id_).blob_id
    for way in (store.blobs.open, store.blobs.read, store.blobs.verify, store.messages.raw):
        with pytest.raises(NotHereYet) as error:
            way(name)
        assert error.value.message_id == id_
    assert bytes(store.blobs.header(id_)[:]) == HEADER
    complete(store, id_)
    assert bytes(store.blobs.open(name)[:]) == store.messages.raw(id_) == WHOLE


def test_its_body_replaces_all_of_it_in_one_change(store: Store) -> None:
    id_ = half(store, HEADER.replace(b"goose", b"gander"))
    before = store.messages.get(id_)
    state = store.changes.state("a1")
    assert complete(store, id_) == (id_,)
    after = store.messages.get(id_)
    assert int(store.changes.state("a1")) == int(state) + 1
    assert (after.whole, after.size, after.thread_id) == (True, len(WHOLE), before.thread_id)
    assert (after.keywords, after.mailbox_ids) == (before.keywords, before.mailbox_ids)
    assert after.subject == "the goose"
    assert after.preview.startswith("comes with a heron")
    assert [hit.id for hit in store.search.find("heron")] == [id_]
    assert store.search.find("gander") == []
    assert store.blobs.totals() == (1, len(WHOLE))
    assert complete(store, id_, b"Subject: another\r\n\r\n") == ()
    assert store.messages.raw(id_) == WHOLE


def test_what_was_deleted_meanwhile_is_not_brought_back(store: Store) -> None:
    id_ = half(store)
    store.messages.delete(id_)
    assert complete(store, id_) == ()
    assert store.messages.list([id_]) == ()


def test_a_change_that_fails_leaves_the_header(store: Store) -> None:
    id_ = half(store)

    def complete_and_fail() -> None:
        with store.transaction():
            complete(store, id_)
            raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        complete_and_fail()
    assert not store.messages.get(id_).whole
    assert [hit.id for hit in store.search.find("goose")] == [id_]
    assert store.search.find("heron") == []


def test_a_letter_that_is_nothing_but_its_header(store: Store) -> None:
    id_ = half(store, size=len(HEADER))
    complete(store, id_, HEADER)
    assert store.messages.raw(id_) == HEADER


def test_octets_are_compared_with_whole_letters_alone(store: Store) -> None:
    half(store)
    sha256 = store.blobs.hold(HEADER).sha256
    assert store.messages.with_octets("a1", [sha256]) == {}


def test_the_index_is_made_anew_of_its_header(store: Store) -> None:
    id_ = half(store)
    store.reindex()
    assert [hit.id for hit in store.search.find("goose")] == [id_]
    assert store.messages.get(id_).preview == ""


def test_rules_and_the_like_wait_for_it(store: Store) -> None:
    id_ = half(store)
    other = store.messages.add("a1", inbox(store), b"Subject: whole\r\n\r\nx\r\n", received_at=AT)
    assert store.messages.put_off([id_, other]) == (other,)
    assert store.messages.no_longer_put_off("a1", limit=9) == ()
    complete(store, id_)
    assert store.messages.no_longer_put_off("a1", limit=9) == (id_,)
    assert store.messages.no_longer_put_off("a1", limit=9) == ()


def test_an_export_leaves_nothing_out_unsaid(store: Store, tmp_path: Path) -> None:
    id_ = half(store)
    with pytest.raises(NotHereYet):
        export(store, tmp_path / "out", form=Format.EML)
    assert not (tmp_path / "out").exists()
    left_out: list[str] = []
    done = export(
        store, tmp_path / "out", form=Format.EML, leave_out=lambda row: left_out.append(row.id)
    )
    assert (done, left_out) == (0, [id_])


def test_a_backup_has_it_as_it_is(store: Store, tmp_path: Path, clock: Any) -> None:
    import zipfile

    id_ = half(store)
    store.backup(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        archive.extractall(tmp_path / "other")
    with Store.open(tmp_path / "other", clock=clock) as other:
        assert other.check() == ()
        assert not other.messages.get(id_).whole
        with pytest.raises(NotHereYet):
            other.messages.raw(id_)
