"""How SQLite goes about each query that the program runs: by an index, and never sorting a page.

Every statement that a room of the store executes is caught while the whole of it is exercised, so
none can be forgotten; each is then explained on a store without statistics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import apsw
import pytest

from hongyan.store import Change, Kind, New, Order, Part, Role, Sort
from tests.store.uidls import known_uidls

QUERIES = (
    "", "word", "发票", "京", '"two words"', "word -other", "-word", "word OR other", "from:ann word",
    "word is:unread", "is:unread", "is:read", "is:flagged", "label:work", "has:attachment",
    "in:inbox", "in:inbox word", "in:nothing", "account:me@example.org", "before:2026-01-01",
    "after:2026-01-01 word", "newer_than:7d", "older_than:1y", "larger:5M", "larger:1k",
    "smaller:1k", "list:fruit", "filename:pdf", "(word OR is:flagged) -is:read",
)  # fmt: skip
FILTERS: tuple[Any, ...] = (
    None, {"inMailbox": "b1"}, {"inMailbox": "b1", "text": "word"}, {"inMailboxOtherThan": ["b2"]},
    {"inMailbox": "b1", "notKeyword": "$seen"}, {"inMailbox": "b1", "before": "2026-01-01T00:00:00Z"},
    {"hasKeyword": "$flagged"}, {"notKeyword": "$flagged"}, {"hasAttachment": True},
    {"minSize": 10**6}, {"maxSize": 10}, {"someInThreadHaveKeyword": "$flagged"},
    {"allInThreadHaveKeyword": "$seen"}, {"header": ["List-Id"]}, {"bcc": "ann"},
)  # fmt: skip

# Where every row has to be looked at, by what the statement is for.
EVERY_ROW = (
    r"^SELECT count\(\*\), coalesce\(sum\(size\), 0\) FROM (blobs|messages)$",  # of a check, a reindex
    r"^SELECT count\(.*FROM messages AS m WHERE",  # to count what no index has, all are looked at
    r"^DELETE FROM (blobs WHERE kept_at|changes WHERE at) <",  # the tidying of a day
    r"^DELETE FROM accounts WHERE id = \?$",  # takes its messages along
)
# What holds a few messages alone, or is small whatever the mail.
# All messages of an account, which may be all there are.
WHOLE_ACCOUNT = re.compile(
    r"SEARCH \w+ USING (?:COVERING )?INDEX messages_by_account \(account=\?\)"
)
SMALL_INDEX = re.compile(r"INDEX messages_(unseen|attached|large|to_come)$")
SMALL = {"accounts", "mailboxes", "properties", "outbox", "o", "recipients", "identities", "offers",
         "json_each", "dictionaries", "doomed_files", "unjudged", "sqlite_sequence", "sqlite_schema", "CONSTANT"}  # fmt: skip


@pytest.fixture
def traced(profile: Any) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that the profile's connections run from now on, with its values."""
    caught: dict[str, Any] = {}

    def trace(_: Any, sql: str, values: Any) -> bool:
        caught.setdefault(" ".join(sql.split()), values)
        return True

    database = profile.store._database
    database._writer.exec_trace = trace
    database._reader().exec_trace = trace
    yield caught  # type: ignore[misc]  # a dict, read as pairs
    database._writer.exec_trace = None
    database._reader().exec_trace = None


def plan(profile: Any, sql: str, values: Any) -> list[str]:
    with profile.store._database.fresh() as db:
        profile.store.search._add_functions(db)
        return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


