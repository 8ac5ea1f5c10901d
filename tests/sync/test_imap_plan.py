"""The rules of synchronising by IMAP, case by case: tests/sync/cases/*.txt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.imap import Listed
from hongyan.store import Here, MailboxId
from hongyan.sync import imap_labels, imap_mailbox_plan, imap_names, imap_pace, imap_plan
from hongyan.sync.imap_pace import Pace, Patience
from hongyan.sync.imap_plan import (
    Fate,
    Look,
    Mark,
    Seeking,
    Standing,
    Tier,
    Trace,
)  # fmt: skip
from tests.sync.case_table import Case, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hongyan.sync.imap_mailbox_plan import Act

LOOKS = {
    "nothing": Look.NOTHING,
    "first": Look.FIRST,
    "changes": Look.CHANGES,
    "all": Look.ALL,
    "anew": Look.ANEW,
    "unsure": Look.UNSURE,
    "wait": Look.WAIT,
}
FATES = {Fate.MISS: "miss", Fate.KEEP: "keep", Fate.FORGET: "forget", Fate.FETCH: "fetch"}


def cases(name: str) -> pytest.MarkDecorator:
    found = table(name)
    return pytest.mark.parametrize("case", found, ids=[case.title for case in found])


def test_there_are_as_many_cases_as_promised() -> None:
    names = ("messages", "looks", "recognising", "mailboxes", "roles", "gmail", "headers")
    assert sum(len(table(name)) for name in names) >= 120


# -- headers first


def pace(case: Case) -> Pace:
    if "came" in case.fields:
        messages, octets, seconds = (float(part.split()[0]) for part in case["came"].split(","))
        return Pace(int(messages), int(octets), seconds)
    page, came, took = case["page"].split(",")
    count, *_, size = page.split()
    sizes = [int(size)] * int(count)
    return imap_pace.pace_by_headers(sizes, int(came.split()[0]), float(took.split()[0]))


@cases("headers")
def test_what_is_fetched_first(case: Case) -> None:
    is_first = imap_pace.headers_first(int(case["waiting"]), pace(case), Patience())
    assert ("headers" if is_first else "bodies") == case["then"]


# -- messages


def words(add: frozenset[str], remove: frozenset[str]) -> str:
    return " ".join(
        [*(f"+{word}" for word in sorted(add)), *(f"-{word}" for word in sorted(remove))]
    )


def told(act: imap_plan.Tell) -> str:
    match act:
        case imap_plan.Flag():
            return f"flag {act.mailbox} {words(act.add, act.remove)}"
        case imap_plan.Move():
            return f"move {act.mailbox} to {act.target}"
        case imap_plan.Copy():
            return f"copy {act.mailbox} to {act.target}"
        case imap_plan.Remove():
            return f"remove {act.mailbox}"
        case imap_plan.Append():
            return f"append {act.mailbox}"


def both_ways(
    was: dict[str, frozenset[str]], there: Mapping[str, frozenset[str]], here: Here | None
) -> list[str]:
    """Follow what the server has, then tell it what is left: what a visit does to one message."""
    done: list[str] = []
    missed: set[str] = set()
    places = dict(was)
    for mailbox in was:
        follow = imap_plan.follow(places[mailbox], there.get(mailbox), here, mailbox)
        if mailbox in there:
            places[mailbox] = there[mailbox]
        if isinstance(follow, Mark):
            assert here is not None
            here = replace(here, keywords=here.keywords - follow.remove | follow.add)
            done.append(f"mark {words(follow.add, follow.remove)}")
        elif follow is not None:
            done.append(f"{FATES[follow]} {mailbox}")
            del places[mailbox]
            if follow is Fate.MISS:
                missed.add(mailbox)
    done += [f"fetch {mailbox}" for mailbox in there if mailbox not in was]
    if here is not None:
        here = imap_plan.wanted(places, here, missed)
    return done + [told(act) for act in imap_plan.tell(places, here)]


def places(case: Case, field: str) -> dict[str, frozenset[str]]:
    found = {}
    for part in case.parts(field):
        mailbox, *flags = part.split()
        if mailbox != "nothing":
            found[mailbox] = frozenset(flags)
    return found


def here(case: Case) -> Here | None:
    said = case.fields.get("here", "deleted")
    if said == "deleted":
        return None
    mailboxes, *rest = map(str.split, said.split(";"))
    whole = ["header"] not in rest
    keywords = frozenset(word for words in rest for word in words) - {"header"}
    return Here(frozenset(map(MailboxId, mailboxes)), keywords, whole)


@cases("messages")
def test_a_message(case: Case) -> None:
    done = both_ways(places(case, "was"), places(case, "there"), here(case))
    assert (", ".join(done) or "nothing") == case["then"]


FLAGS = st.frozensets(st.sampled_from(["seen", "flagged", "work"]))
PLACES = st.dictionaries(st.sampled_from(["inbox", "work", "archive"]), FLAGS, max_size=3)
BOXES = st.frozensets(st.sampled_from(["inbox", "work", "archive", "later"]), min_size=1)
STANDING = st.none() | st.builds(Here, BOXES, FLAGS)
HEADER = st.builds(Here, BOXES, FLAGS, st.just(False))  # whole


def changed(flags: frozenset[str], change: list[str]) -> frozenset[str]:
    add = {word[1:] for word in change if word[0] == "+"}
    return (flags | add) - {word[1:] for word in change if word[0] == "-"}


def carried_out(
    there: Mapping[str, frozenset[str]], done: list[str]
) -> dict[str, list[frozenset[str]]]:
    """What the server has after ``done``: by mailbox, the flags of each copy."""
    server = {mailbox: [flags] for mailbox, flags in there.items()}
    for each in done:
        act, mailbox, *rest = each.split()
        if act == "flag":
            server[mailbox] = [changed(flags, rest) for flags in server[mailbox]]
        elif act in ("move", "copy"):
            gone = server.pop(mailbox) if act == "move" else server[mailbox]
            server.setdefault(rest[1], []).extend(gone)
        elif act == "append":
            server.setdefault(mailbox, []).append(frozenset({"appended"}))
        elif act == "remove":
            del server[mailbox]
    return server


@given(PLACES, PLACES, STANDING)
def test_whatever_both_sides_did_a_message_goes_only_where_nobody_changed_it(
    was: dict[str, frozenset[str]], there: dict[str, frozenset[str]], now: Here | None
) -> None:
    done = both_ways(was, there, now)
    fetched = {each.split()[1] for each in done if each.startswith("fetch")}
    if now is None:  # deleted here: what is there otherwise than it was is fetched, no other
        touched = {mailbox for mailbox, flags in there.items() if was.get(mailbox) != flags}
        assert fetched == touched
        assert carried_out(there, done).keys() == touched
    elif not there:  # gone there: what was changed here is given back, just where it was changed
        wanted = {each for each in now.mailboxes if was.get(each) != now.keywords}
        assert {each.split()[1] for each in done if each.startswith("append")} == wanted


@given(PLACES, PLACES, HEADER)
def test_what_is_not_whole_is_given_to_no_server_and_removed_only_as_the_person_wants(
    was: dict[str, frozenset[str]], there: dict[str, frozenset[str]], now: Here
) -> None:
    done = both_ways(was, there, now)
    assert not any(each.startswith("append") for each in done)
    server = carried_out(there, done)
    assert server or not there
    removed = {each.split()[1] for each in done if each.startswith(("remove", "move"))}
    assert not removed & now.mailboxes


@given(PLACES, PLACES, STANDING.filter(bool))
def test_both_sides_are_the_same_in_the_end_and_only_what_nobody_changed_left(
    was: dict[str, frozenset[str]], there: dict[str, frozenset[str]], now: Here
) -> None:
    done = both_ways(was, there, now)
    server = carried_out(there, done)
    assert server or not there, "as long as the server has it, it goes nowhere"
    left = {each.split()[1] for each in done if each.startswith("miss")}
    if not now.mailboxes - left and was.keys() & there.keys():
        left = set()  # it goes back
    fetched = {each.split()[1] for each in done if each.startswith("fetch")}
    assert server.keys() == (now.mailboxes - left) | fetched
    stood = [now.keywords]
    for each in done:
        if each.startswith("mark"):
            stood.append(changed(stood[-1], each.split()[1:]))
    for mailbox in (now.mailboxes - left) & was.keys() & there.keys():
        assert server[mailbox][0] == stood[-1]
    assert not left & there.keys()
    assert all(was[mailbox] in stood for mailbox in left)


@given(PLACES, STANDING)
def test_what_was_told_is_not_told_again(was: dict[str, frozenset[str]], now: Here | None) -> None:
    result: dict[str, frozenset[str]] = dict.fromkeys(now.mailboxes, now.keywords) if now else {}
    assert imap_plan.tell(result, now) == ()


# -- looks


def standing(said: str) -> Standing | None:
    if said == "never":
        return None
    numbers = [None if each == "-" else int(each) for each in said.split()]
    return Standing(numbers[0], numbers[1], numbers[2], numbers[3] or 0)


@cases("looks")
def test_how_to_look(case: Case) -> None:
    there = standing(case["there"])
    assert there is not None
    look = imap_plan.look(
        standing(case["was"]),
        there,
        Tier[case["tier"].upper()],
        doubts=int(case.fields.get("doubts", 0)),
        other="other" in case.fields,
    )
    assert look is LOOKS[case["then"]]


# -- recognising


def trace(mailbox: str, rest: list[str]) -> Trace:
    message_id, size, seconds, *object_id = rest
    return Trace(
        mailbox,
        "" if message_id == "-" else message_id,
        int(size),
        int(seconds),
        object_id[0] if object_id else None,
    )


@cases("recognising")
def test_which_message_it_is(case: Case) -> None:
    new = {}
    for part in case.parts("new"):
        place, *rest = part.split()
        mailbox, _, uid = place.partition("/")
        new[mailbox, int(uid)] = trace(mailbox, rest)
    seeking = []
    for field in ("lost", "put", "given"):
        for part in case.parts(field):
            message, mailbox, *rest = part.split()
            held = frozenset(
                word for word in case.fields.get("held", "").split() if word != message
            )
            seeking.append(
                Seeking(
                    message,
                    trace(mailbox, rest),
                    missed=field == "lost",
                    held=held,
                    given=field == "given",
                )
            )
    found = imap_plan.recognise(new, seeking)
    said = [f"{mailbox}/{uid} {each.message}" for (mailbox, uid), each in sorted(found.items())]
    assert (", ".join(said) or "nothing") == case["then"]


# -- mailboxes


def theirs(part: str) -> imap_mailbox_plan.Theirs:
    name, *rest = part.split()
    options = dict(each.split("=") for each in rest if "=" in each)
    objects = [each for each in rest if "=" not in each and each != "touched"]
    return imap_mailbox_plan.Theirs(
        name.encode(),
        "Inbox" if name == "INBOX" else name,
        options.get("role"),
        objects[0] if objects else None,
        untouched="touched" not in rest,
    )


def paired(part: str) -> imap_mailbox_plan.Paired:
    id_, wire, called, name, *rest = part.split()
    objects = [each for each in rest if each != "missed"]
    return imap_mailbox_plan.Paired(
        id_,
        wire.encode(),
        called,
        None if name == "deleted" else name,
        objects[0] if objects else None,
        int("missed" in rest),
    )


def ours(part: str) -> imap_mailbox_plan.Ours:
    id_, name, *rest = part.split()
    roles = [each.partition("=")[2] for each in rest if each != "knot"]
    return imap_mailbox_plan.Ours(id_, name, roles[0] if roles else None, knot="knot" in rest)


def acted(act: Act) -> str:
    match act:
        case imap_mailbox_plan.Adopt():
            return f"adopt {act.theirs.wire.decode()} {act.id or ''}".strip()
        case imap_mailbox_plan.Call():
            return f"call {act.id} {act.theirs.wire.decode()}"
        case imap_mailbox_plan.Create():
            return f"create {act.id} {act.name} {act.role or ''}".strip()
        case imap_mailbox_plan.Rename():
            return f"rename {act.id} {act.name}"
        case _:
            return f"{type(act).__name__.lower()} {act.id}"


@cases("mailboxes")
def test_which_mailbox_it_is(case: Case) -> None:
    acts = imap_mailbox_plan.pair(
        [theirs(part) for part in case.parts("listed")],
        [paired(part) for part in case.parts("known")],
        [ours(part) for part in case.parts("ours")],
    )
    assert (", ".join(map(acted, acts)) or "nothing") == case["then"]


# -- names and labels


def listed(part: str, delimiter: str = ".") -> Listed:
    from hongyan.imap import utf7

    name, *attributes = part.split(" \\")
    octets = name.encode()
    return Listed(utf7.decode(octets), octets, delimiter, tuple(f"\\{each}" for each in attributes))


@cases("roles")
def test_what_it_is_called_and_for(case: Case) -> None:
    delimiter = case.fields.get("with", ".")
    mailboxes = [listed(part, delimiter) for part in case.parts("listed")]
    opened = [each for each in mailboxes if imap_names.openable(each)]
    roles = imap_names.roles(opened)
    said = [
        f"{each.octets.decode()}: {imap_names.path(each)} {roles.get(each.octets, '-')}"
        for each in opened
    ]
    assert ", ".join(said) == case["then"]


@cases("gmail")
def test_labels(case: Case) -> None:
    mailboxes = [listed(part, "/") for part in case.parts("listed")]
    labels = imap_labels.read([(each.octets.decode(), each) for each in mailboxes])
    if "labels" in case.fields:
        given_labels = [each for each in case["labels"].split() if each != "-"]
        found = labels.mailboxes(labels.all_mail or "", given_labels)
        assert f"in {', '.join(sorted(found))}" == case["then"]
    elif "from" in case.fields:
        was, now = (frozenset(case.parts(field, ",")) - {"nothing"} for field in ("from", "to"))
        acts = []
        for act in imap_labels.tell(labels, was, now):
            if isinstance(act, imap_labels.Label):
                assert act.mailbox == labels.all_mail
                acts.append(f"label {'+' if act.add else '-'}{act.label}")
            else:
                acts.append(told(act))
        assert (", ".join(acts) or "nothing").lower() == case["then"].lower()
    else:
        assert f"stores {', '.join(labels.stores)}" == case["then"]


@pytest.mark.parametrize("name", ["Work", "Work/and∕or", "Inbox/Sent", "世界/新"])
def test_a_name_goes_to_the_wire_and_comes_back(name: str) -> None:
    from hongyan.imap import utf7

    octets = imap_names.Style(".").wire(name)
    back = imap_names.path(Listed(utf7.decode(octets), octets, "."))
    assert back == name


def test_new_mailboxes_lie_where_the_server_wants_them() -> None:
    style = imap_names.Style(".", b"INBOX.")
    assert style.wire("Work") == b"INBOX.Work"
    assert style.wire("Inbox/Work") == b"INBOX.Work"
