"""Servers that refuse everything, say what nobody asked for, or answer for something else.

Whatever comes, a flow ends in a value or in one of our errors, nothing stays in flight after a
refusal, and no answer that is in doubt reads as the removal of a message.
"""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from hongyan import imap
from hongyan.errors import (
    ConnectionLost,
    NetworkError,
    ProtocolError,
    Refused,
    Unsafe,
)
from hongyan.flow import Read, Running, Wait, Wake, Write
from hongyan.imap import Change, Connection, NumberSet, Peek, State
from hongyan.imap.connection import News
from tests.imap.cases import connection

if TYPE_CHECKING:
    from hongyan.flow import Flow

Answer = Callable[[str, str], bytes]
TWO = NumberSet.of([1, 2])
OFFERED = (
    "IMAP4rev1 ESEARCH UIDPLUS MOVE SORT THREAD=REFERENCES QUOTA NOTIFY REPLACE PARTIAL MULTIAPPEND LITERAL+ "
    "SEARCHRES CREATE-SPECIAL-USE LIST-STATUS LIST-EXTENDED X-GM-EXT-1 UNSELECT ENABLE ID IDLE NAMESPACE CONDSTORE QRESYNC"
)
LETTER = imap.Letter([b"S: x\r\n\r\n"], 8)


