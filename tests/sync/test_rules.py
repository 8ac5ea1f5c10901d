"""Rules: what they match, what they do on arrival and over history, and that undoing undoes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from hongyan.errors import InvalidArgument, NotFound, StoreError
from hongyan.mime import parse
from hongyan.store import Role, State
from hongyan.store.database import fetch
from hongyan.store.rule import Action, Do, Rule
from hongyan.sync import arrivals
from hongyan.sync.rules import Ruling
from tests.sync.profile import ADDRESS, Profile

if TYPE_CHECKING:
    from pathlib import Path

    import apsw

# What goes on although a run was undone, column by column, and why. All else is as before.
ONWARD = {
    # The change counter, and the last place of each object in its log: whoever asked for changes
    # between (RFC 8620 §5.2) learns from them that the messages are again as they were.
    ("accounts", "state"), ("changes", "changed"), ("changes", "at"),
    # The number of the last run: no later one has the id of one that was undone.
    ("sqlite_sequence", "name"), ("sqlite_sequence", "seq"),
}  # fmt: skip
Cell: TypeAlias = tuple[str, tuple[object, ...], str, object]


def letter(number: int, sender: str = "ann@example.org") -> bytes:
    return (
        f"From: {sender}\r\nSubject: letter {number}\r\nMessage-ID: <{number}@example.org>\r\n\r\n"
        f"text {number}\r\n"
    ).encode()


def arrive(profile: Profile, *letters: bytes) -> list[str]:
    box = profile.store.mailboxes.ensure(profile.account.id, Role.INBOX)
    with profile.store.transaction():
        return [
            profile.store.messages.add(
                profile.account.id, box.id, each, received_at=profile.now, uidl=each.hex()
            )
            for each in letters
        ]


def ruling(profile: Profile) -> Ruling:
    return Ruling(profile.store, clock=profile.clock)


def look(profile: Profile) -> list[str]:
    """Let the rules see what has arrived; return what went wrong with them."""
    errands: list[Any] = []
    troubles: list[str] = []
    rules = Ruling(profile.store, clock=profile.clock, tell=troubles.append)
    arrivals.look_through(
        profile.store,
        profile.account.id,
        [lambda given: errands.extend(rules.arrived(profile.account.id, given))],
    )
    rules.run(errands)
    return troubles


def cells(profile: Profile) -> set[Cell]:
    """Everything that the database holds, the tables of its search index and its own included.

    Table, key of the row (its first column, where the table has none), column, value.
    """
    found: set[Cell] = set()
    with profile.store._database.read() as db:
        for (name,) in fetch(db, "SELECT name FROM sqlite_schema WHERE type = 'table'"):
            columns = _columns(db, name)
            for row in fetch(db, f"SELECT * FROM {name}"):
                values = dict(zip(columns, row, strict=True))
                key = tuple(values[each] for each, is_key in columns.items() if is_key) or row[:1]
                found.update((name, key, column, value) for column, value in values.items())
    return found


def _columns(db: apsw.Connection, table: str) -> dict[str, bool]:
    """The columns of a table, and which are of its key."""
    rows = fetch(db, "SELECT name, pk FROM pragma_table_info(?)", (table,))
    return {name: bool(place) for name, place in rows}


def moved(before: set[Cell], after: set[Cell]) -> set[tuple[str, str]]:
    """The tables and columns with a value that was not there, or is no more."""
    return {(table, column) for table, _, column, _ in before ^ after}


def box(profile: Profile, name: str) -> str:
    return profile.store.mailboxes.ensure(profile.account.id, name).id


@pytest.mark.parametrize("count", [10_000])
def test_a_rule_over_history_is_shown_done_and_undone(profile: Profile, count: int) -> None:
    """Show 6: afterwards the store is as before, byte for byte in its rows; but for `ONWARD`."""
    ids = arrive(profile, *(letter(n, f"{'bo' if n % 2 else 'ann'}@x.org") for n in range(count)))
    target, old = box(profile, "Ann's"), box(profile, "Old")
    with profile.store.transaction():
        for each in ids[1::10]:
            profile.store.messages.patch_keywords(each, add=["$seen", "mine"])
        for each in ids[::7]:
            profile.store.messages.set_mailboxes(each, [old])
    actions = (
        Action(Do.MOVE, target), Action(Do.MARK, "From-Ann"), Action(Do.UNMARK, "mine"),
        Action(Do.MARK, "$flagged"), Action(Do.MARK, "$seen"),
    )  # fmt: skip
    rule = Rule(name="Ann", query="from:ann", actions=actions)
    before = cells(profile)
    profile.wait(hours=1)
    shown = ruling(profile).preview(rule)
    assert (shown.matched, shown.changing, len(shown.effects)) == (count // 2, count // 2, 100)
    assert cells(profile) == before, "a preview changes nothing"
    applied = ruling(profile).apply(rule)
    assert (applied.changed, applied.matched) == (count // 2, count // 2)
    assert profile.store.mailboxes.get(target).total == count // 2
    assert profile.store.search.count("label:from-ann is:flagged is:read") == count // 2
    assert ruling(profile).preview(rule).effects == (), "done once, there is nothing left to do"
    assert ruling(profile).undo(applied.run) == count // 2
    after = cells(profile)
    assert moved(before, after) == ONWARD
    counters = {each for each in after ^ before if each[0] == "sqlite_sequence"}
    assert {key for _, key, *_ in counters} == {("rule_runs",)}
    assert profile.store.check() == ()
    with pytest.raises(NotFound):
        ruling(profile).undo(applied.run)


def test_a_trash_that_was_made_for_a_run_goes_with_it(profile: Profile) -> None:
    arrive(profile, letter(1), letter(2))
    before = cells(profile)
    profile.wait(hours=1)
    rule = Rule(name="x", query="letter", actions=(Action(Do.TRASH),))
    run = ruling(profile).apply(rule).run
    trash = profile.store.mailboxes.find(profile.account.id, Role.TRASH)
    assert trash.total == 2
    ruling(profile).undo(run)
    after = cells(profile)
    logged = "changes", (1, "b", int(trash.id[1:]))  # that it was, and is no more
    assert (*logged, "destroyed", 1) in after
    assert moved(before, {each for each in after if each[:2] != logged}) == ONWARD
    assert profile.store.check() == ()


def test_a_mailbox_that_became_the_trash_for_a_run_is_none_afterwards(profile: Profile) -> None:
    arrive(profile, letter(1))
    named = box(profile, "Trash")
    before = cells(profile)
    profile.wait(hours=1)
    applied = ruling(profile).apply(Rule(name="x", query="letter", actions=(Action(Do.TRASH),)))
    assert profile.store.mailboxes.get(named).role is Role.TRASH
    ruling(profile).undo(applied.run)
    assert moved(before, cells(profile)) == ONWARD


@pytest.mark.parametrize("why", ["has mail", "has a mailbox below it", "is the server's too"])
def test_a_trash_that_is_in_use_stays(profile: Profile, why: str) -> None:
    arrived = arrive(profile, letter(1), letter(2))
    rule = Rule(name="x", query="from:ann", actions=(Action(Do.TRASH),))
    run = ruling(profile).apply(rule).run
    trash = profile.store.mailboxes.find(profile.account.id, Role.TRASH)
    if why == "has mail":
        (third,) = arrive(profile, letter(3))
        profile.store.messages.move(third, trash.id)
    elif why == "has a mailbox below it":
        profile.store.mailboxes.create(profile.account.id, "old", parent_id=trash.id)
    else:
        profile.store.imap_mailboxes.pair(trash.id, wire=b"Trash", delimiter="/")
    ruling(profile).undo(run)
    assert profile.store.mailboxes.find(profile.account.id, Role.TRASH).id == trash.id
    assert all(trash.id not in profile.store.messages.get(id_).mailbox_ids for id_ in arrived)


def test_a_failure_in_the_middle_changes_nothing(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(profile, letter(1), letter(2))
    before = cells(profile)

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(profile.store.rules, "note", full)
    with pytest.raises(StoreError):
        ruling(profile).apply(Rule(name="x", query="letter", actions=(Action(Do.TRASH),)))
    assert cells(profile) == before


def test_undoing_leaves_alone_what_the_person_has_changed_since(profile: Profile) -> None:
    first, second, third = arrive(profile, letter(1), letter(2), letter(3))
    inbox = profile.store.mailboxes.ensure(profile.account.id, Role.INBOX).id
    target, other = box(profile, "There"), box(profile, "Elsewhere")
    rule = Rule(name="x", query="letter", actions=(Action(Do.MOVE, target), Action(Do.MARK, "a")))
    applied = ruling(profile).apply(rule)
    profile.store.messages.patch_keywords(first, add=["$seen"])
    profile.store.messages.move(second, other)
    profile.store.messages.delete(third)
    ruling(profile).undo(applied.run)
    assert profile.store.messages.get(first).keywords == {"$seen"}
    assert profile.store.messages.get(first).mailbox_ids == {inbox}
    assert profile.store.messages.get(second).mailbox_ids == {inbox, other}


def test_rules_on_arrival_in_their_order(profile: Profile) -> None:
    rules, target = profile.store.rules, box(profile, "There")
    first = rules.add(
        Rule(name="1", query="from:ann", actions=(Action(Do.MARK, "one"),), stop=True)
    )
    rules.add(Rule(name="2", query="letter", actions=(Action(Do.MARK, "two"),)))
    rules.add(Rule(name="3", query="label:two", actions=(Action(Do.COPY, target),)))
    rules.add(Rule(name="4", query="letter", actions=(Action(Do.MARK, "no"),), is_enabled=False))
    rules.add(Rule(name="5", query="letter", actions=(Action(Do.TRASH),), account_ids=("a99",)))
    ann, bo = arrive(profile, letter(1), letter(2, "bo@x.org"))
    look(profile)
    look(profile)
    assert profile.store.messages.get(ann).keywords == {"one"}
    assert profile.store.messages.get(bo).keywords == {"two"}
    assert target in profile.store.messages.get(bo).mailbox_ids
    rules.update(Rule(id=first.id, name="1", query="from:bo", actions=(Action(Do.MARK, "now"),)))
    look(profile)
    assert profile.store.messages.get(bo).keywords == {"two"}, "history is not judged anew"


def test_what_did_not_come_from_a_server_or_not_into_the_inbox_is_left_alone(
    profile: Profile,
) -> None:
    profile.store.rules.add(Rule(name="1", query="letter", actions=(Action(Do.TRASH),)))
    inbox = profile.store.mailboxes.ensure(profile.account.id, Role.INBOX).id
    imported = profile.store.messages.add(
        profile.account.id, inbox, letter(1), received_at=profile.now
    )
    elsewhere = profile.store.messages.add(
        profile.account.id, box(profile, "Sent"), letter(2), received_at=profile.now, uidl="u"
    )
    look(profile)
    assert profile.store.messages.get(imported).mailbox_ids == {inbox}
    assert profile.store.messages.get(elsewhere).mailbox_ids == {box(profile, "Sent")}


def test_forwarding_queues_the_same_octets_once(profile: Profile) -> None:
    profile.store.rules.add(
        Rule(name="1", query="from:ann", actions=(Action(Do.FORWARD, "home@example.org"),))
    )
    looping = b"Received: by x\r\n" * 25 + letter(2)
    arrive(profile, letter(1), looping)
    look(profile)
    look(profile)
    (item,) = profile.store.outbox.list()
    assert (item.state, item.sender) == (State.QUEUED, ADDRESS)
    assert [each.address for each in item.recipients] == ["home@example.org"]
    octets = profile.store.blobs.read(item.blob_id)
    assert octets.endswith(letter(1))
    assert parse(octets).header("resent-to") is not None


def test_a_command_gets_the_message_and_no_shell(profile: Profile, tmp_path: Path) -> None:
    kept = tmp_path / "kept; touch oops"
    code = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"
    command = f"{sys.executable} -c \"{code}\" '{kept}'"
    profile.store.rules.add(Rule(name="1", query="letter", actions=(Action(Do.RUN, command),)))
    arrive(profile, letter(1))
    assert look(profile) == []
    assert kept.read_bytes() == letter(1)
    assert not (tmp_path / "oops").exists()


@pytest.mark.parametrize(
    ("command", "told"),
    [("false", "ended with 1"), ("/does/not/exist", "No such file"), ("'", "quotation")],
)
def test_a_command_that_fails_is_told_and_harms_no_mail(
    profile: Profile, command: str, told: str
) -> None:
    profile.store.rules.add(Rule(name="1", query="letter", actions=(Action(Do.RUN, command),)))
    (arrived,) = arrive(profile, letter(1))
    (trouble,) = look(profile)
    assert told in trouble
    assert profile.store.messages.raw(arrived) == letter(1)
    assert look(profile) == []


def test_a_rule_that_cannot_be_read_any_more_keeps_no_mail_from_arriving(profile: Profile) -> None:
    profile.store.rules.add(Rule(name="old", query="letter", actions=(Action(Do.TRASH),)))
    profile.store.rules.add(Rule(name="new", query="letter", actions=(Action(Do.MARK, "x"),)))
    with profile.store._database.write() as db:
        db.execute("UPDATE rules SET query = '(' WHERE name = 'old'")
    (arrived,) = arrive(profile, letter(1))
    (trouble,) = look(profile)
    assert trouble.startswith("old: query")
    assert profile.store.messages.get(arrived).keywords == {"x"}


def test_over_history_nothing_is_forwarded_or_run(profile: Profile) -> None:
    arrive(profile, letter(1))
    actions = (Action(Do.FORWARD, "a@b.example"), Action(Do.RUN, "false"), Action(Do.TRASH))
    applied = ruling(profile).apply(Rule(name="1", query="letter", actions=actions))
    assert applied.changed == 1
    assert profile.store.outbox.list() == ()


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"query": " "},
        {"query": "("},
        {"actions": ()},
        {"actions": (Action(Do.MOVE, ""),)},
        {"actions": (Action(Do.TRASH, "b1"),)},
        {"actions": (Action(Do.FORWARD, "nobody"),)},
        {"actions": (Action(Do.FORWARD, "a@b.c\r\nX: y"),)},
        {"actions": (Action(Do.MARK, "x" * 300),)},
    ],
)
def test_a_rule_that_makes_no_sense(profile: Profile, change: dict[str, Any]) -> None:
    values = {"name": "x", "query": "letter", "actions": (Action(Do.TRASH),), **change}
    with pytest.raises(InvalidArgument):
        profile.store.rules.add(Rule(**values))


def test_rules_are_kept_in_their_order(profile: Profile) -> None:
    rules = profile.store.rules
    made = [
        rules.add(
            Rule(name=name, query="x", actions=(Action(Do.TRASH),), account_ids=("a1",), stop=True)
        )
        for name in "abc"
    ]
    assert rules.list() == tuple(made)
    rules.arrange([made[2].id, made[0].id, made[1].id])
    assert [each.name for each in rules.list()] == ["c", "a", "b"]
    rules.remove(made[0].id)
    assert [each.name for each in rules.list()] == ["c", "b"]
    with pytest.raises(InvalidArgument):
        rules.arrange([made[2].id])
    with pytest.raises(NotFound):
        rules.get(made[0].id)
