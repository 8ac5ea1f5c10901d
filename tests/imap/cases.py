"""The flows that the IMAP transcripts are tried with."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Final

from hongyan import imap
from hongyan.errors import (
    AuthenticationRefused,
    ConnectionLost,
    ProtocolError,
    Refused,
    Unsafe,
)
from hongyan.flow import Wake
from hongyan.imap import Body, Connection, Fetched, NumberSet
from hongyan.sasl import Credentials, Service, Terms
from tests.support.dialogue import INJECTED, Case

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.imap.connection import News

ANNA = Credentials("anna", "secret")


def connection(heard: list[News] | None = None) -> Connection:
    """An engine whose tags count up, so that a transcript can know them."""
    numbers = count(1)
    return Connection(
        tags=lambda: f"A{next(numbers)}",
        listener=heard.append if heard is not None else None,
        limits=imap.Limits(held=64),
    )


class Basket:
    """A sink that keeps the bodies of whole messages, and remembers what was begun."""

    def __init__(self) -> None:
        self.begun: dict[int, bytes] = {}
        self.whole: dict[int | None, bytes] = {}

    def sink(self, message: Fetched, _: Body, chunk: bytes, last: bool) -> None:
        self.begun[message.seq] = self.begun.get(message.seq, b"") + chunk

    def take(self, message: Fetched) -> None:
        self.whole[message.uid] = self.begun.pop(message.seq, b"")


def opened(
    conn: Connection, credentials: Credentials | None = ANNA, *, starttls: bool = False
) -> Flow[None]:
    yield from imap.open_session(
        conn, credentials, use_starttls=starttls, terms=Terms(disclose=True)
    )


def login(
    credentials: Credentials = ANNA,
    *,
    starttls: bool = False,
    disclose: bool = True,
    initial_response: bool = True,
) -> Flow[str]:
    conn = connection()
    yield from imap.open_session(
        conn,
        credentials,
        use_starttls=starttls,
        terms=Terms(disclose=disclose),
        identity={"name": "Hongyan"},
        initial_response=initial_response,
    )
    yield from imap.logout(conn)
    return conn.state.name


def session() -> Flow[list[object]]:
    heard: list[News] = []
    conn = connection(heard)
    basket = Basket()
    yield from opened(conn)
    listed = yield from imap.list_mailboxes(conn, status=("MESSAGES",))
    box = yield from imap.select(conn, "INBOX")
    failures = yield from imap.fetch(
        conn,
        NumberSet.of([1, 2, 3, 9]),
        ["FLAGS", imap.Peek()],
        sink=basket.sink,
        take=basket.take,
    )
    found = yield from imap.search(conn, ["SUBJECT", "鸿雁", "UNSEEN"])
    left = yield from imap.store(
        conn, NumberSet.of([1, 2]), imap.Change.ADD, [r"\Seen"], unchanged_since=12
    )
    moved = yield from imap.move(conn, NumberSet.of([1]), "Entwürfe")
    yield from imap.unselect(conn)
    yield from imap.logout(conn)
    names = [(each.name, status and status.values["MESSAGES"]) for each, status in listed]
    uids = str(found.numbers)
    pairs = moved.pairs if moved else None
    return [
        names, (box.exists, box.uid_validity, box.modseq), basket.whole, failures, uids, str(left),
        pairs, [type(each).__name__ for each in heard],
    ]  # fmt: skip


def windowed(*, leave: bool = False) -> Flow[list[object]]:
    conn = connection()
    taken: list[int | None] = []
    yield from opened(conn)
    yield from imap.select(conn, "INBOX")
    failures = yield from imap.fetch(
        conn,
        NumberSet.spanning([(1, 6)]),
        ["FLAGS"],
        take=lambda message: taken.append(message.uid),
        window=imap.Window(commands=2, messages=2),
        leave=leave,
    )
    if leave:
        yield from imap.logout(conn)
    return [taken, [(str(each.uids), each.error.code, each.error.temporary) for each in failures]]


def in_one_flight() -> Flow[object]:
    conn = connection()
    taken: list[int | None] = []
    yield from opened(conn)
    requests = [
        imap.select_request(conn, "INBOX", read_only=True),
        imap.fetch_request(
            NumberSet.since(1), ["FLAGS"], take=lambda message: taken.append(message.uid)
        ),
    ]
    outcomes = yield from imap.ask_each(conn, requests, leave=True)
    yield from imap.logout(conn)
    return [taken, [str(each) for each in outcomes if isinstance(each, Refused)], conn.state.name]


def search_deleted() -> Flow[object]:
    conn = connection()
    yield from opened(conn)
    yield from imap.select(conn, "INBOX")
    return (yield from imap.search(conn, ["DELETED"]))


def move() -> Flow[object]:
    conn = connection()
    yield from opened(conn)
    yield from imap.select(conn, "INBOX")
    return (yield from imap.move(conn, NumberSet.of([2]), "Trash"))


def leave() -> Flow[str]:
    conn = connection()
    yield from opened(conn)
    yield from imap.select(conn, "INBOX")
    yield from imap.unselect(conn)
    return conn.state.name


def cut() -> Flow[None]:
    conn = connection()
    basket = Basket()
    yield from opened(conn)
    yield from imap.select(conn, "INBOX")
    try:
        yield from imap.fetch(
            conn, NumberSet.of([1]), [imap.Peek()], sink=basket.sink, take=basket.take
        )
    finally:
        assert basket.begun
        assert not basket.whole


def append(*chunks: bytes) -> Flow[object]:
    conn = connection()
    yield from opened(conn)
    try:
        where = yield from imap.append_message(
            conn, "Sent", chunks, size=sum(map(len, chunks)), flags=[r"\Seen"]
        )
    except Refused:
        assert conn.in_flight == 0  # so the session could go on
        raise
    yield from imap.logout(conn)
    return where


def idle() -> Flow[list[object]]:
    heard: list[News] = []
    conn = connection(heard)
    yield from opened(conn)
    yield from imap.select(conn, "INBOX")
    woken = yield from imap.idle(conn)
    late = yield from imap.idle(conn, seconds=0.2)
    yield from imap.logout(conn)
    return [woken, late, heard]


def resync() -> Flow[list[object]]:
    conn = connection()
    changes: list[object] = []
    yield from opened(conn)
    known = imap.Known(67890007, 20050715194045000, NumberSet.spanning([(41, 211), (214, 541)]))
    box = yield from imap.select(conn, "INBOX", known=known, take=changes.append)
    return [box.exists, box.modseq, changes]


def compressed() -> Flow[object]:
    conn = connection()
    basket = Basket()
    yield from opened(conn)
    yield from imap.compress(conn)
    yield from imap.select(conn, "INBOX")
    uids = NumberSet.of([1])
    yield from imap.fetch(conn, uids, [imap.Peek()], sink=basket.sink, take=basket.take)
    yield from imap.logout(conn)
    return basket.whole


def pipelined() -> Flow[list[object]]:
    heard: list[News] = []
    conn = connection(heard)
    taken: list[Fetched] = []
    yield from opened(conn)
    box, failed, seen, every = yield from imap.ask_each(
        conn,
        [
            imap.select_request(conn, "INBOX"),
            imap.fetch_request(NumberSet.since(1), ["FLAGS"], take=taken.append),
            imap.search_request(conn, ["SEEN"]),
            imap.search_request(conn),
        ],
    )
    yield from imap.logout(conn)
    assert isinstance(box, imap.Selected)
    assert isinstance(seen, imap.Found)
    assert isinstance(every, imap.Found)
    uids = [message.uid for message in taken]
    return [box.uid_validity, failed, uids, str(seen.numbers), str(every.numbers), heard]


def partial_results() -> Flow[list[object]]:
    conn = connection()
    uids: list[int | None] = []
    yield from opened(conn)
    yield from imap.select(conn, "INBOX")
    found = yield from imap.search(conn, partial=(-1, -3))
    yield from imap.fetch(
        conn,
        NumberSet.since(1),
        ["FLAGS"],
        partial=(-1, -2),
        take=lambda message: uids.append(message.uid),
    )
    return [str(found.numbers), uids]


def by_uid_alone() -> Flow[list[object]]:
    heard: list[News] = []
    conn = connection(heard)
    uids: list[int | None] = []
    octets: list[int] = []
    yield from opened(conn)
    enabled = yield from imap.enable(conn, "UIDONLY")
    yield from imap.select(conn, "INBOX")
    yield from imap.fetch(
        conn,
        NumberSet.since(1),
        ["FLAGS", imap.Peek()],
        sink=lambda _, __, chunk, ___: octets.append(len(chunk)),
        take=lambda message: uids.append(message.uid),
    )
    yield from imap.logout(conn)
    return [sorted(enabled), uids, sum(octets), heard[1:]]


def replaced() -> Flow[object]:
    conn = connection()
    yield from opened(conn)
    yield from imap.select(conn, "Drafts")
    letter = imap.Letter([b"S: x\r\n\r\n"], 8, [r"\Draft"])
    return (yield from imap.replace(conn, 4, "Drafts", letter))


def visit(host: str, *items: imap.Item) -> Flow[list[Fetched]]:
    """Open a session as the program does, with a server of that name, and look at the inbox."""
    conn = connection()
    taken: list[Fetched] = []
    yield from arrived(conn, host)
    yield from imap.select(conn, "INBOX")
    yield from imap.fetch(conn, NumberSet.since(1), items, take=taken.append)
    yield from imap.logout(conn)
    return taken


def arrived(conn: Connection, host: str) -> Flow[None]:
    yield from imap.open_session(
        conn,
        ANNA,
        use_starttls=False,
        terms=Terms(disclose=True, service=Service("imap", host)),
        identity={"name": "Hongyan"},
    )


def structures(host: str) -> Flow[list[object]]:
    """What the quirks tell of: sender's host, message-id, parts with their size and description."""
    taken = yield from visit(host, "FLAGS", "ENVELOPE", "BODYSTRUCTURE")
    found: list[object] = []
    for each in taken:
        assert each.envelope
        assert each.structure
        senders = [one.host for one in each.envelope.from_]
        parts = [
            (
                number,
                part.kind,
                part.size,
                part.description,
                part.disposition and part.disposition.kind,
            )
            for number, part in each.structure.walk()
        ]
        found.append((each.uid, senders, each.envelope.message_id, parts))
    return found


