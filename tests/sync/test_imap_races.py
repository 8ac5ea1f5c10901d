"""What both sides did at once: no letter is lost by it, none is removed that was never looked at."""

from __future__ import annotations

import pytest

from tests.sync.imap_profile import letter
from tests.sync.toy_imap import Box
from tests.sync.toy_profile import Mine

INBOX, WORK, ARCHIVE = "INBOX", "Work", "Archive"


def box(mine: Mine, name: str) -> str:
    return mine.store.mailboxes.find(mine.account.id, name.capitalize()).id


def in_two(mine: Mine) -> str:
    """Let a letter be in the inbox and in Work, on both sides; return its id."""
    mine.server.capabilities += ("UIDPLUS", "MOVE")
    mine.server.extras = ("COPYUID",)
    mine.server.boxes |= {WORK: Box(), ARCHIVE: Box()}
    mine.sync()
    one = mine.ids()["one"]
    mine.store.messages.set_mailboxes(one, [box(mine, INBOX), box(mine, WORK)])
    mine.sync()
    assert there(mine) == here(mine) == {INBOX: ["one", "three", "two"], WORK: ["one"]}
    return one


def there(mine: Mine) -> dict[str, list[str]]:
    """The subjects in every mailbox of the server that has any."""
    return {
        name: sorted(each.octets.split(b"\r\n")[0][9:].decode() for each in box.letters.values())
        for name, box in mine.server.boxes.items()
        if box.letters
    }


def here(mine: Mine) -> dict[str, list[str]]:
    """The subjects in every mailbox of ours that has any."""
    paths = mine.store.imap_mailboxes.paths(mine.account.id)
    found = {
        path: sorted(each.subject for each in mine.store.messages.page(id_, limit=100))
        for id_, path in paths.items()
    }
    return {path.replace("Inbox", INBOX): subjects for path, subjects in found.items() if subjects}


def move_there(mine: Mine, name: str, target: str) -> None:
    """Move the first letter of a mailbox, as another client."""
    letters = mine.server.boxes[name].letters
    mine.server.boxes[target].put(letters.pop(min(letters)).octets)


@pytest.mark.parametrize(("kept", "gone"), [(INBOX, WORK), (WORK, INBOX)])
def test_each_side_takes_another_copy_away(mine: Mine, kept: str, gone: str) -> None:
    """Here it is to be in ``kept`` alone, and there it is to be anywhere but in that."""
    one = in_two(mine)
    mine.store.messages.set_mailboxes(one, [box(mine, kept)])
    del mine.server.boxes[kept].letters[1]
    for _ in range(3):
        mine.sync()
    assert "one" in there(mine)[kept]
    assert "one" not in there(mine).get(gone, [])
    assert here(mine) == there(mine)
    assert mine.ids(kept.capitalize())["one"] == one


@pytest.mark.parametrize("word", ["SELECT", "UID STORE", "UID EXPUNGE"])
@pytest.mark.parametrize(("kept", "gone"), [(INBOX, WORK), (WORK, INBOX)])
def test_each_side_takes_another_copy_away_at_once(
    mine: Mine, kept: str, gone: str, word: str
) -> None:
    """Nobody can see yet what the other does."""
    one = in_two(mine)
    mine.store.messages.set_mailboxes(one, [box(mine, kept)])
    mine.server.meanwhile[word] = lambda: mine.server.boxes[kept].letters.pop(1)
    for _ in range(3):
        mine.sync()
    assert "one" in there(mine)[kept]
    assert here(mine) == there(mine)
    assert mine.ids(kept.capitalize())["one"] == one


@pytest.mark.parametrize(("kept", "gone"), [(INBOX, WORK), (WORK, INBOX)])
def test_a_copy_moves_there_to_where_it_leaves_here(mine: Mine, kept: str, gone: str) -> None:
    one = in_two(mine)
    mine.store.messages.set_mailboxes(one, [box(mine, kept)])
    move_there(mine, kept, gone)
    for _ in range(3):
        mine.sync()
    assert sum(each.count("one") for each in there(mine).values()) == 2
    assert here(mine) == there(mine)


