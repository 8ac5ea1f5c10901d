"""Gmail's labels, both ways, against a little Gmail: one message stays one message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hongyan.store import Account, MailboxId, Role, Store
from hongyan.sync.imap import synchronise
from hongyan.sync.imap_tour import Synced
from tests.sync.imap_profile import letter, now
from tests.sync.toy_gmail import ALL, DRAFTS, SPAM, TRASH, Mail, ToyGmail
from tests.sync.toy_imap import Box


class Mine:
    """A profile of a Gmail account, and what the person does with it."""

    def __init__(self, store: Store, server: ToyGmail) -> None:
        self.store = store
        self.server = server
        self.account: Account = store.accounts.add("a@example.test", secret="keychain")

    def sync(self) -> Synced:
        self.server.told.clear()
        conn = self.server.connection()
        synced = self.server.run(synchronise(conn, self.account, self.store, clock=now))
        assert synced.troubles == []
        return synced

    def box(self, path: str) -> MailboxId:
        paths = self.store.imap_mailboxes.paths(self.account.id)
        return next(id_ for id_, each in paths.items() if each == path)

    def where(self) -> dict[str, list[str]]:
        """Where each message is, by subject: twice the same subject is a failure."""
        paths = self.store.imap_mailboxes.paths(self.account.id)
        found: dict[str, tuple[str, list[str]]] = {}
        for id_ in paths:
            for each in self.store.messages.page(id_, limit=1000):
                known = found.setdefault(each.subject, (each.id, []))
                assert known[0] == each.id, f"{each.subject} is here twice"
                known[1].append(paths[id_])
        return {subject: sorted(boxes) for subject, (_, boxes) in found.items()}

    def id(self, subject: str) -> str:
        for id_ in self.store.imap_mailboxes.paths(self.account.id):
            for each in self.store.messages.page(id_, limit=1000):
                if each.subject == subject:
                    return each.id
        raise KeyError(subject)

    def file(self, subject: str, *paths: str) -> None:
        self.store.messages.set_mailboxes(self.id(subject), [self.box(each) for each in paths])


@pytest.fixture(params=[False, True], ids=["labels have mod-sequences", "labels have none"])
def mine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Mine]:
    with Store.open(tmp_path, clock=now) as store:
        server = ToyGmail(quiet=request.param)
        for name in ("Work", "Later"):
            server.boxes[name] = Box()
        mine = Mine(store, server)
        server.deliver(letter("one"), "\\Inbox")
        server.deliver(letter("two"), "\\Inbox", "Work")
        server.deliver(letter("three"))
        yield mine
        assert store.check() == ()


def mail(mine: Mine, subject: str) -> Mail:
    (found,) = [
        each for each in mine.server.mail if f"Subject: {subject}\r".encode() in each.octets
    ]
    return found


def test_a_message_with_two_labels_comes_once(mine: Mine) -> None:
    assert mine.sync().messages == 3
    assert mine.where() == {
        "one": ["Inbox", ALL],
        "two": ["Inbox", "Work", ALL],
        "three": [ALL],
    }
    assert mine.server.fetched == 3
    assert mine.sync().messages == 0
    assert not any("FETCH" in each for each in mine.server.told), "nothing is new"
    assert mine.store.mailboxes.get(mine.box(ALL)).role is Role.ARCHIVE


def test_labels_of_the_server_are_followed(mine: Mine) -> None:
    mine.sync()
    mine.server.label(mail(mine, "two"), remove="\\Inbox")
    mine.server.label(mail(mine, "three"), add="Later")
    mine.server.label(mail(mine, "one"), add="Work", remove="\\Inbox")
    mine.sync()
    assert mine.where() == {"one": ["Work", ALL], "two": ["Work", ALL], "three": ["Later", ALL]}
    assert mine.server.fetched == 3


def test_labels_changed_here_are_told(mine: Mine) -> None:
    mine.sync()
    mine.file("one", "Work", ALL)
    mine.file("two", ALL)
    mine.file("three", "Inbox", "Later", ALL)
    mine.sync()
    assert mail(mine, "one").labels == {"Work"}
    assert mail(mine, "two").labels == set()
    assert mail(mine, "three").labels == {"\\Inbox", "Later"}
    assert mine.sync().told == 0
    assert mine.server.fetched == 3
    assert len(mine.server.mail) == 3


def test_changes_of_both_sides_are_both_carried_out(mine: Mine) -> None:
    mine.sync()
    mine.file("one", "Inbox", "Work", ALL)
    mine.server.label(mail(mine, "one"), add="Later", remove="\\Inbox")
    mine.sync()
    assert mine.where()["one"] == ["Later", "Work", ALL]
    assert mail(mine, "one").labels == {"Later", "Work"}


def test_a_move_by_which_it_leaves_all_mail_too_is_a_label(mine: Mine) -> None:
    """The page moves a message into one mailbox; with a label it is in All Mail all the same."""
    mine.sync()
    mine.file("one", "Work")
    mine.sync()
    assert mail(mine, "one").labels == {"Work"}
    assert mine.where()["one"] == ["Work", ALL]
    assert mine.sync().told == 0


def test_flags_go_both_ways_once(mine: Mine) -> None:
    mine.sync()
    mine.store.messages.patch_keywords(mine.id("two"), add=["$seen"])
    mine.sync()
    assert mail(mine, "two").flags == {"\\Seen"}
    mail(mine, "one").flags.add("\\Flagged")
    mine.server._changed(mail(mine, "one"))
    mine.sync()
    assert mine.store.messages.get(mine.id("one")).keywords == {"$flagged"}
    assert mine.sync().told == 0


def test_into_the_trash_and_back(mine: Mine) -> None:
    mine.sync()
    before = mine.id("two")
    mine.file("two", TRASH)
    mine.sync()
    assert mail(mine, "two").home == TRASH
    assert mine.where()["two"] == [TRASH]
    mine.file("two", "Inbox")
    mine.sync()
    assert mail(mine, "two").home == ALL
    assert "\\Inbox" in mail(mine, "two").labels
    assert "Inbox" in mine.where()["two"]
    assert ALL in mine.where()["two"]
    assert mine.id("two") == before
    assert mine.server.fetched == 3
    assert mine.sync().told == 0


def test_what_is_deleted_for_good_here_goes_into_the_trash_there(mine: Mine) -> None:
    mine.sync()
    mine.store.messages.delete(mine.id("two"))
    mine.sync()
    assert mail(mine, "two").home == TRASH
    assert mine.where()["two"] == [TRASH]
    mine.store.messages.delete(mine.id("two"))
    mine.sync()
    assert len(mine.server.mail) == 2
    assert "two" not in mine.where()
    assert mine.sync().told == 0


def test_into_the_trash_there(mine: Mine) -> None:
    mine.server.deliver(letter("stays"))
    mine.sync()
    before = mine.id("two")
    mine.server.move(mail(mine, "two"), TRASH)
    mine.server.move(mail(mine, "three"), TRASH)
    mine.server.move(mail(mine, "one"), SPAM)
    mine.sync()
    assert mine.where() == {"two": [TRASH], "one": [SPAM], "three": [TRASH], "stays": [ALL]}
    assert mine.id("two") == before
    mine.server.move(mail(mine, "two"), ALL)
    mine.sync()
    assert mine.where()["two"] == ["Inbox", "Work", ALL]
    assert mine.server.fetched == 4


def test_deleted_for_good_there(mine: Mine) -> None:
    mine.sync()
    mine.server.mail.remove(mail(mine, "two"))
    mine.server._changed()
    mine.sync()
    assert mine.where() == {"one": ["Inbox", ALL], "three": [ALL]}


def test_deleted_for_good_there_but_labelled_here_it_is_given_back(mine: Mine) -> None:
    mine.sync()
    octets = mail(mine, "two").octets
    mine.server.mail.remove(mail(mine, "two"))
    mine.server._changed()
    mine.file("two", "Inbox", "Later", ALL)
    mine.sync()
    assert mail(mine, "two").octets == octets
    assert mine.where()["two"] == ["Inbox", "Later", ALL]
    mine.sync()
    assert mail(mine, "two").labels == {"\\Inbox", "Later"}


def test_deleted_here_and_labelled_there_it_comes_back(mine: Mine) -> None:
    mine.sync()
    mine.store.messages.delete(mine.id("three"))
    mine.server.label(mail(mine, "three"), add="Later")
    mine.sync()
    assert mine.where()["three"] == ["Later", ALL]
    assert mail(mine, "three").home == ALL


def test_a_draft_written_here_is_one_message(mine: Mine) -> None:
    mine.sync()
    drafts = mine.box(DRAFTS)
    mine.store.messages.add(
        mine.account.id, drafts, letter("plan"), received_at=now(), keywords=["$draft"]
    )
    mine.sync()
    assert mail(mine, "plan").labels == {"\\Draft"}
    assert mine.where()["plan"] == sorted([DRAFTS, ALL])
    assert mine.sync().told == 0
    assert mine.server.fetched == 3


def test_new_mail_with_labels(mine: Mine) -> None:
    mine.sync()
    mine.server.deliver(letter("four"), "\\Inbox", "Later")
    assert mine.sync().messages == 1
    assert mine.where()["four"] == ["Inbox", "Later", ALL]
    assert mine.sync().messages == 0


def test_a_label_made_renamed_and_deleted_here(mine: Mine) -> None:
    mine.sync()
    new = mine.store.mailboxes.create(mine.account.id, "Plans")
    mine.file("three", "Plans", ALL)
    mine.sync()
    assert mail(mine, "three").labels == {"Plans"}
    mine.store.mailboxes.delete(new.id, with_messages=True)
    mine.sync()
    assert "Plans" not in mine.server.boxes
    assert mail(mine, "three").labels == set()
    assert mine.where()["three"] == [ALL], "no message goes with a label"


def test_a_label_deleted_there(mine: Mine) -> None:
    mine.sync()
    mine.server._delete('"Work"', b"")
    for _ in range(3):  # a mailbox is believed to be gone at the second time
        mine.sync()
    assert mine.where()["two"] == ["Inbox", ALL]
    assert "Work" not in mine.server.boxes
    assert "Work" not in mine.store.imap_mailboxes.paths(mine.account.id).values()


def test_another_uidvalidity_downloads_nothing_again(mine: Mine) -> None:
    mine.sync()
    before = {subject: mine.id(subject) for subject in ("one", "two", "three")}
    for name, box in mine.server.boxes.items():
        letters = list(box.letters.values())
        mine.server.boxes[name] = Box(validity=8)
        mine.server.boxes[name].letters = dict(enumerate(letters[::-1], 1))
        mine.server.boxes[name].next_uid = len(letters) + 1
    mine.sync()
    mine.sync()
    assert {subject: mine.id(subject) for subject in before} == before
    assert mine.where() == {
        "one": ["Inbox", ALL], "two": ["Inbox", "Work", ALL], "three": [ALL],
    }  # fmt: skip
    assert mine.server.fetched == 3
    assert len(mine.server.mail) == 3


def test_a_profile_from_before_labels_becomes_one_with_them(mine: Mine) -> None:
    """An older version took each label for a mailbox, and had a copy in each."""
    offered = mine.server.capabilities
    mine.server.capabilities = tuple(each for each in offered if each != "X-GM-EXT-1")
    mine.sync()
    with pytest.raises(AssertionError, match="twice"):
        mine.where()
    mine.server.capabilities = offered
    mine.sync()
    assert mine.where() == {
        "one": ["Inbox", ALL], "two": ["Inbox", "Work", ALL], "three": [ALL],
    }  # fmt: skip
    assert len(mine.server.mail) == 3
    assert mine.sync().told == 0


def test_all_mail_hidden_and_shown_again(mine: Mine) -> None:
    mine.sync()
    hidden = mine.server.boxes.pop(ALL)
    for _ in range(3):
        mine.sync()
    where = mine.where()
    assert where["one"] == ["Inbox"]
    assert where["two"] == ["Inbox", "Work"]
    mine.server.boxes[ALL] = hidden
    mine.server._changed()
    for _ in range(2):
        mine.sync()
    assert {"one", "two", "three"} <= mine.where().keys()
    assert len(mine.server.mail) == 3
