"""The IMAP engine against Dovecot: sessions, streams, changes seen by two clients, imaptest's searches."""

from __future__ import annotations

import hashlib
import imaplib
import json
import re
import shlex
import threading
import tracemalloc
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from hongyan import imap
from hongyan.errors import AuthenticationRefused, InvalidArgument, Refused
from hongyan.flow import Wake
from hongyan.imap import Change, Connection, NumberSet, Peek
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.sasl import Credentials, Service, Terms
from tests.live.imap import new_user, session
from tests.live.servers import ALICE, BOB, LOOPBACK, MECHANISMS, Dovecot, Tls, User
from tests.support.corpus import CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterator


T = TypeVar("T")
USERS = count(1)
LETTERS = [
    b"Subject: one\r\n\r\nfirst\r\n",
    b"Subject: two\r\n\r\n" + b"second line\r\n" * 20_000,
    "Subject: drei\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n鸿雁\r\n".encode(),
]


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    return new_user(dovecot)


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
@pytest.mark.parametrize("person", [ALICE, BOB], ids=["alice", "bob"])
@pytest.mark.usefixtures("trusted")
def test_logging_in(dovecot: Dovecot, person: User, tls: Tls) -> None:
    with session(dovecot, person, tls=tls) as live:
        assert live.conn.state is imap.State.AUTHENTICATED
        assert live.conn.enabled >= {"CONDSTORE", "QRESYNC"}
        assert "IDLE" in live.conn.capabilities
    assert live.conn.in_flight == 0


@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.parametrize("initial_response", [True, False])
def test_every_mechanism(dovecot: Dovecot, name: str, initial_response: bool) -> None:
    from hongyan.sasl import mechanism

    talk = mechanism(
        name, Credentials(BOB.address, BOB.password), service=Service("imap", LOOPBACK)
    )
    with BlockingDriver(Endpoint.parse(dovecot.imap_url(tls="none"))).connect() as driver:
        conn = Connection()
        driver.run(imap.open_session(conn, None, use_starttls=False, terms=Terms(disclose=True)))
        driver.run(imap.authenticate(conn, talk, initial_response=initial_response))
        assert conn.state is imap.State.AUTHENTICATED


def test_login_itself_and_a_wrong_password(dovecot: Dovecot) -> None:
    with BlockingDriver(Endpoint.parse(dovecot.imap_url(tls="none"))).connect() as driver:
        conn = Connection()
        driver.run(imap.greet(conn))
        with pytest.raises(AuthenticationRefused, match="AUTHENTICATIONFAILED"):
            driver.run(imap.login_plainly(conn, Credentials(ALICE.address, "wrong")))
        driver.run(imap.login_plainly(conn, Credentials(ALICE.address, ALICE.password)))
        assert conn.state is imap.State.AUTHENTICATED


