"""Search: what people type finds what they mean, and nothing they type is syntax of the index."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument, NotFound
from hongyan.store import Order
from hongyan.store.search_index import FreeRows

SENTENCES = {
    "zh": "您好，请查收北京市朝阳区的发票，ＡＢＣ公司敬上。",
    "zh2": "南京的票已经发出。",
    "ja": "明日の会議はｶﾅ表記で、東京にて行います。",
    "ko": "내일 회의에서 뵙겠습니다.",
    "th": "สวัสดีครับ ประชุมพรุ่งนี้",
    "en": "A naïve reader was hungry; the invoices cost 1,200 € in Malmö_Town.",
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("发票", {"zh"}),
        ("北京", {"zh"}),
        ("京", {"zh", "zh2", "ja"}),
        ("票", {"zh", "zh2"}),
        ("区", {"zh"}),
        ("上", {"zh"}),
        ("京市朝阳区的", {"zh"}),
        ("市朝", {"zh"}),
        ("北区", set()),
        ("ABC", {"zh"}),
        ("ＡＢＣ", {"zh"}),
        ("abc公司", {"zh"}),
        ("公司敬上。", {"zh"}),
        ("会議", {"ja"}),
        ("會議", {"ja"}),
        ("發票", {"zh"}),
        ("請查收", {"zh"}),
        ("發", {"zh", "zh2"}),
        ("カナ", {"ja"}),
        ("회의", {"ko"}),
        ("의", {"ko"}),
        ("ประชุม", {"th"}),
        ("พรุ่ง", {"th"}),
        ("naive", {"en"}),
        ("NAÏVE", {"en"}),
        ("na\u0131ve", set()),
        ("invoice", {"en"}),
        ("inv*", {"en"}),
        ("nv*", set()),
        ('"reader was hungry"', {"en"}),
        ('"hungry reader"', set()),
        ("hungry reader", {"en"}),
        ("malmo", {"en"}),
        ("发票 OR invoice", {"zh", "en"}),
        ("京 -发票", {"zh2", "ja"}),
        ("(发票 OR 票) 南京", {"zh2"}),
        ("-京 -(hungry OR 회의)", {"th"}),
        ("subject:ja OR 发票", {"zh", "ja"}),
        ("-is:unread OR 发票", {"zh"}),
        ("from:ann@example.org 회의", {"ko"}),
        ("to:me@example.org -from:ann", set()),
        ("body:发票 -subject:zh2", {"zh"}),
        ("subject:发", set()),
        ("", set(SENTENCES)),
    ],
)
def test_real_sentences(profile: Any, make_letter: Any, query: str, expected: set[str]) -> None:
    ids = {profile.add(make_letter(text, subject=name)): name for name, text in SENTENCES.items()}
    assert {ids[id_] for id_ in profile.found(query)} == expected
    assert {ids[id_] for id_ in profile.found(query, order=Order.RELEVANCE)} == expected
    assert profile.store.search.count(query) == len(expected)


def test_conditions_beside_the_index(profile: Any, make_letter: Any) -> None:
    mark = profile.store.messages.patch_keywords
    old = profile.add("old", keywords=["$seen", "Work"])
    profile.clock.pass_by(days=10)
    new = profile.add(make_letter("new " * 100, Cc="kim@example.org"))
    archive = profile.store.mailboxes.ensure(profile.account.id, "My Letters")
    profile.store.messages.move(new, archive.id)
    mark(new, add=["$flagged"])
    for query, expected in {
        "is:unread": {new},
        "is:read": {old},
        "-is:unread": {old},
        "is:flagged": {new},
        "is:starred OR is:read": {new, old},
        "label:work": {old},
        "in:inbox": {old},
        'in:"my letters"': {new},
        "before:2026-03-20": {old},
        "after:2026-03-20": {new},
        "newer_than:2d": {new},
        "older_than:1w": {old},
        "larger:300": {new},
        "smaller:300": {old},
        "cc:kim": {new},
        "account:me@example.org old": {old},
        "account:you@example.org": set(),
        "has:attachment": set(),
    }.items():
        assert profile.found(query) == expected, query
    assert profile.found("", mailbox=archive.id) == {new}
    assert profile.found("old", account=profile.account.id) == {old}


def test_attachments_are_found_by_name(profile: Any) -> None:
    raw = (
        "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\n\r\nhi\r\n--b\r\nContent-Disposition: attachment; filename=report-final.pdf\r\n"
        "Content-Type: application/pdf\r\n\r\nx\r\n--b--\r\n"
    )
    id_ = profile.add(raw.encode())
    profile.add("none")
    assert profile.found("has:attachment") == {id_}
    assert profile.found("filename:report") == {id_}
    assert profile.found("final.pdf") == {id_}


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ('from:bob "open', 10),
        ("(a b", 1),
        ("a)", 2),
        ("a OR", 5),
        ("OR a", 1),
        ("a ()", 4),
        ("from: bob", 1),
        ("x is:purple", 3),
        ("has:wings", 1),
        ("before:yesterday", 1),
        ("after:2026-13-01", 1),
        ("larger:big", 1),
        ("newer_than:7", 1),
        ("ab !!!", 4),
        ("(" * 30 + "a" + ")" * 30, 21),
    ],
)
def test_errors_point_at_the_place(profile: Any, query: str, at: int) -> None:
    with pytest.raises(InvalidArgument, match=rf"query: at character {at}:"):
        profile.store.search.find(query)


@pytest.mark.parametrize("query", ["x" * 3000, "a " * 200])
def test_queries_have_a_limit(profile: Any, query: str) -> None:
    with pytest.raises(InvalidArgument):
        profile.store.search.find(query)


def test_a_hundred_terms_are_no_trouble(profile: Any) -> None:
    id_ = profile.add(" ".join(f"w{n}" for n in range(100)))
    assert profile.found(" ".join(f"w{n}" for n in range(99))) == {id_}
    assert profile.found(" OR ".join(f"w{n}" for n in range(50))) == {id_}
    assert profile.found("(" * 20 + "w1" + ")" * 20) == {id_}


@pytest.mark.parametrize(
    "query",
    [
        "'; DROP TABLE messages; --",
        'a" OR "b',
        "subject: x",
        "NEAR(a b)",
        "a AND b",
        "{a} : b",
        "^z",
        "a + b",
    ],
)
def test_no_text_is_syntax(profile: Any, query: str) -> None:
    profile.add("nothing of that")
    with suppress(InvalidArgument):
        assert profile.store.search.find(query) == []
    assert profile.store.mailboxes.get(profile.inbox.id).total == 1


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    query=st.one_of(
        st.text(max_size=40),
        st.text("()\"-*: ORabc发票京ｱ'\0\ue000^{}+", max_size=20),
        st.lists(
            st.sampled_from(
                ["(", ")", "OR", "-", "a", '"', "from:", "is:unread", "京", "has:", "*"]
            ),
            max_size=12,
        ).map(" ".join),
    )
)
def test_any_query_is_answered_or_refused(profile: Any, query: str) -> None:
    with suppress(InvalidArgument):
        assert len(profile.store.search.find(query, limit=3)) <= 3


WORDS = st.text("京市北发票会議あｱ회의สวัa b1。é", min_size=1, max_size=12)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=WORDS, start=st.integers(0, 11), size=st.integers(1, 6))
def test_every_han_substring_is_found(profile: Any, text: str, start: int, size: int) -> None:
    part = text[start : start + size]
    if not part or any(not "\u4e00" <= character <= "\u9fff" for character in part):
        return
    id_ = profile.add(text)
    assert id_ in profile.found(part, limit=1000)


def test_pages_of_hits_meet(profile: Any) -> None:
    ids = [profile.add(f"word {n}") for n in range(7)]
    found, after = [], None
    while hits := profile.store.search.find("word", limit=3, after=after):
        found += [hit.id for hit in hits]
        after = hits[-1].id
    assert found == ids[::-1]
    assert [hit.id for hit in profile.store.search.find("word", limit=2, offset=3)] == found[3:5]
    with pytest.raises(InvalidArgument):
        profile.store.search.find("word", after=ids[3], order=Order.RELEVANCE)


def test_relevance_prefers_the_subject(profile: Any, make_letter: Any) -> None:
    best = profile.add(make_letter("nothing", subject="Invoice"))
    profile.add(make_letter("an invoice and many other words " * 5, subject="Else"))
    hits = profile.store.search.find("invoice", order=Order.RELEVANCE)
    assert hits[0].id == best
    assert hits[0].rank < hits[1].rank


def test_snippets_mark_the_real_text(profile: Any, make_letter: Any) -> None:
    profile.add(make_letter("x " * 300 + SENTENCES["zh"] + " y" * 300, subject="发票 here"))
    ((hit,),) = [profile.store.search.find("发票 abc")]
    assert [piece for piece, marked in hit.snippet.pieces() if marked] == ["发票", "ＡＢＣ"]
    assert [piece for piece, marked in hit.subject.pieces() if marked] == ["发票"]
    assert hit.snippet.text.startswith("…")
    assert len(hit.snippet.text) < 260


def test_hits_come_in_the_order_of_time_not_of_storing(profile: Any) -> None:
    """Imported mail is old, though it was stored last; one second may have many messages."""
    now = profile.clock()
    hours = [5, 1, 9, 3, 3, 3, 7, 3]
    ids = [profile.add("word", received_at=now - timedelta(hours=hour)) for hour in hours]
    expected = [ids[at] for at in sorted(range(8), key=lambda at: (hours[at], -at))]
    for query in ("word", "", "is:unread"):
        found: list[str] = []
        after = None
        while hits := profile.store.search.find(query, limit=3, after=after):
            found += [hit.id for hit in hits]
            after = hits[-1].id
        assert found == expected


def test_a_page_after_what_is_no_more(profile: Any) -> None:
    gone = profile.add("word")
    profile.store.messages.delete(gone)
    with pytest.raises(NotFound):
        profile.store.search.find("word", after=gone)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-200, 500), min_size=1, max_size=30), st.integers(1, 30))
def test_each_message_gets_a_row_near_its_time(seconds: list[int], together: int) -> None:
    db = apsw.Connection(":memory:")
    db.execute("CREATE TABLE messages (index_row INTEGER UNIQUE, received_at INTEGER)")
    taken: set[int] = set()
    for number, at in enumerate(seconds):
        if number % together == 0:
            rows = FreeRows(db)
        first = at // 64
        row = rows.give(at * 1000)
        assert row not in taken
        assert row == first or first in taken, "who comes first has the row of the time"
        # the end of a crowd is found by doubling: at most twice as far as somebody stands
        assert abs(row - first) <= max([1, *(2 * abs(each - first) for each in taken)])
        db.execute("INSERT INTO messages VALUES (?, ?)", (row, at * 1000))
        taken.add(row)


@pytest.mark.parametrize("order", [1, -1])
def test_a_crowd_of_one_time_keeps_its_order(profile: Any, order: int) -> None:
    """A first sync may fetch the newest first; an import brings the oldest first."""
    times = [profile.clock() + timedelta(seconds=3 * n) for n in range(40)]
    ids = [profile.add("word", received_at=at) for at in times[::order]]
    hits = [hit.id for hit in profile.store.search.find("word", order=Order.OLDEST)]
    assert hits == ids[::order]