class Server:
    """Answers each command by ``answer(tag, command)``; literals are taken as they come."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._said = b""
        self.heard: list[str] = []

    def run(self, flow: Flow[Any]) -> Any:
        running = Running(flow)
        while (effect := running.effect) is not None:
            if isinstance(effect, Write):
                self._hear(effect.data)
                running.answer(None)
            elif isinstance(effect, Read):
                said, self._said = self._said, b""
                running.answer(said)
            else:
                assert isinstance(effect, Wait)
                running.answer(Wake.DATA if self._said else Wake.TIMEOUT)
        return running.result

    def _hear(self, data: bytes) -> None:
        found = re.match(rb"(A\d+) ([A-Z ]+)", data)
        if found:
            command = found[2].decode().strip()
            self.heard.append(command)
            self._said += self._answer(found[1].decode(), command)


def selected(heard: list[News] | None = None) -> Connection:
    conn = connection(heard)
    conn.receive(f"* PREAUTH [CAPABILITY {OFFERED}] hello\r\n".encode())
    conn.next_event()
    Server(lambda tag, _: f"* 2 EXISTS\r\n{tag} OK open\r\n".encode()).run(
        imap.select(conn, "INBOX")
    )
    return conn


FLOWS: dict[str, Callable[[Connection], Flow[Any]]] = {
    "capability": imap.capability,
    "noop": imap.noop,
    "identify": lambda conn: imap.identify(conn, {"name": "x"}),
    "enable": lambda conn: imap.enable(conn, "CONDSTORE"),
    "select": lambda conn: imap.select(conn, "x"),
    "examine": lambda conn: imap.select(conn, "x", read_only=True),
    "create": lambda conn: imap.create(conn, "x", special_use=r"\Sent"),
    "delete": lambda conn: imap.delete(conn, "x"),
    "rename": lambda conn: imap.rename(conn, "x", "y"),
    "subscribe": lambda conn: imap.subscribe(conn, "x"),
    "unsubscribe": lambda conn: imap.unsubscribe(conn, "x"),
    "list": lambda conn: imap.list_mailboxes(conn, status=["MESSAGES"]),
    "namespace": imap.namespace,
    "status": lambda conn: imap.status(conn, "x"),
    "append": lambda conn: imap.append_messages(conn, "x", [LETTER, LETTER]),
    "replace": lambda conn: imap.replace(conn, 1, "x", LETTER),
    "notify": imap.notify,
    "quota": imap.quota,
    "idle": imap.idle,
    "unselect": imap.unselect,
    "close": imap.close,
    "expunge": imap.expunge,
    "uid expunge": lambda conn: imap.uid_expunge(conn, TWO),
    "search": imap.search,
    "sort": lambda conn: imap.sort(conn, ["DATE"]),
    "thread": imap.thread,
    "fetch": lambda conn: imap.fetch(conn, TWO, ["FLAGS", Peek()]),
    "store": lambda conn: imap.store(conn, TWO, Change.ADD, ["x"]),
    "labels": lambda conn: imap.store_labels(conn, TWO, Change.ADD, ["x"]),
    "copy": lambda conn: imap.copy(conn, TWO, "x"),
    "move": lambda conn: imap.move(conn, TWO, "x"),
    "many": lambda conn: imap.ask_each(conn, [imap.status_request(conn, n) for n in "abc"]),
}  # fmt: skip


@pytest.mark.parametrize("code", ["", "[REFERRAL imap://elsewhere.example/] ", "[ALERT] "])
@pytest.mark.parametrize("status", ["NO", "BAD"])
@pytest.mark.parametrize("name", FLOWS)
def test_a_server_that_refuses_everything(name: str, status: str, code: str) -> None:
    """Referrals are never followed, and the session stays usable."""
    conn = selected()
    server = Server(lambda tag, _: f"{tag} {status} {code}not for you\r\n".encode())
    if name == "capability":  # which then are none
        server.run(FLOWS[name](conn))
    elif name in ("fetch", "many"):  # which tell what of it was refused
        refused = server.run(FLOWS[name](conn))
        assert len(refused) == (3 if name == "many" else 1)
        assert all(isinstance(each, Refused | imap.Failure) for each in refused)
    else:
        with pytest.raises(Refused, match="not for you"):
            server.run(FLOWS[name](conn))
    assert conn.in_flight == 0
    assert len(server.heard) == (3 if name == "many" else 1)
    Server(lambda tag, _: f"{tag} OK still here\r\n".encode()).run(imap.noop(conn))


@pytest.mark.parametrize("name", FLOWS)
def test_a_server_that_accepts_everything_and_says_nothing(name: str) -> None:
    conn = selected()
    try:
        result = Server(lambda tag, _: f"{tag} OK whatever\r\n".encode()).run(FLOWS[name](conn))
    except (ProtocolError, Refused):
        assert name in ("select", "examine", "status", "many", "idle")
    else:
        assert not result or name in ("capability", "search", "thread", "namespace", "identify")


@pytest.mark.parametrize("name", FLOWS)
def test_a_server_that_goes_away(name: str) -> None:
    conn = selected()
    with pytest.raises(ConnectionLost, match="ended the session: Shutting down"):
        Server(lambda _, __: b"* BYE Shutting down\r\n").run(FLOWS[name](conn))


UNASKED = [
    b"* 0 EXISTS", b"* 4294967295 EXISTS", b"* 1 EXPUNGE", b"* VANISHED 1:4294967295",
    b"* VANISHED (EARLIER) 1:*", b"* 7 FETCH (FLAGS (\\Deleted))", b"* 7 FETCH (UID 7 BODY[] {3}\r\nabc)",
    b'* LIST () "/" "../../etc/passwd"', b"* STATUS elsewhere (MESSAGES 0 UIDVALIDITY 1)", b"* FLAGS ()",
    b"* OK [UIDVALIDITY 0] changed", b"* OK [CLOSED] gone", b"* OK [ALERT] \x1b[31mlook", b"* NO [OVERQUOTA] full",
    b"* BAD what", b"* X-UNKNOWN {3}\r\na\r\n", b"* SEARCH 99", b'* ESEARCH (TAG "B9") UID ALL 5', b"* CAPABILITY IMAP4rev1",
    b"* OK [INPROGRESS (\"A1\" 5 10)] still at it", b'* QUOTA "" (STORAGE 1 2)', b"* OK [MESSAGELIMIT 1 2] so far",
]  # fmt: skip


@pytest.mark.parametrize("line", UNASKED)
@pytest.mark.parametrize(
    "name", [each for each in FLOWS if each not in ("idle", "select", "examine")]
)
def test_data_that_nobody_asked_for(name: str, line: bytes) -> None:
    """It reaches the listener or nobody; no flow takes it for an answer about a message of its own."""
    heard: list[News] = []
    conn = selected(heard)
    taken: list[int | None] = []
    flows = FLOWS | {
        "fetch": lambda conn: imap.fetch(
            conn, TWO, ["FLAGS"], take=lambda one: taken.append(one.uid)
        )
    }
    server = Server(lambda tag, _: line + b"\r\n" + f"{tag} OK done\r\n".encode())
    with suppress(Refused, ProtocolError, Unsafe):
        server.run(flows[name](conn))
    assert taken == []


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (b"* 1 FETCH (UID 9 BODY[] {1}\r\nx)\r\n", {}),
        (b"* 1 FETCH (BODY[] {1}\r\nx)\r\n", {}),
        (b"* 1 FETCH (UID 1 BODY[] {1}\r\nx)\r\n* 1 FETCH (UID 1 BODY[] {1}\r\ny)\r\n", {1: [b"x", b"y"]}),
        (b"* 2 EXPUNGE\r\n* 1 FETCH (UID 1 BODY[] {1}\r\nx)\r\n* 1 EXPUNGE\r\n", {1: [b"x"]}),
        (b"* 1 FETCH (UID 1 BODY[] NIL)\r\n", {1: []}),
        (b'* 1 FETCH (UID 1 BODY[] "")\r\n', {1: [b""]}),
        (b"* 1 FETCH (UID 1 RFC822 {1}\r\nx)\r\n", {1: [b"x"]}),
        (b"* 1 FETCH (UID 0 BODY[] {1}\r\nx)\r\n", {}),
    ],
)  # fmt: skip
def test_bodies_that_are_not_as_they_should_be(lines: bytes, whole: dict[int, list[bytes]]) -> None:
    """Two bodies for one UID come as two; what is stored is for whoever knows the first."""
    got: dict[int | None, list[bytes]] = {}

    def take(message: imap.Fetched) -> None:
        bodies = [body.data for body in message.bodies if body.data is not None]
        got.setdefault(message.uid, []).extend(bodies)

    conn = selected()
    server = Server(lambda tag, _: lines + f"{tag} OK done\r\n".encode())
    server.run(imap.fetch(conn, TWO, [Peek()], take=take))
    assert got == whole


@pytest.mark.parametrize("announced", ["5", "70"])
def test_a_body_of_another_length_is_none(announced: str) -> None:
    """What is missing or too much makes the response senseless: the session ends, nothing is taken."""
    conn = selected()
    taken: list[imap.Fetched] = []
    body = b"x" * (int(announced) + 3)
    lines = b"* 1 FETCH (UID 1 BODY[] {%s}\r\n%s)\r\n" % (announced.encode(), body)
    server = Server(lambda tag, _: lines + f"{tag} OK done\r\n".encode())
    with pytest.raises((ProtocolError, NetworkError)):
        server.run(imap.fetch(conn, TWO, [Peek()], take=taken.append))
    assert taken == []


@pytest.mark.parametrize(
    ("validity", "known"),
    [("1", 1), ("4294967295", 4294967295), ("0", None), ("4294967296", None), ("-1", None), ("x", None)],
)  # fmt: skip
def test_uid_validity(validity: str, known: int | None) -> None:
    conn = selected()
    said = f"* 1 EXISTS\r\n* OK [UIDVALIDITY {validity}] x\r\n* OK [UIDNEXT {validity}] x\r\n"
    box = Server(lambda tag, _: f"{said}{tag} OK open\r\n".encode()).run(imap.select(conn, "x"))
    assert (box.uid_validity, box.uid_next) == (known, known)


@pytest.mark.parametrize("said", ["", "* OK [UIDVALIDITY 1] x\r\n", "* 4294967296 EXISTS\r\n"])
def test_a_mailbox_of_unknown_size_is_not_empty(said: str) -> None:
    with pytest.raises(ProtocolError):
        Server(lambda tag, _: f"{said}{tag} OK open\r\n".encode()).run(imap.select(selected(), "x"))


def test_another_mailbox_than_asked_for() -> None:
    said = b'* 0 EXISTS\r\n* LIST () "/" Trash\r\n'
    with pytest.raises(ProtocolError, match="another mailbox"):
        Server(lambda tag, _: said + f"{tag} OK open\r\n".encode()).run(
            imap.select(selected(), "Drafts")
        )


def test_a_storm_of_expunges_costs_nothing() -> None:
    """Each reaches the listener and is forgotten."""
    count = 0

    def listener(_: News) -> None:
        nonlocal count
        count += 1

    conn = selected()
    conn.listener = listener
    storm = b"* 1 EXPUNGE\r\n" * 30_000
    tracemalloc.start()
    Server(lambda tag, _: storm + f"{tag} OK done\r\n".encode()).run(imap.noop(conn))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 3 * len(storm)


def test_searches_are_sets_whatever_their_order() -> None:
    said = b'* ESEARCH (TAG "A2") UID ALL 9,7,7,3:1,20000:10000\r\n'
    conn = selected()
    found = Server(lambda tag, _: said + f"{tag} OK done\r\n".encode()).run(imap.search(conn))
    assert str(found.numbers) == "1:3,7,9,10000:20000"


@pytest.mark.parametrize(
    "name", ["../../x", 'a"b\\c', "a'; DROP TABLE x;--", "a\x07\x1b[2J", "&broken", "é\xff"]
)
def test_names_are_data(name: str) -> None:
    """They come as octets and go back as the same octets."""
    octets = name.encode("latin-1")
    quoted = b'"' + octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    conn = selected()
    said = b'* LIST () "/" ' + quoted + b"\r\n"
    ((listed, _),) = Server(lambda tag, _: said + f"{tag} OK done\r\n".encode()).run(
        imap.list_mailboxes(conn)
    )
    assert listed.octets == octets
    written: list[bytes] = []
    running = Running(imap.subscribe(conn, listed.octets))
    while isinstance(effect := running.effect, Write):
        written.append(effect.data)
        running.answer(None)
    assert octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') in b"".join(
        written
    ) or octets in b"".join(written)


def test_alerts_are_shown_on_one_line_without_controls() -> None:
    heard: list[News] = []
    conn = selected(heard)
    said = "* OK [ALERT] pay \x1b[31mnow\u202e\r\n".encode()
    Server(lambda tag, _: said + f"{tag} OK done\r\n".encode()).run(imap.noop(conn))
    (alert,) = heard
    assert isinstance(alert, imap.Condition)
    assert alert.code == imap.Code("ALERT")
    assert alert.text == "pay [31mnow"


def test_a_session_that_is_over_sends_nothing() -> None:
    conn = selected()
    with pytest.raises(ConnectionLost):
        Server(lambda _, __: b"* BYE x\r\n").run(imap.noop(conn))
    assert conn.state is State.LOGOUT
    server = Server(lambda tag, _: f"{tag} OK x\r\n".encode())
    server.run(imap.logout(conn))
    assert server.heard == []