def bodies(host: str, *items: imap.Item) -> Flow[list[object]]:
    taken = yield from visit(host, *items)
    return [(each.uid, [(body.section, body.data) for body in each.bodies]) for each in taken]


def rounded() -> Flow[int]:
    (message,) = yield from visit("imap.mail.ru", "BODYSTRUCTURE")
    assert message.structure
    return message.structure.size


def gmail() -> Flow[list[object]]:
    conn = connection()
    taken: list[Fetched] = []
    yield from arrived(conn, "imap.gmail.com")
    yield from imap.select(conn, "INBOX")
    items = ["FLAGS", "X-GM-MSGID", "X-GM-THRID", "X-GM-LABELS"]
    yield from imap.fetch(conn, NumberSet.since(1), items, take=taken.append)
    labels = [r"\Starred", "字件 x"]
    yield from imap.store_labels(conn, NumberSet.of([11]), imap.Change.ADD, labels)
    yield from imap.logout(conn)
    (message,) = taken
    return [
        message.flags,
        message.gmail_message,
        message.gmail_labels,
        conn.manners.removal_archives,
    ]


def courier() -> Flow[list[object]]:
    conn = connection()
    yield from arrived(conn, "mail.example.org")
    spaces = yield from imap.namespace(conn)
    prefix = spaces.personal[0].prefix.decode()
    yield from imap.create(conn, f"{prefix}Entwürfe")
    box = yield from imap.select(conn, "INBOX")
    yield from imap.logout(conn)
    return [prefix, box.uid_next]


