"""What each IMAP server must let us do alike: Dovecot, Cyrus and Courier."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hongyan import imap
from hongyan.errors import Refused, Unsafe
from hongyan.flow import Wake
from hongyan.imap import Change, NumberSet, Peek
from tests.live.imap import new_user, session
from tests.support.generate import messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.flow import Flow
    from tests.live.courier import Courier
    from tests.live.cyrus import Cyrus
    from tests.live.imap import Server
    from tests.live.servers import User

LETTERS = list(messages(12, seed=6))
ALL = NumberSet.spanning([(1, len(LETTERS))])


@pytest.fixture
def user(imap_server: Server) -> User:
    return new_user(imap_server)


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


@pytest.mark.parametrize("compressed", [False, True])
def test_octets_come_as_they_are(imap_server: Server, user: User, compressed: bool) -> None:
    assert imap_server.fill(user, LETTERS) == len(LETTERS)
    basket = Basket()
    with session(imap_server, user) as live:
        if compressed and "COMPRESS=DEFLATE" in live.conn.capabilities:
            live.run(imap.compress(live.conn))
        box = live.run(imap.select(live.conn, "INBOX", read_only=True))
        failures = live.run(
            imap.fetch(
                live.conn,
                NumberSet.since(1),
                ["RFC822.SIZE", Peek()],
                sink=basket.sink,
                take=basket.take,
            )
        )
    assert not failures
    assert box.exists == len(LETTERS)
    assert box.uid_next in (len(LETTERS) + 1, None)  # Courier does not say
    assert sorted(basket.whole.values()) == sorted(LETTERS)
    assert sorted(imap_server.messages(user)) == sorted(LETTERS)


def test_appending_flags_moving_and_removing(imap_server: Server, user: User) -> None:
    taken: dict[int | None, tuple[str, ...] | None] = {}
    letter = LETTERS[0]
    with session(imap_server, user) as live:
        conn = live.conn
        live.run(imap.create(conn, "INBOX.Entwürfe" if _courier(conn) else "Entwürfe"))
        for name in ("INBOX", "INBOX", "INBOX"):
            placed = live.run(
                imap.append_message(conn, name, [letter], size=len(letter), flags=[r"\Seen"])
            )
            assert placed is not None
        live.run(imap.select(conn, "INBOX"))
        live.run(imap.store(conn, NumberSet.of([2]), Change.ADD, ["$Goose", r"\Flagged"]))
        live.run(imap.store(conn, NumberSet.of([1]), Change.REMOVE, [r"\Seen"]))
        live.run(
            imap.fetch(
                conn,
                NumberSet.since(1),
                ["FLAGS"],
                take=lambda message: taken.update({message.uid: message.flags}),
            )
        )
        target = "INBOX.Entwürfe" if _courier(conn) else "Entwürfe"
        moved = live.run(imap.move(conn, NumberSet.of([2]), target))
        left = live.run(imap.search(conn))
        status = live.run(imap.status(conn, target, ["MESSAGES", "UIDVALIDITY"]))
        with pytest.raises(Refused):
            live.run(imap.select(conn, "no such mailbox"))
        live.run(imap.noop(conn))
    assert r"\Seen" not in (taken[1] or ())
    assert {"$Goose", r"\Flagged", r"\Seen"} <= set(taken[2] or ())
    assert moved is not None
    assert [source for source, _ in moved.pairs] == [2]
    assert moved.uid_validity == status.values["UIDVALIDITY"]
    assert status.values["MESSAGES"] == 1
    assert left.numbers == NumberSet.of([1, 3])


def _courier(conn: imap.Connection) -> bool:
    return "MOVE" not in conn.capabilities


def test_texts_are_found(imap_server: Server, user: User) -> None:
    letter = "Subject: =?utf-8?b?6bi/6ZuB?=\r\n\r\n鸿雁传书\r\n".encode()
    imap_server.fill(user, [*LETTERS[:2], letter])
    with session(imap_server, user) as live:
        live.run(imap.select(live.conn, "INBOX"))
        by_subject = live.run(imap.search(live.conn, ["SUBJECT", "鸿雁"]))
        unseen = live.run(imap.search(live.conn, ["UNSEEN", ["NOT", ["DELETED"]]]))
        ordered = live.run(imap.sort(live.conn, ["REVERSE", "ARRIVAL"]))
        threads = live.run(imap.thread(live.conn))
    assert by_subject.numbers is not None
    assert len(by_subject.numbers) == 1
    assert unseen.numbers == NumberSet.spanning([(1, 3)])
    assert sorted(ordered) == [1, 2, 3]
    assert {number for number, _ in threads.items} == {1, 2, 3}


def test_waiting_for_news(imap_server: Server, user: User) -> None:
    letter = LETTERS[0]
    with session(imap_server, user) as waiting, session(imap_server, user) as other:
        waiting.run(imap.select(waiting.conn, "INBOX"))

        def deliver() -> None:
            other.run(imap.append_message(other.conn, "INBOX", [letter], size=len(letter)))

        timer = threading.Timer(0.2, deliver)
        timer.start()
        while imap.Exists(1) not in waiting.heard:
            assert waiting.run(imap.idle(waiting.conn, seconds=15)) is Wake.DATA
        timer.join()


def test_what_changed_by_each_way_there_is(imap_server: Server, user: User) -> None:
    """QRESYNC where it is offered, a comparison of UIDs elsewhere: the same answer."""
    imap_server.fill(user, LETTERS)
    changes: list[imap.Fetched | imap.Vanished] = []
    with session(imap_server, user) as live, session(imap_server, user) as other:
        before = live.run(imap.select(live.conn, "INBOX"))
        known = live.run(imap.search(live.conn)).numbers
        live.run(imap.unselect(live.conn))
        other.run(imap.select(other.conn, "INBOX"))
        other.run(imap.store(other.conn, NumberSet.of([2, 3]), Change.ADD, [r"\Deleted"]))
        other.run(imap.uid_expunge(other.conn, NumberSet.of([2, 3])))
        other.run(imap.store(other.conn, NumberSet.of([5]), Change.ADD, [r"\Answered"]))
        if "QRESYNC" in live.conn.enabled:
            assert before.uid_validity
            assert before.modseq
            point = imap.Known(before.uid_validity, before.modseq, known)
            live.run(imap.select(live.conn, "INBOX", known=point, take=changes.append))
            gone = [each.uids for each in changes if isinstance(each, imap.Vanished)]
            changed = [each.uid for each in changes if isinstance(each, imap.Fetched)]
            assert (gone, changed) == ([NumberSet.of([2, 3])], [5])
        else:
            live.run(imap.select(live.conn, "INBOX"))
        now = live.run(imap.search(live.conn)).numbers
    assert known == ALL
    assert now is not None
    assert known - now == NumberSet.of([2, 3])


def test_names_and_places(imap_server: Server, user: User) -> None:
    with session(imap_server, user) as live:
        spaces = live.run(imap.namespace(live.conn))
        prefix = spaces.personal[0].prefix.decode()
        name = f"{prefix}Entwürfe & 雁"
        live.run(imap.create(live.conn, name))
        live.run(imap.subscribe(live.conn, name))
        listed = {each.name for each, _ in live.run(imap.list_mailboxes(live.conn))}
        live.run(imap.rename(live.conn, name, f"{prefix}x"))
        live.run(imap.delete(live.conn, f"{prefix}x"))
        after = {each.name for each, _ in live.run(imap.list_mailboxes(live.conn))}
    assert name in listed
    assert not after & {name, f"{prefix}x"}


def test_what_is_not_offered_is_declined_before_it_is_sent(imap_server: Server, user: User) -> None:
    flows: dict[str, Callable[[imap.Connection], Flow[object]]] = {
        "COMPRESS=DEFLATE": imap.compress,
        "NOTIFY": imap.notify,
        "QUOTA": imap.quota,
        "X-GM-EXT-1": lambda conn: imap.store_labels(conn, ALL, Change.ADD, ["a"]),
        "SEARCHRES": lambda conn: imap.search(conn, results=["SAVE"]),
        "PARTIAL": lambda conn: imap.fetch(conn, ALL, ["FLAGS"], partial=(1, 2)),
    }
    with session(imap_server, user) as live:
        live.run(imap.select(live.conn, "INBOX"))
        missing = [name for name in flows if name not in live.conn.capabilities]
        assert missing
        for name in missing:
            with pytest.raises(Unsafe, match=name):
                live.run(flows[name](live.conn))


def test_what_cyrus_has_besides(cyrus: Cyrus) -> None:
    """OBJECTID (RFC 8474), SAVEDATE, PREVIEW, CREATE-SPECIAL-USE, COMPRESS, STATUS=SIZE, BINARY."""
    user = new_user(cyrus)
    cyrus.fill(user, LETTERS[:2])
    taken: list[imap.Fetched] = []
    with session(cyrus, user) as live:
        live.run(imap.create(live.conn, "Verschickt", special_use=r"\Archive"))
        listed = {each.name: each for each, _ in live.run(imap.list_mailboxes(live.conn))}
        live.run(imap.compress(live.conn))
        box = live.run(imap.select(live.conn, "INBOX"))
        status = live.run(imap.status(live.conn, "INBOX", ["MAILBOXID", "SIZE"]))
        items: list[imap.Item] = [
            "EMAILID",
            "THREADID",
            "SAVEDATE",
            "PREVIEW",
            Peek("1", binary=True),
        ]
        live.run(imap.fetch(live.conn, NumberSet.since(1), items, take=taken.append))
        size = len(LETTERS[2])
        letters = [imap.Letter([LETTERS[2]], size), imap.Letter([LETTERS[2]], size)]
        placed = live.run(imap.append_messages(live.conn, "INBOX", letters))
    assert listed["Verschickt"].has(r"\Archive")
    assert box.mailbox_id
    assert status.texts["MAILBOXID"] == box.mailbox_id
    assert status.values["SIZE"] == sum(map(len, LETTERS[:2]))
    assert all(message.email_id and message.save_date for message in taken)
    assert len({message.email_id for message in taken}) == 2
    assert placed is not None
    assert placed.uids == NumberSet.of([3, 4])


CAPABILITIES = {
    "2177": "IDLE", "2342": "NAMESPACE", "2971": "ID", "3502": "MULTIAPPEND", "3516": "BINARY",
    "3691": "UNSELECT", "4315": "UIDPLUS", "4731": "ESEARCH", "4978": "COMPRESS=DEFLATE",
    "5032": "WITHIN", "5161": "ENABLE", "5182": "SEARCHRES", "5256": "SORT", "5258": "LIST-EXTENDED",
    "5465": "NOTIFY", "5819": "LIST-STATUS", "6154": "SPECIAL-USE", "6851": "MOVE",
    "6855": "UTF8=ACCEPT", "7162": "CONDSTORE", "7888": "LITERAL+", "8438": "STATUS=SIZE",
    "8474": "OBJECTID", "8514": "SAVEDATE", "8970": "PREVIEW", "9208": "QUOTA",
}  # fmt: skip
ALONE = "by dialogues alone"


def _tried() -> list[tuple[list[str], list[str]]]:
    """Return the RFCs of each row of the table, and the servers that it names."""
    page = Path(__file__).parents[2] / "docs/standards/imap.md"
    rows = [line.strip("|").split("|") for line in page.read_text("utf-8").splitlines()]
    cells = [[cell.strip() for cell in row] for row in rows if len(row) == 5]
    return [(row[0].split(", "), row[4].split(", ")) for row in cells[2:]]


def test_the_table_names_servers_that_have_it(imap_server: Server, user: User) -> None:
    """What STANDARDS says that a server was tried with is there, of all that has a word for it."""
    own = type(imap_server).__name__
    assert {name for _, servers in _tried() for name in servers} == {
        "Dovecot", "Cyrus", "Courier", ALONE,
    }  # fmt: skip
    words = [
        CAPABILITIES[rfc]
        for rfcs, servers in _tried()
        for rfc in rfcs
        if own in servers and rfc in CAPABILITIES
    ]
    with session(imap_server, user) as live:
        assert [word for word in words if word not in live.conn.capabilities] == []
    assert "IDLE" in words


def test_utf8_where_it_is_accepted(courier: Courier) -> None:
    """RFC 6855: after ENABLE names go as UTF-8, there and back."""
    user = new_user(courier)
    with session(courier, user) as live:
        assert "UTF8=ACCEPT" in live.run(imap.enable(live.conn, "UTF8=ACCEPT"))
        assert live.conn.utf8
        live.run(imap.create(live.conn, "INBOX.鸿雁"))
        names = {each.name: each.octets for each, _ in live.run(imap.list_mailboxes(live.conn))}
        live.run(imap.select(live.conn, "INBOX.鸿雁"))
        found = live.run(imap.search(live.conn, ["SUBJECT", "雁"]))
    assert names["INBOX.鸿雁"] == "INBOX.鸿雁".encode()
    assert found.numbers == NumberSet()
