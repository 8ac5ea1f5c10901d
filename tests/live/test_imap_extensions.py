"""IMAP's extensions against Dovecot: compression, news, many commands in flight, the server's orders."""

from __future__ import annotations

import hashlib
import threading

import pytest

from hongyan import imap
from hongyan.errors import Refused, Unsafe
from hongyan.flow import Wake
from hongyan.imap import SAVED, Change, Letter, NumberSet, Peek
from tests.live.imap import new_user, session
from tests.live.servers import Dovecot, User

LETTERS = [
    b"Subject: b\r\nMessage-ID: <1@x>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\nfirst\r\n",
    b"Subject: a\r\nMessage-ID: <2@x>\r\nDate: Sun, 1 Mar 2026 10:00:00 +0000\r\n\r\nsecond\r\n" + b"x" * 80_000 + b"\r\n",
    (b"Subject: Re: b\r\nMessage-ID: <3@x>\r\nIn-Reply-To: <1@x>\r\nReferences: <1@x>\r\n"
    b"Date: Tue, 3 Mar 2026 10:00:00 +0000\r\n\r\nthird\r\n"),
]  # fmt: skip
EVERYTHING = NumberSet.spanning([(1, 3)])


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    made = new_user(dovecot)
    dovecot.fill(made, LETTERS)
    return made


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", ["none", "starttls"])
def test_compression_changes_nothing(dovecot: Dovecot, user: User, tls: str) -> None:
    sums = hashlib.sha256()
    with session(dovecot, user, tls=tls) as live:  # type: ignore[arg-type]  # of the parametrize
        live.run(imap.compress(live.conn))
        live.run(imap.select(live.conn, "INBOX"))
        live.run(
            imap.fetch(
                live.conn,
                EVERYTHING,
                [Peek()],
                sink=lambda _, __, chunk, ___: sums.update(chunk),
            )
        )
        size = len(LETTERS[1])
        live.run(imap.append_message(live.conn, "INBOX", [LETTERS[1]], size=size))
        with pytest.raises((Refused, Unsafe)):
            live.run(imap.compress(live.conn))
        live.run(imap.noop(live.conn))
    assert sums.digest() == hashlib.sha256(b"".join(LETTERS)).digest()
    assert dovecot.messages(user)[-1] == LETTERS[1]


def test_opening_and_reading_in_one_flight(dovecot: Dovecot, user: User) -> None:
    taken: list[imap.Fetched] = []
    with session(dovecot, user) as live:
        conn = live.conn
        box, failed, found = live.run(
            imap.ask_each(
                conn,
                [
                    imap.select_request(conn, "INBOX"),
                    imap.fetch_request(NumberSet.since(1), ["FLAGS"], take=taken.append),
                    imap.search_request(conn),
                ],
            )
        )
        refused = live.run(
            imap.ask_each(
                conn,
                [
                    imap.select_request(conn, "nowhere"),
                    imap.fetch_request(NumberSet.since(1), ["FLAGS"]),
                ],
            )
        )
        live.run(imap.noop(conn))
    assert isinstance(box, imap.Selected)
    assert (box.exists, failed) == (3, None)
    assert isinstance(found, imap.Found)
    assert found.numbers == EVERYTHING
    assert [message.uid for message in taken] == [1, 2, 3]
    assert all(isinstance(each, Refused) for each in refused)


def test_many_states_in_one_flight(dovecot: Dovecot, user: User) -> None:
    with session(dovecot, user) as live:
        names = ["INBOX", "Sent", "nowhere", "inbox"]
        asked = [imap.status_request(live.conn, name) for name in names]
        answers = live.run(imap.ask_each(live.conn, asked))
    counts = [
        each.values["MESSAGES"] if isinstance(each, imap.MailboxStatus) else each.code
        for each in answers
    ]
    assert counts == [3, 0, "", 3]


def test_several_appends_at_once(dovecot: Dovecot, user: User) -> None:
    letters = [Letter([each], len(each), [r"\Seen"]) for each in LETTERS]
    with session(dovecot, user) as live:
        placed = live.run(imap.append_messages(live.conn, "Sent", letters))
        status = live.run(imap.status(live.conn, "Sent", ["MESSAGES", "SIZE"]))
        assert placed is not None
        assert placed.uids == EVERYTHING
        assert status.values == {"MESSAGES": 3, "SIZE": sum(map(len, LETTERS))}
        small = [
            imap.append_request(live.conn, "Sent", [Letter([LETTERS[0]], len(LETTERS[0]))])
            for _ in range(5)
        ]
        results = live.run(imap.ask_each(live.conn, small))
    assert [str(each.uids) for each in results if isinstance(each, imap.AppendUid)] == list("45678")


