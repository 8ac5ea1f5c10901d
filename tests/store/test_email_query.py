"""Email/query: every condition and sort of RFC 8621 §4.4, alone and together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hongyan.errors import InvalidArgument
from hongyan.store import Part, Sort
from hongyan.store.email_query import base_subject

ATTACHED = (
    b"From: Zoe <zoe@example.org>\r\nTo: Bo <bo@example.org>\r\nSubject: Re: [list] Apples\r\n"
    b"Bcc: hidden@example.org\r\nList-Id: Fruit <fruit.example.org>\r\nMessage-ID: <z@x>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nfruit salad\r\n--b\r\nContent-Disposition: attachment; filename=pear.pdf\r\n"
    b"Content-Type: application/pdf\r\n\r\nx\r\n--b--\r\n"
)


@pytest.fixture
def mail(profile: Any, make_letter: Any) -> dict[str, str]:
    """Three messages: an old one, its answer in another mailbox, and one with an attachment."""
    old = profile.add(
        make_letter("the old 发票", subject="Bananas", Message_ID="<o@x>", Cc="kim@example.org"),
        keywords=["$seen", "$flagged"],
    )
    profile.clock.pass_by(days=10)
    answer = profile.add(
        make_letter("x" * 300_000, subject="Cherries", References="<o@x>", sender="Al <al@x.org>")
    )
    profile.store.messages.move(
        answer, profile.store.mailboxes.create(profile.account.id, "Old").id
    )
    profile.clock.pass_by(days=10)
    attached = profile.add(ATTACHED, keywords=["$draft"])
    return {"old": old, "answer": answer, "attached": attached}


def asked(profile: Any, filter_: Any, **more: Any) -> list[str]:
    return list(profile.store.search.query(profile.account.id, filter_=filter_, **more).ids)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"inMailbox": "b1"}, "attached old"),
        ({"inMailbox": "b9"}, ""),
        ({"inMailboxOtherThan": ["b1"]}, "answer"),
        ({"before": "2026-03-24T12:00:00Z"}, "old"),
        ({"after": "2026-03-24T12:00:00Z"}, "attached answer"),
        ({"minSize": 200_000}, "answer"),
        ({"minSize": 300_000}, "answer"),
        ({"maxSize": 300_000}, "attached old"),
        ({"allInThreadHaveKeyword": "$seen"}, ""),
        ({"allInThreadHaveKeyword": "$draft"}, "attached"),
        ({"someInThreadHaveKeyword": "$seen"}, "answer old"),
        ({"noneInThreadHaveKeyword": "$seen"}, "attached"),
        ({"hasKeyword": "$FLAGGED"}, "old"),
        ({"notKeyword": "$seen"}, "attached answer"),
        ({"notKeyword": "$flagged"}, "attached answer"),
        ({"hasAttachment": True}, "attached"),
        ({"hasAttachment": False}, "answer old"),
        ({"text": "fruit"}, "attached"),
        ({"text": "发票"}, "old"),
        ({"text": '"fruit salad" zoe'}, "attached"),
        ({"text": '"salad fruit"'}, ""),
        ({"text": "hidden@example.org"}, "attached"),
        ({"text": ""}, "attached answer old"),
        ({"from": "zoe"}, "attached"),
        ({"to": "me@example.org"}, "answer old"),
        ({"cc": "kim"}, "old"),
        ({"bcc": "hidden"}, "attached"),
        ({"subject": "cherry"}, "answer"),
        ({"body": "cherries"}, ""),
        ({"body": "salad"}, "attached"),
        ({"header": ["List-Id"]}, "attached"),
        ({"header": ["list-id", "FRUIT"]}, "attached"),
        ({"header": ["X-Nothing", "x"]}, ""),
        ({"hasKeyword": "$seen", "subject": "bananas"}, "old"),
        ({"operator": "NOT", "conditions": [{"text": "fruit"}, {"subject": "bananas"}]}, "answer"),
        (
            {"operator": "OR", "conditions": [{"text": "fruit"}, {"hasKeyword": "$seen"}]},
            "attached old",
        ),
        (
            {
                "operator": "AND",
                "conditions": [
                    {"inMailbox": "b1"},
                    {"operator": "NOT", "conditions": [{"header": ["List-Id"]}]},
                ],
            },
            "old",
        ),
        ({"operator": "OR", "conditions": []}, ""),
        ({}, "attached answer old"),
        (None, "attached answer old"),
    ],
)
def test_conditions(profile: Any, mail: dict[str, str], condition: Any, expected: str) -> None:
    wanted = [mail[name] for name in expected.split()]
    assert asked(profile, condition) == wanted
    oldest_first = [Sort("receivedAt")]
    assert asked(profile, condition, sort=oldest_first) == wanted[::-1]
    part = Part(total=True, limit=1)
    assert profile.store.search.query(
        profile.account.id, filter_=condition, part=part
    ).total == len(wanted)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort("receivedAt", is_ascending=False), "attached answer old"),
        (Sort("sentAt"), "old answer attached"),
        (Sort("size"), "attached old answer"),
        (Sort("from"), "answer old attached"),
        (Sort("to"), "attached answer old"),
        (Sort("subject"), "attached old answer"),
        (Sort("hasKeyword", is_ascending=False, keyword="$flagged"), "old attached answer"),
        (
            Sort("someInThreadHaveKeyword", is_ascending=False, keyword="$seen"),
            "answer old attached",
        ),
        (
            Sort("allInThreadHaveKeyword", is_ascending=False, keyword="$draft"),
            "attached answer old",
        ),
    ],
)
def test_sorts(profile: Any, mail: dict[str, str], sort: Sort, expected: str) -> None:
    wanted = [mail[name] for name in expected.split()]
    if sort.property == "size":
        wanted.sort(key=lambda id_: profile.store.messages.get(id_).size)
    assert asked(profile, None, sort=[sort]) == wanted
    assert asked(profile, {"text": "fruit"}, sort=[sort]) == [mail["attached"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"wings": 1},
        {"minSize": "1"},
        {"minSize": -1},
        {"hasAttachment": 1},
        {"before": "soon"},
        {"text": 1},
        {"text": "!!!"},
        {"header": []},
        {"header": ["a", "b", "c"]},
        {"operator": "XOR", "conditions": []},
        {"operator": "AND"},
        {"operator": "AND", "conditions": [1]},
        7,
    ],
)
def test_wrong_filters(profile: Any, wrong: Any) -> None:
    with pytest.raises(InvalidArgument):
        asked(profile, wrong)


def test_too_deep_and_too_many(profile: Any) -> None:
    deep: Any = {"text": "x"}
    for _ in range(30):
        deep = {"operator": "AND", "conditions": [deep]}
    for wrong in (deep, {"operator": "OR", "conditions": [{"text": "x"}] * 300}):
        with pytest.raises(InvalidArgument):
            asked(profile, wrong)


@pytest.mark.parametrize("sort", [Sort("wings"), Sort("hasKeyword"), Sort("size", keyword="x")])
def test_wrong_sorts(profile: Any, sort: Sort) -> None:
    with pytest.raises(InvalidArgument):
        asked(profile, None, sort=[sort])


def test_collapsed_threads(profile: Any, mail: dict[str, str]) -> None:
    newest = [mail["attached"], mail["answer"]]
    assert asked(profile, None, collapse_threads=True) == newest
    oldest = [mail["old"], mail["attached"]]
    assert asked(profile, {}, collapse_threads=True, sort=[Sort("receivedAt")]) == oldest
    found = profile.store.search.query(
        profile.account.id,
        filter_={"maxSize": 10**6},
        collapse_threads=True,
        part=Part(total=True, position=1, limit=1),
    )
    assert (found.ids, found.total, found.position) == ((mail["answer"],), 2, 1)


def test_parts_of_a_search(profile: Any) -> None:
    ids: list[str] = []
    for n in range(9):
        ids.insert(0, profile.add(f"word {n}"))
        profile.clock.pass_by(minutes=1)

    def ask(**part: Any) -> tuple[list[str], int]:
        found = profile.store.search.query(
            profile.account.id, filter_={"text": "word"}, part=Part(**part)
        )
        return list(found.ids), found.position

    assert ask(position=3, limit=2) == (ids[3:5], 3)
    assert ask(position=-3) == (ids[-3:], 6)
    assert ask(position=-30, limit=1) == (ids[:1], 0)
    assert ask(anchor=ids[4], anchor_offset=-2, limit=3) == (ids[2:5], 2)
    assert ask(anchor=ids[4], anchor_offset=-20, limit=1) == (ids[:1], 0)


def test_snippets_of_a_filter(profile: Any, mail: dict[str, str]) -> None:
    ids = [mail["old"], mail["attached"], "m99"]
    hits = profile.store.search.snippets({"text": "fruit bananas"}, ids)
    marked = [[text for text, is_marked in hit.snippet.pieces() if is_marked] for hit in hits]
    assert [hit.id for hit in hits] == ids[:2]
    assert marked == [[], ["fruit"]]
    assert hits[0].subject.marks == ((0, 7),)


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Re: [List] Fwd: Plan  B", "plan b"),
        ("AW: WG: Plan", "plan"),
        ("回复：计划", "计划"),
        ("Re:", "re:"),
        ("Plan (fwd)", "plan"),
        ("", ""),
    ],
)
def test_base_subjects(subject: str, base: str) -> None:
    assert base_subject(subject) == base


def test_times_are_bounded_though_many_share_a_second(profile: Any) -> None:
    """A crowd of one second stands far behind it in the index; time conditions still hold."""
    crowd = [profile.add(f"word {n}") for n in range(40)]
    later = profile.clock() + timedelta(seconds=10)
    last = profile.add("word", received_at=later)
    before = later.strftime("%Y-%m-%dT%H:%M:%SZ")
    for condition in ({"before": before}, {"before": before, "text": "word"}):
        assert set(asked(profile, condition)) == set(crowd)
    assert asked(profile, {"after": before}) == [last]