def test_two_copies_move_there_to_one_mailbox(mine: Mine) -> None:
    in_two(mine)
    move_there(mine, INBOX, ARCHIVE)
    move_there(mine, WORK, ARCHIVE)
    for _ in range(3):
        mine.sync()
    assert there(mine)[ARCHIVE] == ["one", "one"]
    assert here(mine) == there(mine)
    del mine.server.boxes[ARCHIVE].letters[1]
    for _ in range(3):
        mine.sync()
    assert here(mine) == there(mine) == {INBOX: ["three", "two"], ARCHIVE: ["one"]}


@pytest.mark.parametrize("left", [0, 1], ids=["all", "all but one"])
def test_the_last_letters_of_a_mailbox_move_there(mine: Mine, left: int) -> None:
    """A mailbox that is suddenly empty is not believed, but what has moved is known at once."""
    mine.server.boxes[ARCHIVE] = Box()
    mine.sync()
    before = mine.ids()
    for _ in range(3 - left):
        move_there(mine, INBOX, ARCHIVE)
    assert mine.sync().messages == 0, "nothing is fetched again"
    for _ in range(2):
        assert mine.sync().messages == 0
        assert mine.ids() | mine.ids(ARCHIVE) == before
        assert here(mine) == there(mine)


@pytest.mark.parametrize("act", ["delete", "move", "mark"])
def test_a_mailbox_is_another_by_the_time_it_is_told(mine: Mine, act: str) -> None:
    """Its UIDs are those of letters that were never looked at."""
    in_two(mine)
    ids, messages = mine.ids(), mine.store.messages
    back = {"delete": [], "move": [], "mark": ["two"]}[act]  # what was changed here is put back
    if act == "delete":
        messages.delete(ids["two"])
    elif act == "move":
        messages.move(ids["two"], box(mine, ARCHIVE))
    else:
        messages.patch_keywords(ids["two"], add=["$flagged"])

    def other() -> None:
        new = mine.server.boxes[INBOX] = Box(validity=8)
        for name in ("four", "five", "six"):
            new.put(letter(name))

    mine.server.meanwhile["SELECT"] = lambda: mine.server.meanwhile.update(SELECT=other)
    mine.sync()
    assert there(mine)[INBOX] == ["five", "four", "six"]
    assert not any(each.flags for each in mine.server.boxes[INBOX].letters.values())
    for _ in range(3):
        mine.sync()
    assert here(mine) == there(mine)
    assert there(mine)[INBOX] == ["five", "four", "six", *back]
    assert any("two" in each for each in there(mine).values()) is (act != "delete")


@pytest.mark.parametrize("act", ["nothing", "delete", "move"])
def test_another_mailbox_of_the_same_uidvalidity_takes_the_name(mine: Mine, act: str) -> None:
    """As on Cyrus, where those made in the same second have the same: the OBJECTID tells them apart."""
    boxes = mine.server.boxes
    mine.server.capabilities += ("UIDPLUS", "MOVE", "OBJECTID")
    mine.server.email_ids |= {letter(name): f"M{name}" for name in ("a", "b", "c", "d")}
    mine.server.email_ids |= {each.octets: "I" for each in boxes[INBOX].letters.values()}
    boxes |= {WORK: Box(object_id="W"), ARCHIVE: Box(object_id="A")}
    for name, names in ((WORK, "ab"), (ARCHIVE, "cd")):
        for each in names:
            boxes[name].put(letter(each))
    mine.sync()
    ids = mine.ids(WORK) | mine.ids(ARCHIVE)
    if act == "delete":
        mine.store.messages.delete(ids["a"])
    elif act == "move":
        mine.store.messages.move(ids["a"], box(mine, INBOX))
    boxes[WORK] = boxes.pop(ARCHIVE)
    for _ in range(3):
        mine.sync()
    assert there(mine)[WORK] == ["c", "d"]
    assert here(mine) == there(mine)
    assert {name: id_ for name, id_ in ids.items() if name in "cd"} == mine.ids(WORK)