def in_flight() -> Flow[list[int]]:
    conn = connection()
    yield from arrived(conn, "outlook.office365.com")
    asked = [imap.status_request(conn, f"m{n}", ["MESSAGES"]) for n in range(10)]
    states = yield from imap.ask_each(conn, asked)
    return [each.values["MESSAGES"] for each in states if isinstance(each, imap.MailboxStatus)]


def select(name: str = "INBOX") -> Flow[object]:
    conn = connection()
    yield from opened(conn)
    return (yield from imap.select(conn, name))


CASES: Final[dict[str, Case]] = {
    "imap/session": Case(
        session,
        [
            [("INBOX", 3), ("Entwürfe", 0), ("a&b", None)],
            (3, 3857529045, 715194045007),
            {1: b"S: one\r\n\r\n", 2: b"x" * 70 + b"\r\n", 3: b""},
            (),
            "1:2",
            "2",
            ((1, 7),),
            ["Enabled", "Exists", "Fetched", "Vanished"],
        ],
    ),
    "imap/windowed": Case(windowed, [[1, 2, 5, 6], [("3:4", "UNAVAILABLE", True)]]),
    **{
        name: Case(partial(windowed, leave=True), [[1, 2, 5, 6], [("3:4", "UNAVAILABLE", True)]])
        for name in ("imap/leaving", "imap/leaving_cut", "imap/leaving_answered_first")
    },
    "imap/in_one_flight": Case(in_one_flight, [[7, 9], [], "LOGOUT"]),
    "imap/in_one_flight_refused": Case(
        in_one_flight, [[], ["no such mailbox", "no mailbox is open"], "LOGOUT"]
    ),
    "imap/out_of_order": Case(windowed, [[3], [("1:2", "UNAVAILABLE", True)]]),
    "imap/search_by_number": Case(
        search_deleted, error=ProtocolError, says="numbers where UIDs were asked"
    ),
    "imap/move_without_move": Case(move, imap.CopyUid(9, ((2, 5),))),
    "imap/move_unsafe": Case(move, error=Unsafe, says="without removing others"),
    "imap/leaving_without_unselect": Case(leave, "AUTHENTICATED"),
    "imap/cut_in_literal": Case(cut, error=ConnectionLost, says="closed the connection"),
    "imap/starttls": Case(partial(login, starttls=True), "LOGOUT"),
    "imap/starttls_refused": Case(
        partial(login, starttls=True), error=Unsafe, says="does not start TLS"
    ),
    "imap/injection": Case(
        partial(login, starttls=True), error=INJECTED, says="between its reply|TLS"
    ),
    "imap/injection_partial": Case(
        partial(login, starttls=True), error=INJECTED, says="between its reply|TLS"
    ),
    "imap/preauth_before_tls": Case(
        partial(login, starttls=True), error=Unsafe, says="logged in before TLS"
    ),
    "imap/preauth": Case(login, "LOGOUT"),
    "imap/bye": Case(login, error=Refused, says="UNAVAILABLE Too many"),
    "imap/bad_greeting": Case(login, error=ProtocolError, says="no IMAP response: '220 mail"),
    "imap/tagged_greeting": Case(login, error=ProtocolError, says="greeting is none"),
    "imap/login_disabled": Case(login, error=Unsafe, says="takes no password"),
    "imap/in_clear": Case(partial(login, disclose=False), error=Unsafe, says="open line"),
    "imap/wrong_password": Case(
        login, error=AuthenticationRefused, says="AUTHENTICATIONFAILED Nope .check the user"
    ),
    "imap/unavailable": Case(login, error=Refused, says="UNAVAILABLE Come back"),
    "imap/plain_in_two_steps": Case(login, "LOGOUT"),
    "imap/initial_response_lie": Case(login, "LOGOUT"),
    "imap/no_initial_response": Case(partial(login, initial_response=False), "LOGOUT"),
    "imap/netease": Case(
        partial(structures, "imap.163.com"),
        [
            (
                1733220355,
                [b"example.com"],
                b"<1@smtp.example.com>",
                [
                    ("1", "text/html", 1224, None, None),
                    ("2", "application/octet-stream", 65322, b'""', None),
                ],
            )
        ],
    ),
    "imap/qq": Case(
        partial(structures, "imap.qq.com"),
        [
            (
                3933,
                [b"example.com\\"],
                b"<93e4@example.com>",
                [("1", "text/plain", 62, None, None)],
            ),
            (3934, [b"qq.com"], b"<6a13@example.com>", [("1", "text/plain", 5, None, None)]),
            (
                3935,
                [],
                b"<3@example.com>",
                [
                    ("1", "text/plain", 119, None, None),
                    ("2", "application/pdf", 257328, None, "attachment"),
                ],
            ),
        ],
    ),
    "imap/exchange": Case(
        partial(structures, "outlook.office365.com"),
        [
            (
                67,
                [b"example.com"],
                b"<7865@example.com>",
                [
                    ("1", "text/plain", 850, None, "inline"),
                    ("2", "text/html", 14692, None, "inline"),
                ],
            )
        ],
    ),
    "imap/exchange_not_connected": Case(
        partial(visit, "outlook.office365.com"),
        error=Refused,
        says="authenticated but not connected",
    ),
    "imap/exchange_flight": Case(in_flight, list(range(10))),
    "imap/icloud": Case(
        partial(bodies, "imap.mail.me.com", "FLAGS", imap.Peek()), [(7, [("", b"a: b\r\n")])]
    ),
    "imap/gmail": Case(
        gmail,
        [(r"\Seen", "[Done]"), 1278455344230334865, (rb"\Inbox", b"&W5dO9g-", b"NIL"), True],
    ),
    "imap/yandex": Case(
        partial(bodies, "imap.yandex.ru", imap.Peek("1.2")), [(4, [("1.2", None)])]
    ),
    "imap/mail_ru": Case(rounded, 9373600),
    "imap/courier": Case(courier, ["INBOX.", None]),
    "imap/proton_bridge": Case(
        partial(visit, "127.0.0.1", "FLAGS"),
        [Fetched(1, uid=51950, flags=(r"\Seen", "NonJunk"))],
    ),
    "imap/append": Case(
        partial(append, b"S: x\r\n", b"\r\n"), imap.AppendUid(38505, NumberSet.of([3955]))
    ),
    "imap/append_unasked": Case(partial(append, b"S: x\r\n", b"\r\n")),
    "imap/append_refused": Case(
        partial(append, b"S: x\r\n\r\n"), error=Refused, says="TRYCREATE No such mailbox"
    ),
    "imap/append_over_quota": Case(
        partial(append, b"S: x\r\n\r\n"), error=Refused, says="OVERQUOTA Full"
    ),
    "imap/append_answered_too_soon": Case(
        partial(append, b"S: x\r\n\r\n"), error=ProtocolError, says="before it was wholly sent"
    ),
    "imap/append_too_big": Case(
        partial(append, b"S: x\r\n\r\n"), error=Refused, says="TOOBIG the server takes"
    ),
    "imap/idle": Case(idle, [Wake.DATA, Wake.TIMEOUT, [imap.Exists(4), imap.Expunged(2)]]),
    "imap/resync": Case(
        resync,
        [
            314,
            20050715194046000,
            [
                imap.Vanished(NumberSet.spanning([(41, 41), (43, 116)]), earlier=True),
                Fetched(49, uid=117, flags=(r"\Seen", r"\Answered"), modseq=90060115194045001),
            ],
        ],
    ),
    "imap/compress": Case(compressed, {1: b"x" * 90}),
    "imap/compress_refused": Case(compressed, error=Refused, says="COMPRESSIONACTIVE"),
    "imap/pipelined": Case(
        pipelined,
        [7, None, [1], "", "1:2", [Fetched(9, uid=2, flags=(r"\Seen",))]],
    ),
    "imap/partial": Case(partial_results, ["1998:2000", [2000, 1999]]),
    "imap/uidonly": Case(
        by_uid_alone,
        [
            ["UIDONLY"],
            [25996, 25998],
            71,
            [
                imap.Vanished(NumberSet.of([25997]), earlier=False),
                imap.Condition(
                    imap.Status.OK,
                    "still at it",
                    imap.Code("INPROGRESS", imap.Progress("A4", 1, 2)),
                ),
            ],
        ],
    ),
    "imap/replace": Case(replaced, imap.AppendUid(1, NumberSet.of([2000]))),
    "imap/another_mailbox": Case(select, error=ProtocolError, says="another mailbox"),
    "imap/select_refused": Case(
        partial(select, "../../x"), error=Refused, says="NONEXISTENT Mailbox does not"
    ),
    "imap/unknown_tag": Case(select, error=ProtocolError, says="a command never sent: A9"),
    "imap/bye_midway": Case(select, error=ConnectionLost, says="ended the session: Shutting"),
}