class Basket:
    """Collects whole messages by UID."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.whole: dict[int | None, bytes] = {}

    def sink(self, _: imap.Fetched, __: imap.Body, chunk: bytes, last: bool) -> None:
        self.parts.append(chunk)

    def take(self, message: imap.Fetched) -> None:
        self.whole[message.uid] = b"".join(self.parts)
        self.parts.clear()


def test_messages_come_byte_for_byte(dovecot: Dovecot, user: User) -> None:
    dovecot.fill(user, LETTERS)
    basket = Basket()
    with session(dovecot, user) as live:
        box = live.run(imap.select(live.conn, "INBOX", read_only=True))
        assert (box.exists, box.read_only) == (3, True)
        window = imap.Window(commands=2, messages=1)
        uids = NumberSet.spanning([(1, 3)])
        items: list[str | Peek] = ["RFC822.SIZE", Peek()]
        failures = live.run(
            imap.fetch(live.conn, uids, items, sink=basket.sink, take=basket.take, window=window)
        )
    assert not failures
    assert list(basket.whole.values()) == dovecot.messages(user)


def test_structures_and_headers(dovecot: Dovecot, user: User) -> None:
    dovecot.fill(user, LETTERS)
    taken: list[imap.Fetched] = []
    items: list[str | Peek] = ["ENVELOPE", "BODYSTRUCTURE", "INTERNALDATE", "FLAGS", "MODSEQ"]
    with session(dovecot, user) as live:
        live.run(imap.select(live.conn, "INBOX"))
        asked: list[str | Peek] = [*items, Peek(fields=("Subject", "X-None")), Peek("1", count=5)]
        live.run(imap.fetch(live.conn, NumberSet.since(1), asked, take=taken.append))
    first, _, third = taken
    assert first.envelope is not None
    assert first.envelope.subject == b"one"
    assert third.structure is not None
    assert third.structure.parameters == {"charset": b"utf-8"}
    assert [(body.section, body.data) for body in first.bodies] == [
        ("HEADER.FIELDS (SUBJECT X-NONE)", b"Subject: one\r\n\r\n"),
        ("1", b"first"),
    ]
    assert first.internal_date is not None
    assert first.modseq


def test_a_large_message_passes_in_constant_memory(dovecot: Dovecot, user: User) -> None:
    letter = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 62 + b"\r\n"
    letter = letter * 20_000
    dovecot.fill(user, [letter])
    sums = hashlib.sha256()
    with session(dovecot, user) as live:
        live.run(imap.select(live.conn, "INBOX"))
        tracemalloc.start()
        live.run(
            imap.fetch(
                live.conn,
                NumberSet.of([1]),
                [Peek()],
                sink=lambda _, __, chunk, ___: sums.update(chunk),
            )
        )
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert sums.digest() == hashlib.sha256(letter).digest()
    assert peak < 4_000_000


def test_appending_and_finding(dovecot: Dovecot, user: User) -> None:
    when = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    taken: list[imap.Fetched] = []
    with session(dovecot, user) as live:
        live.run(imap.create(live.conn, "Entwürfe & 雁"))
        where = live.run(
            imap.append_message(
                live.conn,
                "Entwürfe & 雁",
                [LETTERS[1][:100], LETTERS[1][100:]],
                size=len(LETTERS[1]),
                flags=[r"\Seen", "$Goose"],
                when=when,
            )
        )
        assert where is not None
        box = live.run(imap.select(live.conn, "Entwürfe & 雁"))
        assert box.uid_validity == where.uid_validity
        live.run(
            imap.fetch(
                live.conn, where.uids, ["FLAGS", "INTERNALDATE", "RFC822.SIZE"], take=taken.append
            )
        )
        found = live.run(imap.search(live.conn, ["KEYWORD", "$Goose", ["SUBJECT", "two"]]))
        none = live.run(imap.search(live.conn, ["SUBJECT", "鸿雁"]))
        names = [each.name for each, _ in live.run(imap.list_mailboxes(live.conn))]
    (message,) = taken
    assert {r"\Seen", "$Goose"} <= set(message.flags or ())
    assert (message.size, message.internal_date) == (len(LETTERS[1]), when)
    assert found.numbers == where.uids
    assert none.numbers == NumberSet()
    assert "Entwürfe & 雁" in names


def test_an_append_of_another_length_ends_the_session(dovecot: Dovecot, user: User) -> None:
    with session(dovecot, user) as live:
        with pytest.raises(InvalidArgument, match="shorter"):
            live.run(imap.append_message(live.conn, "INBOX", [b"too few"], size=100))
        assert live.conn.state is imap.State.LOGOUT
    assert dovecot.messages(user) == []


def test_a_refused_append_leaves_the_session_usable(dovecot: Dovecot, user: User) -> None:
    with session(dovecot, user) as live:
        with pytest.raises(Refused, match="TRYCREATE"):
            live.run(imap.append_message(live.conn, "nowhere", [b"x: y\r\n\r\n"], size=8))
        live.run(imap.noop(live.conn))


def test_flags_moves_and_expunges(dovecot: Dovecot, user: User) -> None:
    dovecot.fill(user, LETTERS)
    all_of_them = NumberSet.spanning([(1, 3)])
    with session(dovecot, user) as live:
        box = live.run(imap.select(live.conn, "INBOX"))
        assert box.modseq is not None
        live.run(imap.store(live.conn, NumberSet.of([2]), Change.ADD, [r"\Flagged"]))
        left = live.run(
            imap.store(live.conn, all_of_them, Change.ADD, [r"\Seen"], unchanged_since=box.modseq)
        )
        assert left == NumberSet.of([2])
        copied = live.run(imap.copy(live.conn, NumberSet.of([1, 3]), "Sent"))
        moved = live.run(imap.move(live.conn, NumberSet.of([3]), "Sent"))
        assert copied is not None
        assert moved is not None
        assert [source for source, _ in (*copied.pairs, *moved.pairs)] == [1, 3, 3]
        live.run(imap.store(live.conn, NumberSet.of([1, 2]), Change.ADD, [r"\Deleted"]))
        live.run(imap.uid_expunge(live.conn, NumberSet.of([1])))
        status = live.run(imap.status(live.conn, "Sent", ["MESSAGES", "UIDNEXT", "SIZE"]))
        assert status.values["MESSAGES"] == 3
        live.run(imap.unselect(live.conn))
    gone = [each.uids for each in live.heard if isinstance(each, imap.Vanished)]
    assert gone == [NumberSet.of([3]), NumberSet.of([1])]
    assert len(dovecot.messages(user)) == 1


def test_what_changed_meanwhile_comes_with_select(dovecot: Dovecot, user: User) -> None:
    dovecot.fill(user, LETTERS)
    changes: list[object] = []
    with session(dovecot, user) as first, session(dovecot, user) as second:
        before = first.run(imap.select(first.conn, "INBOX"))
        assert before.uid_validity
        assert before.modseq
        first.run(imap.unselect(first.conn))
        second.run(imap.select(second.conn, "INBOX"))
        second.run(imap.store(second.conn, NumberSet.of([1]), Change.ADD, [r"\Deleted"]))
        second.run(imap.uid_expunge(second.conn, NumberSet.of([1])))
        second.run(imap.store(second.conn, NumberSet.of([2]), Change.REPLACE, [r"\Answered"]))
        known = imap.Known(before.uid_validity, before.modseq)
        first.run(imap.select(first.conn, "INBOX", known=known, take=changes.append))
    gone, changed = changes
    assert gone == imap.Vanished(NumberSet.of([1]), earlier=True)
    assert isinstance(changed, imap.Fetched)
    assert changed.uid == 2
    assert r"\Answered" in (changed.flags or ())


def test_idle_hears_and_is_woken(dovecot: Dovecot, user: User) -> None:
    with session(dovecot, user) as waiting, session(dovecot, user) as other:
        waiting.run(imap.select(waiting.conn, "INBOX"))

        def deliver() -> None:
            other.run(imap.append_message(other.conn, "INBOX", [LETTERS[0]], size=len(LETTERS[0])))

        timer = threading.Timer(0.2, deliver)
        timer.start()
        assert waiting.run(imap.idle(waiting.conn, seconds=10)) is Wake.DATA
        timer.join()
        assert imap.Exists(1) in waiting.heard
        threading.Timer(0.2, waiting.driver.wake).start()
        while (woken := waiting.run(imap.idle(waiting.conn, seconds=10))) is Wake.DATA:
            pass
        assert woken is Wake.CALLED
        assert waiting.run(imap.idle(waiting.conn, seconds=0.05)) is Wake.TIMEOUT


def test_mailboxes(dovecot: Dovecot, user: User) -> None:
    with session(dovecot, user) as live:
        live.run(imap.create(live.conn, "a.b"))
        live.run(imap.rename(live.conn, "a.b", "c"))
        live.run(imap.subscribe(live.conn, "c"))
        listed = live.run(
            imap.list_mailboxes(live.conn, subscribed=True, status=("MESSAGES", "UIDVALIDITY"))
        )
        names = {each.name: status for each, status in listed}
        assert names["c"] is not None
        assert names["c"].values["MESSAGES"] == 0
        uses = {each.name for each, _ in listed if each.has(r"\Sent")}
        assert uses == {"Sent"}
        live.run(imap.unsubscribe(live.conn, "c"))
        live.run(imap.delete(live.conn, "c"))
        with pytest.raises(Refused, match="exist"):
            live.run(imap.select(live.conn, "c"))
        spaces = live.run(imap.namespace(live.conn))
        assert spaces.personal[0].delimiter == "."


# imaptest's scripts that only search; the others first change flags or remove messages
ONLY_SEARCHING = {"search-addresses", "search-body", "search-header"}


def imaptest() -> list[Any]:
    path = CORPUS / "imaptest" / "scripts.json"
    read = json.loads(path.read_text("utf-8")) if path.exists() else []
    return [each for each in read if each["id"] in ONLY_SEARCHING]


def searches(script: str) -> Iterator[tuple[list[str], set[int]]]:
    """Yield the plain searches of a script and the numbers that each must find."""
    lines = [line.strip() for line in script.splitlines()]
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if not after.startswith("* search") or "$" in line + after:
            continue
        if line.startswith("ok search ") and not re.search(r"[(){]|\bnot\b|\bor\b", line):
            words = shlex.split(line.removeprefix("ok search ").replace("\\", "\\\\"))
            yield words, {int(word) for word in after.split()[2:]}


@pytest.mark.parametrize("script", [pytest.param(each, id=each["id"]) for each in imaptest()])
def test_imaptest_searches(dovecot: Dovecot, user: User, script: Any) -> None:
    wanted = list(searches(script["script"]))
    assert len(wanted) > 5
    mbox = (CORPUS / "imaptest" / script["mbox"]).read_bytes()
    letters = re.split(rb"(?m)^From [^\n]*\n", mbox)[1:]
    dovecot.fill(user, [each.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for each in letters])
    with session(dovecot, user) as live:
        live.run(imap.select(live.conn, "INBOX"))
        for words, numbers in wanted:
            found = live.run(imap.search(live.conn, words))
            assert found.numbers is not None
            assert set(found.numbers) == numbers, words


def test_imaplib_sees_the_same(dovecot: Dovecot, user: User) -> None:
    dovecot.fill(user, LETTERS)
    taken: list[imap.Fetched] = []
    with session(dovecot, user) as live:
        live.run(imap.select(live.conn, "INBOX", read_only=True))
        live.run(imap.fetch(live.conn, NumberSet.since(1), [Peek()], take=taken.append))
    with imaplib.IMAP4(LOOPBACK, dovecot.imap, timeout=10) as client:
        client.login(user.address, user.password)
        client.select("INBOX", readonly=True)
        _, data = client.uid("FETCH", "1:*", "(BODY.PEEK[])")
    theirs = [each[1] for each in data if isinstance(each, tuple)]
    ours = [message.bodies[0].data for message in taken]
    assert [a == b for a, b in zip(ours, theirs, strict=True)] == [True, False, True]
    assert taken[1].bodies[0].size == len(theirs[1])  # above the limit, and nobody took it
