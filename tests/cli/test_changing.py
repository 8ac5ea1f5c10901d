"""mark, label, move, archive, delete and undo: what is found, what is changed, what is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.command import DEAD, Hongyan

if TYPE_CHECKING:
    from collections.abc import Collection


def letter(sender: str, subject: str) -> bytes:
    return f"From: {sender}@x.org\r\nSubject: {subject}\r\n\r\nhi\r\n".encode()


@pytest.fixture
def full(anna: Hongyan) -> Hongyan:
    """Anna with m1 and m2 from Bo, and m3 from Eve."""
    anna.receive(letter("bo", "one"), letter("bo", "two"), letter("eve", "three"))
    return anna


def keywords(user: Hongyan) -> dict[str, Collection[str]]:
    return {each["id"]: each["keywords"].keys() for each in user.json("search", "hi")}


def lying(user: Hongyan, mailbox: str) -> list[str]:
    return sorted(each["id"] for each in user.json("list", mailbox))


def mailboxes(user: Hongyan) -> set[str]:
    with user.app() as app:
        account = app.accounts.choose(None)
        return {box.name for box in app.store.mailboxes.list(account.id)}


def test_marks_by_query_and_by_id(full: Hongyan) -> None:
    told = full.ok("mark", "read", "from:bo")
    assert told == "Marked as read: 2 messages. 'hongyan undo' takes it back.\n"
    assert keywords(full) == {"m1": {"$seen"}, "m2": {"$seen"}, "m3": set()}
    assert "1 message; 1 stays as it is" in full.ok("mark", "unread", "m1", "m3")
    full.ok("mark", "flagged", "m3")
    full.ok("label", "Later", "-from:bo")
    assert keywords(full) == {"m1": set(), "m2": {"$seen"}, "m3": {"$flagged", "later"}}
    full.ok("label", "later", "--remove", "label:later")
    full.ok("mark", "unflagged", "is:flagged")
    assert keywords(full)["m3"] == set()
    assert full.ok("mark", "read", "from:nobody") == "Nothing found.\n"


def test_moves_archives_and_deletes(full: Hongyan) -> None:
    assert "Moved to Friends: 2 messages." in full.ok("move", "Friends", "from:bo", "--create")
    assert lying(full, "friends") == ["m1", "m2"]
    told = full.ok("archive", "hi")
    assert "Archived: 1 message; 2 stay as they are." in told, "what is not in the inbox stays"
    assert (lying(full, "archive"), lying(full, "inbox")) == (["m3"], [])
    assert "Moved to the trash: 1 message." in full.ok("delete", "m1")
    assert lying(full, "trash") == ["m1"]
    full.ok("move", "inbox", "m1", "m2", "m3")
    assert lying(full, "inbox") == ["m1", "m2", "m3"]


def test_a_dry_run_shows_and_changes_nothing(full: Hongyan) -> None:
    full.ok("mark", "read", "m3")
    shown = full.ok("mark", "read", "hi", "--dry-run").splitlines()
    assert [line.split("\t")[0] for line in shown[:2]] == ["m1", "m2"]
    assert shown[2:] == ["Would be marked as read: 2 messages; 1 stays as it is."]
    before = mailboxes(full)
    full.ok("archive", "hi", "--dry-run")
    full.ok("delete", "hi", "--dry-run")
    assert "Would be moved to memos: 3 messages." in full.ok("move", "memos", "hi", "--dry-run")
    assert len(full.ok("delete", "hi", "--for-ever", "--dry-run").splitlines()) == 4
    assert keywords(full) == {"m1": set(), "m2": set(), "m3": {"$seen"}}
    assert lying(full, "inbox") == ["m1", "m2", "m3"]
    assert mailboxes(full) == before, "no mailbox was made"
    assert len(full.json("undo", "--list")) == 1


def test_deleting_for_ever_asks_first(full: Hongyan) -> None:
    refused = full("delete", "from:bo", "--for-ever", stdin="n\n")
    assert refused.code == 130
    assert "Delete 2 messages for ever, here and on the server?" in refused.err
    assert [line.split("\t")[0] for line in refused.lines] == ["m1", "m2"]
    assert full("delete", "from:bo", "--for-ever").code == 130, "nobody is there to answer"
    assert lying(full, "inbox") == ["m1", "m2", "m3"]
    told = full.ok("delete", "from:bo", "--for-ever", stdin="y\n")
    assert told.endswith("Deleted for ever: 2 messages.\n")
    full.ok("delete", "m3", "--for-ever", "--yes")
    assert lying(full, "inbox") == []
    full.fails(65, "show", "m3")


def test_undo_takes_back_the_last_change_and_then_the_one_before(full: Hongyan) -> None:
    before = mailboxes(full)
    full.ok("mark", "read", "from:bo")
    full.ok("move", "memos", "hi")
    assert mailboxes(full) - before == {"Memos"}
    assert full.ok("undo") == "Taken back (moved to memos): 3 messages.\n"
    assert lying(full, "inbox") == ["m1", "m2", "m3"]
    assert mailboxes(full) == before
    full.ok("mark", "read", "hi")
    assert [each["done"] for each in full.json("undo", "--list")] == ["marked as read"] * 2
    assert full.json("undo") == {"id": "u3", "done": "marked as read", "undone": 1}
    assert keywords(full) == {"m1": {"$seen"}, "m2": {"$seen"}, "m3": set()}
    full.ok("undo", "u1")
    assert keywords(full) == {"m1": set(), "m2": set(), "m3": set()}
    assert "nothing that could be undone" in full.fails(65, "undo")
    assert "no change 'u1'" in full.fails(65, "undo", "u1")


def test_undo_of_rules_and_of_changes_by_hand_do_not_mix(full: Hongyan) -> None:
    full.ok("rule", "add", "Bo", "from:bo", "--flag")
    full.ok("rule", "apply", "r1")
    full.ok("mark", "read", "m3")
    full.ok("rule", "undo")
    assert keywords(full) == {"m1": set(), "m2": set(), "m3": {"$seen"}}
    full.fails(65, "rule", "undo")
    full.ok("rule", "apply", "r1")
    assert "\trule Bo\t" in full.ok("undo", "--list")
    assert "(Bo): 2 messages" in full.ok("undo")


def test_only_the_last_changes_by_hand_are_kept(full: Hongyan) -> None:
    full.ok("rule", "add", "Bo", "from:bo", "--flag")
    full.ok("rule", "apply", "r1")
    with full.app() as app:
        for number in range(30):
            app.store.rules.note(str(number), {}, by_hand=True)
        runs = app.store.rules.runs()
    assert [run.name for run in runs if run.by_hand] == [str(n) for n in range(29, 9, -1)]
    assert [run.name for run in runs if not run.by_hand] == ["Bo"]


def test_as_objects(full: Hongyan) -> None:
    done = {"done": "moved to the trash", "matched": 2, "changed": ["m1", "m2"]}
    assert full.json("delete", "from:bo", "--dry-run") == {**done, "dryRun": True, "undo": None}
    assert full.json("delete", "from:bo") == {**done, "dryRun": False, "undo": "u1"}
    again = full.json("delete", "from:bo")
    assert (again["matched"], again["changed"], again["undo"]) == (2, [], None)
    gone = full.json("delete", "m1", "--for-ever", "--yes")
    assert (gone["done"], gone["changed"], gone["undo"]) == ("deleted for ever", ["m1"], None)


def test_only_an_accounts_mail(full: Hongyan) -> None:
    full.add_account("other@here.example", smtp=DEAD)
    assert full.ok("mark", "read", "hi", "--account", "other@here.example") == "Nothing found.\n"
    told = full.ok("mark", "read", "m1", "m3", "--account", "anna@here.example")
    assert "2 messages" in told
    assert "there is no mailbox 'Frends'" in full.fails(65, "move", "Frends", "m1")
    full.fails(65, "mark", "read", "hi", "--account", "nobody@here.example")


@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        (64, ("mark", "raed", "m1"), "raed"),
        (64, ("mark", "read"), "QUERY"),
        (64, ("mark", "read", "--dryrun", "hi"), "--dryrun"),
        (64, ("mark", "read", "("), "character"),
        (64, ("label", "$seen", "m1"), "hongyan mark"),
        (65, ("mark", "read", "m1", "m9"), "no message 'm9'"),
        (65, ("move", "Nowhere", "m1"), "there is no mailbox 'Nowhere'; there are: Inbox"),
        (64, ("mark", "read", "in:inbocks"), "there is no mailbox 'inbocks'; there are: inbox"),
    ],
)
def test_what_cannot_be(full: Hongyan, code: int, words: tuple[str, ...], told: str) -> None:
    assert told in full.fails(code, *words)
    assert keywords(full) == {"m1": set(), "m2": set(), "m3": set()}


def test_a_failure_changes_nothing(full: Hongyan) -> None:
    full.add_account("other@here.example", smtp=DEAD)
    with full.app() as app:
        other = app.store.accounts.list()[1]
        box = app.store.mailboxes.ensure(other.id, "Only there")
    full.fails(65, "move", "Only there", "hi")
    assert lying(full, "inbox") == ["m1", "m2", "m3"]
    full.fails(65, "move", box.id, "m1")


def test_names_of_mailboxes(full: Hongyan) -> None:
    with full.app() as app:
        account = app.accounts.choose(None)
        lists = app.store.mailboxes.ensure(account.id, "Lists")
        app.store.mailboxes.ensure(account.id, "python", parent_id=lists.id)
        work = app.store.mailboxes.ensure(account.id, "Work")
        app.store.mailboxes.ensure(account.id, "python", parent_id=work.id)
    assert "means several" in full.fails(64, "move", "python", "m1")
    full.ok("move", "lists/Python", "m1")
    assert lying(full, "Lists/python") == ["m1"]
    full.ok("move", work.id, "m1")
    assert lying(full, "work") == ["m1"]


@pytest.mark.parametrize("command", ["search", "export"])
def test_a_place_that_is_not_there_is_told_with_the_nearest(full: Hongyan, command: str) -> None:
    told = full.fails(64, command, "hi in:Inbx")
    assert "at character 4: there is no mailbox 'Inbx'; there are: inbox" in told
    told = full.fails(64, command, "account:ana@here.example")
    assert "there is no account 'ana@here.example'; there are: anna@here.example" in told
    full.ok("search", "in:trash")
    full.ok("search", "label:anything")