def exercise(profile: Any) -> None:
    store, account = profile.store, profile.account.id
    archive = store.mailboxes.create(account, "Old", role=Role.ARCHIVE)
    ids = [profile.add(f"word {n} 发票", uidl=f"{n}", keywords=["$flagged"]) for n in range(6)]
    store.messages.change(ids[:2], Change(add_mailboxes=frozenset({archive.id})))
    store.messages.delete(ids[5])
    for query in QUERIES:
        for order in Order:
            store.search.find(query, order=order)
            store.search.find(query, account=account, mailbox=profile.inbox.id, order=order)
        list(store.search.ids(query))
        store.search.count(query)
        store.search.find(query, after=ids[0])
    for filter_ in FILTERS:
        for collapse in (False, True):
            part = Part(position=-1, total=True)
            store.search.query(account, filter_=filter_, collapse_threads=collapse, part=part)
    for part in (Part(position=1, limit=2), Part(anchor=ids[0], limit=2)):
        store.search.query(account, filter_={"inMailbox": profile.inbox.id}, part=part)
    store.search.snippets({"text": "word"}, ids)
    store.messages.page(profile.inbox.id, limit=2, before=ids[1])
    store.messages.thread(store.messages.get(ids[0]).thread_id)
    store.messages.with_octets(account, [store.messages.get(ids[0]).blob_id])
    store.messages.with_message_id(account, "x@y")
    store.messages.raw(ids[0])
    new = New(b"Subject: late\r\n\r\n", (profile.inbox.id,), profile.clock(), header_of=9)
    (late,) = store.messages.add_all(account, [new])
    store.blobs.header(late)
    store.messages.put_off([late])
    store.messages.to_come()
    store.messages.to_come(account)
    store.imap_messages.headers_alone(account)
    store.imap_messages.bodies(profile.inbox.id, limit=9)
    store.imap_messages.unobtainable(account)
    store.messages.complete([(late, store.messages.prepare(store.blobs.hold(b"x: y\r\n\r\n")))])
    store.messages.no_longer_put_off(account, limit=9)
    store.messages.mark_gone(account, ["1"])
    known_uidls(store, account)
    store.changes.since(account, "1", Kind.EMAIL, limit=2)
    store.changes.prune(profile.clock() - timedelta(days=30))
    store.mailboxes.find(account, "Old")
    store.mailboxes.delete(archive.id, with_messages=True)
    store.identities.list(account)
    item = store.outbox.add(account, b"x", sender="", recipients=["a@b"])
    store.outbox.list()
    store.outbox.claim()
    store.outbox.get(item)
    store.reindex()
    store.blobs.sweep(profile.clock())
    store.accounts.remove(account)


def test_no_statement_looks_at_every_message(profile: Any, traced: Any) -> None:
    exercise(profile)
    statements = {
        sql: values
        for sql, values in traced.items()
        if re.match(r"(?:SELECT|UPDATE|DELETE|INSERT|WITH)\b", sql)
        and not any(re.search(pattern, sql) for pattern in EVERY_ROW)
    }
    assert len(statements) > 150
    found = {
        sql: steps
        for sql, values in statements.items()
        if (steps := [step for step in plan(profile, sql, values) if is_scan(sql, step)])
    }
    assert found == {}


def is_scan(sql: str, step: str) -> bool:
    """Tell whether a step reads all of a large table in no order of use."""
    if re.match(WHOLE_ACCOUNT, step) and "INDEXED BY messages_by_account" not in sql:
        return True  # nobody asked for it
    scan = re.match(r"SCAN (\w+)(.*)", step)
    if scan is None or scan[1] in SMALL or "VIRTUAL TABLE" in scan[2]:
        return False
    if SMALL_INDEX.search(scan[2]):
        return False
    # A page by time may go along the index of time: it ends when it is full.
    return not ("USING" in scan[2] and "INDEX" in scan[2] and " LIMIT ?" in sql)


@pytest.mark.parametrize("collapse", [False, True])
@pytest.mark.parametrize("before", [None, "m1"])
def test_a_mailbox_page_is_never_sorted(
    profile: Any, traced: Any, before: str | None, collapse: bool
) -> None:
    profile.add("one")
    traced.clear()
    profile.store.messages.page(profile.inbox.id, limit=5, before=before)
    for part in (Part(position=0, limit=5), Part(anchor="m1", limit=5)):
        profile.store.search.query(
            profile.account.id,
            filter_={"inMailbox": profile.inbox.id},
            collapse_threads=collapse,
            part=part,
        )
    profile.store.search.query(
        profile.account.id, filter_={"inMailbox": profile.inbox.id}, sort=[Sort("receivedAt")]
    )
    profile.store.search.find("in:inbox")
    steps = [step for sql, values in traced.items() if sql.startswith("SELECT")
             for step in plan(profile, sql, values)]  # fmt: skip
    assert any("memberships_newest" in step for step in steps) == collapse
    assert not [step for step in steps if "TEMP B-TREE" in step]


@pytest.mark.parametrize("query", [query for query in QUERIES if query])
def test_hits_by_time_are_never_sorted(profile: Any, traced: Any, query: str) -> None:
    profile.add("one")
    traced.clear()
    for order in (Order.NEWEST, Order.OLDEST):
        profile.store.search.find(query, order=order)
    steps = [step for sql, values in traced.items() if "ORDER BY" in sql
             for step in plan(profile, sql, values)]  # fmt: skip
    assert steps
    assert not [step for step in steps if "TEMP B-TREE" in step]


def test_a_connection_that_knows_no_such_function_fails(profile: Any) -> None:
    """The functions of a search are there only while one runs."""
    with profile.store._database.fresh() as db, pytest.raises(apsw.SQLError):
        db.execute("SELECT base_subject('x')")