def test_replacing_by_hand(dovecot: Dovecot, user: User) -> None:
    with session(dovecot, user) as live:
        live.run(imap.select(live.conn, "INBOX"))
        letter = Letter([LETTERS[0]], len(LETTERS[0]))
        placed = live.run(imap.replace(live.conn, 2, "INBOX", letter))
        found = live.run(imap.search(live.conn))
    assert placed is not None
    assert placed.uids == NumberSet.of([4])
    assert found.numbers == NumberSet.of([1, 3, 4])


def test_what_a_search_keeps(dovecot: Dovecot, user: User) -> None:
    with session(dovecot, user) as live:
        live.run(imap.select(live.conn, "INBOX"))
        counted = live.run(
            imap.search(live.conn, ["SUBJECT", "b"], results=["SAVE", "COUNT", "MIN", "MAX"])
        )
        live.run(imap.store(live.conn, SAVED, Change.ADD, [r"\Flagged"]))
        copied = live.run(imap.copy(live.conn, SAVED, "Sent"))
        flagged = live.run(imap.search(live.conn, ["FLAGGED"]))
        young = live.run(imap.search(live.conn, ["YOUNGER", 86400]))
    assert (counted.count, counted.lowest, counted.highest) == (2, 1, 3)
    assert copied is not None
    assert [source for source, _ in copied.pairs] == [1, 3]
    assert flagged.numbers == NumberSet.of([1, 3])
    assert young.numbers == EVERYTHING


def test_orders_and_conversations(dovecot: Dovecot, user: User) -> None:
    with session(dovecot, user) as live:
        live.run(imap.select(live.conn, "INBOX"))
        by_date = live.run(imap.sort(live.conn, ["REVERSE", "DATE"]))
        by_subject = live.run(imap.sort(live.conn, ["SUBJECT", "DATE"], ["UNSEEN"]))
        threads = live.run(imap.thread(live.conn))
        with pytest.raises(Unsafe, match="THREAD=X"):
            live.run(imap.thread(live.conn, algorithm="X"))
    assert by_date == (3, 1, 2)
    assert by_subject == (2, 1, 3)
    assert set(threads.items) == {(1, -1), (3, 0), (2, -1)} or set(threads.items) == {
        (2, -1), (1, -1), (3, 1),
    }  # fmt: skip


def test_previews_dates_and_binary_parts(dovecot: Dovecot, user: User) -> None:
    taken: list[imap.Fetched] = []
    with session(dovecot, user) as live:
        live.run(imap.select(live.conn, "INBOX"))
        items: list[imap.Item] = ["PREVIEW", "SAVEDATE", Peek("1", binary=True)]
        live.run(imap.fetch(live.conn, NumberSet.of([1]), items, take=taken.append))
        live.run(imap.fetch(live.conn, NumberSet.of([1]), [imap.LAZY_PREVIEW], take=taken.append))
    assert [each.preview for each in taken] == [b"first", b"first"]
    assert taken[0].save_date is not None
    assert taken[0].bodies == (imap.Body("1", b"first\r\n", 7, binary=True),)


def test_room(dovecot: Dovecot, user: User) -> None:
    with session(dovecot, user) as live:
        (quota,) = live.run(imap.quota(live.conn))
    used, limit = quota.resources["STORAGE"]
    assert limit == 1024 * 1024
    assert 0 < used < 200


def test_news_of_all_mailboxes(dovecot: Dovecot, user: User) -> None:
    with session(dovecot, user) as waiting, session(dovecot, user) as other:
        waiting.run(imap.select(waiting.conn, "INBOX"))
        waiting.run(imap.notify(waiting.conn, items=["FLAGS", "RFC822.SIZE"]))
        letter = LETTERS[0]

        def deliver() -> None:
            other.run(imap.append_message(other.conn, "INBOX", [letter], size=len(letter)))
            other.run(imap.append_message(other.conn, "Sent", [letter], size=len(letter)))

        timer = threading.Timer(0.1, deliver)
        timer.start()
        wanted = {"Fetched", "MailboxStatus"}
        for _ in range(10):
            assert waiting.run(imap.idle(waiting.conn, seconds=5)) is Wake.DATA
            if wanted <= {type(each).__name__ for each in waiting.heard}:
                break
        timer.join()
        (new,) = [each for each in waiting.heard if isinstance(each, imap.Fetched)]
        (sent,) = [each for each in waiting.heard if isinstance(each, imap.MailboxStatus)]
        waiting.run(imap.notify_nothing(waiting.conn))
    assert (new.uid, new.size) == (4, len(letter))
    assert (sent.name, sent.values["MESSAGES"]) == ("Sent", 1)
