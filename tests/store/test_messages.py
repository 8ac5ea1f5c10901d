"""Messages: what goes in comes out, in order, once, with everything that belongs to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument, NotFound, StoreError
from hongyan.store import Store, Summary, UidlState
from hongyan.store.messages import PAGE
from tests.store.uidls import known_uidls

if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap
    from pathlib import Path

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(raw=st.binary(max_size=2000))
def test_any_octets_come_back_as_they_were(profile: Any, raw: bytes) -> None:
    assert profile.store.messages.raw(profile.add(raw)) == raw


def test_a_message_has_what_its_header_says(profile: Any, make_letter: Any) -> None:
    raw = make_letter(
        "Guten Tag",
        subject="=?utf-8?B?5YyX5Lqs?=",
        Cc="=?utf-8?Q?J=C3=B6rg?= <j@example.org>",
        Date="Mon, 1 Jan 2024 10:00:00 +0800",
        Message_ID="<one@example.org>",
        In_Reply_To="<zero@example.org>",
        References="<first@example.org> <zero@example.org>",
    )
    email = profile.store.messages.get(profile.add(raw, keywords=["$Seen"]))
    assert email.subject == "北京"
    assert [(each.name, each.email) for each in email.from_] == [("Ann", "ann@example.org")]
    assert [(each.name, each.email) for each in email.cc] == [("Jörg", "j@example.org")]
    assert email.sent_at is not None
    assert email.sent_at.isoformat() == "2024-01-01T10:00:00+08:00"
    assert (email.message_id, email.in_reply_to) == ("one@example.org", ("zero@example.org",))
    assert email.references == ("first@example.org", "zero@example.org")
    assert email.keywords == {"$seen"}
    assert email.mailbox_ids == {profile.inbox.id}
    assert email.received_at == profile.clock()
    assert (email.size, email.preview, email.has_attachment) == (len(raw), "Guten Tag", False)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(uidl=ANY_TEXT, keyword=ANY_TEXT.filter(bool), name=ANY_TEXT.filter(bool))
def test_names_of_servers_are_data(profile: Any, uidl: str, keyword: str, name: str) -> None:
    id_ = profile.add(f"{uidl!r}", uidl=uidl, keywords=[keyword])
    assert profile.add(f"{uidl!r} again", uidl=uidl) == id_
    assert uidl in known_uidls(profile.store, profile.account.id)
    mailbox = profile.store.mailboxes.ensure(profile.account.id, name)
    assert profile.store.mailboxes.ensure(profile.account.id, name) == mailbox
    profile.store.messages.move(id_, mailbox.id)
    profile.store.messages.move(id_, profile.inbox.id)


@pytest.mark.parametrize("uidl", ["", " ", "../../x", "'; DROP TABLE uidls; --", "x" * 400, "a\0b"])
def test_a_uidl_is_stored_once_and_survives_deletion(profile: Any, uidl: str) -> None:
    id_ = profile.add("one", uidl=uidl)
    assert profile.add("two", uidl=uidl) == id_
    assert profile.store.mailboxes.get(profile.inbox.id).total == 1
    profile.store.messages.delete(id_)
    assert known_uidls(profile.store, profile.account.id) == {uidl: UidlState.DELETED_HERE}
    assert profile.add("three", uidl=uidl) == id_
    assert profile.store.mailboxes.get(profile.inbox.id).total == 0


def test_the_uidls_of_accounts_are_apart(profile: Any) -> None:
    other = profile.store.accounts.add("you@example.org", secret="keychain")
    inbox = profile.store.mailboxes.ensure(other.id, "INBOX")
    profile.add("one", uidl="1")
    profile.store.messages.add(other.id, inbox.id, b"two", received_at=profile.clock(), uidl="1")
    profile.store.messages.mark_gone(other.id, ["1", "never seen"])
    assert known_uidls(profile.store, profile.account.id) == {"1": UidlState.STORED}
    assert known_uidls(profile.store, other.id) == {"1": UidlState.GONE_FROM_SERVER}


def test_pages_are_newest_first_and_meet(profile: Any) -> None:
    ids = []
    for minute in (3, 1, 2, 2, 5):
        when = profile.clock() + timedelta(minutes=minute)
        ids.append(profile.add(f"{minute}", received_at=when))
    expected = [ids[4], ids[0], ids[3], ids[2], ids[1]]
    page = profile.store.messages.page
    assert [email.id for email in page(profile.inbox.id, limit=9)] == expected
    found, before = [], None
    while emails := page(profile.inbox.id, limit=2, before=before):
        found += [email.id for email in emails]
        before = emails[-1].id
    assert found == expected


def test_a_page_is_read_from_an_index(profile: Any) -> None:
    with profile.store._database.read() as db:
        plan = [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + PAGE, (1, 2, 3, 4))]
    assert not [step for step in plan if "SCAN" in step or "TEMP" in step], plan
    assert any("(received_at,message)<(?,?)" in step for step in plan), plan


def test_counts_follow_every_change(profile: Any) -> None:
    store = profile.store
    first, second = profile.add("one"), profile.add("two", keywords=["$seen"])
    trash = store.mailboxes.ensure(profile.account.id, "Trash")

    def counts() -> tuple[int, int, int, int]:
        here, there = store.mailboxes.get(profile.inbox.id), store.mailboxes.get(trash.id)
        return here.total, here.unread, there.total, there.unread

    assert counts() == (2, 1, 0, 0)
    store.messages.patch_keywords(first, add=["$Seen", "Work"])
    store.messages.patch_keywords(second, remove=["$SEEN"])
    assert counts() == (2, 1, 0, 0)
    assert store.messages.get(first).keywords == {"$seen", "work"}
    store.messages.move(second, trash.id)
    assert counts() == (1, 0, 1, 1)
    store.messages.set_mailboxes(first, [profile.inbox.id, trash.id])
    assert counts() == (1, 0, 2, 1)
    store.messages.delete(second)
    store.messages.set_keywords(first, [])
    assert counts() == (1, 1, 1, 1)


def test_threads_follow_references_even_out_of_order(profile: Any, make_letter: Any) -> None:
    def add(own: str, *references: str) -> str:
        refs = " ".join(f"<{each}@x>" for each in references)
        raw = make_letter(own, Message_ID=f"<{own}@x>", References=refs)
        return str(profile.store.messages.get(profile.add(raw)).thread_id)

    answer = add("b", "a")
    assert add("a") == answer
    assert add("c", "a", "b") == answer
    assert add("other") != answer
    assert len(profile.store.messages.thread(answer)) == 3


def test_the_same_octets_are_kept_once(profile: Any, make_letter: Any) -> None:
    big = make_letter("x" * 400_000)
    ids = [profile.add(big), profile.add(big), profile.add("small"), profile.add("small")]
    with profile.store._database.read() as db:
        assert db.execute("SELECT count(*) FROM blobs").get == 2
    profile.store.messages.delete(ids[0])
    assert profile.store.messages.raw(ids[1]) == big
    profile.store.messages.delete(ids[1])
    assert not [path for path in (profile.home / "blobs").rglob("*") if path.is_file()]


def test_a_deletion_undone_keeps_the_file(profile: Any, make_letter: Any) -> None:
    id_ = profile.add(make_letter("x" * 400_000))
    with pytest.raises(ZeroDivisionError), profile.store.transaction():
        profile.store.messages.delete(id_)
        raise ZeroDivisionError
    assert len(profile.store.messages.raw(id_)) > 400_000


def test_a_transaction_is_all_or_nothing(profile: Any) -> None:
    with pytest.raises(ZeroDivisionError), profile.store.transaction():
        inner = profile.add("one", uidl="1")
        assert profile.store.messages.get(inner).preview == "one"
        raise ZeroDivisionError
    assert profile.store.mailboxes.get(profile.inbox.id).total == 0
    assert known_uidls(profile.store, profile.account.id) == {}
    with profile.store.transaction():
        profile.add("two")
        with pytest.raises(NotFound):
            profile.store.messages.set_mailboxes(profile.add("lost"), ["b99"])
    assert profile.store.mailboxes.get(profile.inbox.id).total == 2


def test_a_whole_transaction_is_undone_with_any_part_of_it(profile: Any) -> None:
    store = profile.store
    with pytest.raises(StoreError, match="nothing was changed"), store.transaction(whole=True):
        profile.add("one", uidl="1")
        with pytest.raises(NotFound):
            store.messages.set_mailboxes(profile.add("lost"), ["b99"])
    assert store.mailboxes.get(profile.inbox.id).total == 0
    assert known_uidls(store, profile.account.id) == {}
    with store.transaction(whole=True):
        kept = {profile.add(f"word {n}") for n in range(70)}
        store.messages.delete(profile.add("word gone"))
        with store.transaction():
            kept.add(profile.add("word last"))
    assert profile.found("word", limit=1000) == kept
    assert store.check() == ()


def test_the_index_follows_a_transaction(profile: Any) -> None:
    store = profile.store
    with store.transaction():
        gone = profile.add("word gone")
        kept = [profile.add(f"word {n}") for n in range(70)]
        with pytest.raises(ZeroDivisionError), store.transaction():
            profile.add("word undone")
            with store.transaction():
                undone = [profile.add(f"word not {n}") for n in range(70)]
            raise ZeroDivisionError
        store.messages.delete(gone)
        store.messages.delete(profile.add("word also gone"))
        kept.append(profile.add("word last"))
    assert len(undone) == 70
    assert profile.found("word", limit=1000) == set(kept)
    assert store.check() == ()


@pytest.mark.parametrize(
    "id_", ["", "m", "m0", "m01", "m99", "x1", "1", "m1 ", "m" + "9" * 30, "m１"]
)
def test_ids_never_given_name_nothing(profile: Any, id_: str) -> None:
    profile.add("one")
    for ask in (
        profile.store.messages.get,
        profile.store.messages.raw,
        profile.store.messages.delete,
        profile.store.mailboxes.get,
        profile.store.messages.thread,
        profile.store.outbox.get,
        profile.store.accounts.get,
    ):
        with pytest.raises(NotFound):
            ask(id_)


def test_arguments_are_checked(profile: Any) -> None:
    id_ = profile.add("one")
    with pytest.raises(InvalidArgument):
        profile.store.messages.set_mailboxes(id_, [])
    with pytest.raises(InvalidArgument):
        profile.store.messages.set_keywords(id_, [""])
    with pytest.raises(InvalidArgument):
        profile.add("naive time", received_at=profile.clock().replace(tzinfo=None))
    with pytest.raises(NotFound):
        profile.store.messages.add("a1", "b77", b"", received_at=profile.clock())
    other = profile.store.accounts.add("you@example.org", secret="keychain")
    with pytest.raises(NotFound):
        profile.store.messages.add(other.id, profile.inbox.id, b"", received_at=profile.clock())


def test_mail_that_breaks_its_reader_is_kept(tmp_path: Path, clock: Any) -> None:
    def broken(_: bytes | mmap) -> Summary:
        raise RecursionError

    reader: Callable[[bytes | mmap], Summary] = broken
    with Store.open(tmp_path, clock=clock, summarise=reader) as store:
        account = store.accounts.add("me@example.org", secret="keychain")
        inbox = store.mailboxes.ensure(account.id, "Inbox")
        id_ = store.messages.add(account.id, inbox.id, b"evil", received_at=clock())
        assert store.messages.raw(id_) == b"evil"


def test_a_damaged_message_is_never_passed_off_as_whole(profile: Any, make_letter: Any) -> None:
    big, small = profile.add(make_letter("x" * 400_000)), profile.add("small")
    (path,) = (path for path in (profile.home / "blobs").glob("??/*") if path.is_file())
    whole = path.read_bytes()
    path.write_bytes(whole[:-9] + b"?" + whole[-8:])
    with pytest.raises(StoreError, match="damaged"):
        profile.store.messages.raw(big)
    path.unlink()
    with pytest.raises(StoreError, match="missing"):
        profile.store.messages.raw(big)
    with profile.store._database.write() as db:
        db.execute("UPDATE blobs SET data = x'0102' WHERE encoding = 'zstd'")
        db.execute("UPDATE blobs SET data = x'0102' WHERE encoding = 'plain'")
    with pytest.raises(StoreError, match="damaged"):
        profile.store.messages.raw(small)
