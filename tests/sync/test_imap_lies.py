"""Old servers and lying ones: nothing goes from here because of them, and nothing comes twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hongyan.errors import ConnectionLost, ProtocolError, Refused
from hongyan.store import Store
from tests.sync.imap_profile import letter, now
from tests.sync.toy_imap import Box, ToyImap
from tests.sync.toy_profile import Mine

DATE = datetime(2026, 3, 2, 10, tzinfo=UTC)  # that of all letters on the toy server


def test_an_old_server(mine: Mine) -> None:
    assert mine.sync().messages == 3
    before = mine.ids()
    assert mine.sync().messages == 0
    mine.store.messages.patch_keywords(before["one"], add=["$seen"])
    mine.sync()
    assert mine.server.boxes["INBOX"].letters[1].flags == {"\\Seen"}
    assert mine.ids() == before


@pytest.mark.parametrize("plus", [(), ("UIDPLUS",)], ids=["without UIDPLUS", "without COPYUID"])
def test_a_move_without_being_told_where_to(mine: Mine, plus: tuple[str, ...]) -> None:
    mine.server.capabilities += plus
    mine.server.boxes["Archive"] = Box()
    mine.sync()
    before = mine.ids()
    archive = mine.store.mailboxes.find(mine.account.id, "Archive")
    mine.store.messages.move(before["one"], archive.id)
    synced = mine.sync()
    assert mine.ids("Archive") == {"one": before["one"]}
    if plus:
        assert [each.octets for each in mine.server.boxes["Archive"].letters.values()] == [
            letter("one")
        ]
        assert set(mine.server.boxes["INBOX"].letters) == {2, 3}
        assert mine.sync().told == 0
    else:
        assert any("cannot move" in each for each in synced.troubles)
        assert len(mine.server.boxes["INBOX"].letters) == 3, "others' marks are left alone"


def test_a_mailbox_made_here_is_made_there_with_what_is_in_it(mine: Mine) -> None:
    mine.sync()
    plans = mine.store.mailboxes.create(mine.account.id, "Plans")
    mine.store.messages.add(mine.account.id, plans.id, letter("mine"), received_at=DATE)
    mine.sync()
    assert [each.octets for each in mine.server.boxes["Plans"].letters.values()] == [letter("mine")]
    mine.sync()
    assert len(mine.ids("Plans")) == len(mine.server.boxes["Plans"].letters) == 1


def test_an_appended_message_is_found_again(mine: Mine) -> None:
    mine.sync()
    inbox = mine.store.mailboxes.find(mine.account.id, "Inbox")
    mine.store.messages.add(mine.account.id, inbox.id, letter("mine"), received_at=DATE)
    mine.sync()
    assert len(mine.server.boxes["INBOX"].letters) == 4
    assert mine.sync().messages == 0
    assert len(mine.ids()) == 4
    assert len(mine.server.boxes["INBOX"].letters) == 4


def test_an_append_whose_date_is_ignored_is_not_made_again(mine: Mine) -> None:
    mine.server.dates = False
    mine.sync()
    inbox = mine.store.mailboxes.find(mine.account.id, "Inbox")
    mine.store.messages.add(mine.account.id, inbox.id, letter("mine"), received_at=now())
    for _ in range(3):
        mine.sync()
        assert len(mine.server.boxes["INBOX"].letters) == len(mine.ids()) == 4


def test_no_uid_validity_deletes_nothing_and_fetches_nothing_twice(mine: Mine) -> None:
    mine.sync()
    before = mine.ids()
    mine.server.boxes["INBOX"].validity = 0
    del mine.server.boxes["INBOX"].letters[2]
    for _ in range(4):
        assert mine.sync().messages == 0
        assert mine.ids() == before


def test_another_uid_validity_lets_go_at_the_second_visit(mine: Mine) -> None:
    mine.sync()
    before = mine.ids()
    box = mine.server.boxes["INBOX"] = Box(validity=8)
    for subject in ("three", "one"):
        box.put(letter(subject))
    assert mine.sync().messages == 0
    assert mine.ids() == before
    mine.sync()
    assert mine.ids() == {subject: before[subject] for subject in ("one", "three")}


def test_a_list_that_is_too_short_is_not_believed(mine: Mine) -> None:
    mine.sync()
    before = mine.ids()
    mine.server.hidden = {2}
    for _ in range(4):
        mine.sync()
        assert mine.ids() == before


def test_one_message_that_cannot_be_read_keeps_back_no_other(mine: Mine) -> None:
    mine.server.refused = {2}
    synced = mine.sync()
    assert set(mine.ids()) == {"one", "three"}
    assert len(synced.troubles) == 1
    mine.server.refused = set()
    assert mine.sync().messages == 1
    assert set(mine.ids()) == {"one", "two", "three"}


def test_two_bodies_for_one_uid_and_answers_not_asked_for(mine: Mine) -> None:
    mine.server.twice = mine.server.strays = True
    assert mine.sync().messages == 3
    assert set(mine.ids()) == {"one", "two", "three"}
    assert mine.sync().messages == 0


def test_an_empty_list_of_mailboxes_is_believed_the_second_time(mine: Mine) -> None:
    mine.sync()
    before = mine.ids()
    mine.server.no_lists = True
    mine.sync()
    assert mine.ids() == before
    mine.server.no_lists = False
    assert mine.sync().messages == 0, "what comes back is recognised"
    assert mine.ids() == before


def test_a_removal_waits_where_the_server_could_remove_others_too(mine: Mine) -> None:
    mine.sync()
    mine.store.messages.delete(mine.ids()["one"])
    synced = mine.sync()
    assert len(mine.server.boxes["INBOX"].letters) == 3
    assert any("without removing others" in each for each in synced.troubles)
    mine.server.capabilities += ("UIDPLUS",)
    mine.sync()
    assert set(mine.server.boxes["INBOX"].letters) == {2, 3}
    assert set(mine.ids()) == {"two", "three"}


def test_bad_to_everything_ends_the_visit_and_nothing_else(
    mine: Mine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine.sync()
    before = mine.ids()
    monkeypatch.setattr(
        ToyImap, "_do", lambda self, line, _: self._say(f"{line.split()[0]} BAD no")
    )
    with pytest.raises((Refused, ProtocolError)):
        mine.sync()
    assert mine.ids() == before


@pytest.mark.parametrize(("gone", "kept"), [("INBOX", "Work"), ("Work", "INBOX")])
def test_a_copy_deleted_there_is_not_brought_back_by_a_flag_set_there(
    mine: Mine, gone: str, kept: str
) -> None:
    mine.server.boxes["Work"] = Box()
    mine.sync()
    inbox, work = (
        mine.store.mailboxes.find(mine.account.id, name).id for name in ("Inbox", "Work")
    )
    mine.store.messages.set_mailboxes(mine.ids()["one"], [inbox, work])
    mine.sync()
    mine.server.boxes["Work"].put(letter("other"))
    del mine.server.boxes[gone].letters[1]
    mine.server.boxes[kept].letters[1].flags.add("\\Seen")
    for _ in range(3):
        mine.sync()
    assert 1 not in mine.server.boxes[gone].letters
    subjects = {name: set(mine.ids(name.capitalize())) for name in ("INBOX", "Work")}
    assert "one" not in subjects[gone]
    assert "one" in subjects[kept]


def test_another_uidvalidity_where_messages_have_ids_of_their_own(mine: Mine) -> None:
    """Without Message-ID they look alike: EMAILID tells which is which (RFC 8474)."""
    inbox = mine.server.boxes["INBOX"] = Box()
    mine.server.capabilities += ("OBJECTID",)
    for number in range(3):
        octets = b"Subject: alike %d\r\n\r\n" % number
        mine.server.email_ids[octets] = f"M{number}"
        inbox.put(octets)
    mine.sync()
    before = mine.ids()
    assert len(before) == 3
    letters = list(inbox.letters.values())
    mine.server.boxes["INBOX"] = Box(8, 4, dict(enumerate(reversed(letters), 1)))
    assert mine.sync().messages == 0
    assert not any("BODY.PEEK[]" in each for each in mine.server.told), "nothing is fetched again"
    assert mine.ids() == before


def test_what_came_into_a_mailbox_that_was_deleted_here_brings_it_back(mine: Mine) -> None:
    """It had been seen by a visit that broke off before it was known which message it is."""
    inbox, old = mine.server.boxes["INBOX"], Box()
    mine.server.boxes["Old"] = old
    mine.sync()
    old.put(inbox.letters.pop(1).octets)
    mine.server.breaks_at = "MESSAGE-ID"
    with pytest.raises(ConnectionLost):
        mine.sync()
    mine.server.breaks_at = ""
    mine.store.mailboxes.delete(mine.store.mailboxes.find(mine.account.id, "Old").id)
    for _ in range(3):
        mine.sync()
    assert list(mine.ids("Old")) == ["one"]
    assert set(mine.ids()) == {"two", "three"}
    assert [each.octets for each in mine.server.boxes["Old"].letters.values()] == [letter("one")]


def test_a_mailbox_deleted_here_comes_back_with_what_was_marked_there_meanwhile(mine: Mine) -> None:
    old = mine.server.boxes["Old"] = Box()
    old.put(letter("kept"))
    old.put(letter("gone"))
    mine.server.capabilities += ("UIDPLUS",)
    mine.sync()
    box = mine.store.mailboxes.find(mine.account.id, "Old")
    mine.store.mailboxes.delete(box.id, with_messages=True)
    old.letters[1].flags = {"\\Flagged"}
    for _ in range(3):
        mine.sync()
    assert list(mine.ids("Old")) == ["kept"]
    assert [each.octets for each in mine.server.boxes["Old"].letters.values()] == [letter("kept")]


def test_what_the_server_will_not_have_keeps_back_no_other(mine: Mine) -> None:
    mine.server.capabilities += ("MULTIAPPEND", "UIDPLUS")
    mine.sync()
    inbox = mine.store.mailboxes.find(mine.account.id, "Inbox")
    for subject in ("first", "too big", "last"):
        octets = letter(subject, "x" * 5000 if subject == "too big" else "x")
        mine.store.messages.add(mine.account.id, inbox.id, octets, received_at=now())
    mine.server.largest = 4000
    synced = mine.sync()
    assert len(synced.troubles) == 1
    there = [each.octets for each in mine.server.boxes["INBOX"].letters.values()]
    assert letter("first", "x") in there
    assert letter("last", "x") in there
    assert len(there) == 5
    mine.server.largest = 10_000
    assert mine.sync().troubles == []
    assert sum("APPEND" in each for each in mine.server.told) == 1
    assert len(mine.server.boxes["INBOX"].letters) == 6
    assert mine.sync().told == 0


def test_what_is_damaged_here_leaves_not_and_keeps_back_no_other(mine: Mine) -> None:
    mine.server.capabilities += ("MULTIAPPEND",)
    mine.sync()
    inbox = mine.store.mailboxes.find(mine.account.id, "Inbox")
    for subject in ("damaged", "whole"):
        mine.store.messages.add(mine.account.id, inbox.id, letter(subject), received_at=now())
    damage(mine.store, mine.ids()["damaged"])
    mine.server.boxes["INBOX"].put(letter("four"))
    synced = mine.sync()
    assert synced.messages == 1
    assert ["damaged" in each for each in synced.troubles] == [True]
    there = [each.octets for each in mine.server.boxes["INBOX"].letters.values()]
    assert there == [letter(each) for each in ("one", "two", "three", "four", "whole")]
    assert set(mine.ids()) == {"one", "two", "three", "four", "whole", "damaged"}
    mine.store.messages.delete(mine.ids()["damaged"])
    assert mine.sync().troubles == []


def damage(store: Store, message: str) -> None:
    """Change stored octets, not their number: a disk that errs."""
    with store._database.write() as db:
        db.execute(
            "UPDATE blobs SET encoding = 'plain', data = zeroblob(size) "
            "WHERE id = (SELECT blob FROM messages WHERE id = ?)",
            (int(message[1:]),),
        )


def test_a_mailbox_deleted_here_and_one_made_of_the_same_name(mine: Mine) -> None:
    old = mine.server.boxes["Work"] = Box()
    old.put(letter("old"))
    mine.server.capabilities += ("UIDPLUS", "MULTIAPPEND")
    mine.sync()
    box = mine.store.mailboxes.find(mine.account.id, "Work")
    mine.store.mailboxes.delete(box.id, with_messages=True)
    new = mine.store.mailboxes.create(mine.account.id, "Work")
    mine.store.messages.add(mine.account.id, new.id, letter("new"), received_at=now())
    for _ in range(3):
        assert mine.sync().troubles == []
    there = [each.octets for each in mine.server.boxes["Work"].letters.values()]
    assert there == [letter("new")]
    assert list(mine.ids("Work")) == ["new"]
    assert mine.store.mailboxes.find(mine.account.id, "Work").id == new.id


def test_a_mailbox_that_the_server_will_not_delete_comes_back(mine: Mine) -> None:
    mine.server.boxes["Fixed"] = Box()
    mine.server.fixed = "Fixed"
    mine.sync()
    mine.store.mailboxes.delete(mine.store.mailboxes.find(mine.account.id, "Fixed").id)
    mine.server.boxes["INBOX"].put(letter("four"))
    synced = mine.sync()
    assert synced.messages == 1, "the visit goes on"
    assert synced.troubles == ["Fixed: it stays"]
    mine.sync()
    assert mine.ids("Fixed") == {}
    assert "Fixed" in mine.server.boxes


def test_what_was_moved_into_a_mailbox_that_cannot_be_made_stays_where_it_was(mine: Mine) -> None:
    mine.server.capabilities += ("UIDPLUS", "MOVE")
    mine.sync()
    before = mine.ids()
    new = mine.store.mailboxes.create(mine.account.id, "New")
    mine.store.messages.move(before["one"], new.id)
    mine.server.no_more_boxes = True
    for _ in range(2):
        assert mine.sync().troubles == ["New: no more"]
    assert len(mine.server.boxes["INBOX"].letters) == 3
    mine.server.no_more_boxes = False
    mine.sync()
    assert [each.octets for each in mine.server.boxes["New"].letters.values()] == [letter("one")]
    assert len(mine.server.boxes["INBOX"].letters) == 2
    assert mine.ids("New") == {"one": before["one"]}
