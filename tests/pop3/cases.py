"""The flows that the POP3 transcripts are tried with."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from hongyan import pop3
from hongyan.errors import AuthenticationRefused, ConnectionLost, ProtocolError, Refused, Unsafe
from hongyan.pop3 import Entry
from hongyan.sasl import Credentials, Terms
from tests.support.dialogue import INJECTED, Case

if TYPE_CHECKING:
    from hongyan.flow import Flow

ANNA = Credentials("anna", "secret")
TIM = Credentials("tim", "tanstaaftanstaaf")


class Basket:
    """A sink that keeps whole messages, and remembers what was begun."""

    def __init__(self) -> None:
        self.whole: dict[int, bytes] = {}
        self.begun: dict[int, bytes] = {}

    def __call__(self, entry: Entry, chunk: bytes, last: bool) -> None:
        self.begun[entry.number] = self.begun.get(entry.number, b"") + chunk
        if last:
            self.whole[entry.number] = self.begun.pop(entry.number)


def pop3_login(
    credentials: Credentials, *, starttls: bool = False, disclose: bool = True
) -> Flow[str]:
    conn = pop3.Connection()
    yield from pop3.open_session(
        conn, credentials, starttls=starttls, terms=Terms(disclose=disclose)
    )
    yield from pop3.quit_(conn)
    return conn.state.name


def pop3_session() -> Flow[list[object]]:
    conn = pop3.Connection()
    basket = Basket()
    credentials = Credentials("mrose", "tanstaaf")
    yield from pop3.open_session(conn, credentials, starttls=False, terms=Terms(disclose=True))
    stat = yield from pop3.stat(conn)
    entries = yield from pop3.list_entries(conn)
    yield from pop3.retrieve(conn, entries, basket)
    top = yield from pop3.top(conn, entries[1])
    yield from pop3.noop(conn)
    yield from pop3.delete(conn, entries[:1])
    yield from pop3.reset(conn)
    farewell = yield from pop3.quit_(conn)
    assert farewell.committed
    return [(stat.messages, stat.octets), entries, basket.whole, top, farewell.committed]


def pop3_pipelined() -> Flow[list[object]]:
    conn = pop3.Connection()
    basket = Basket()
    credentials = Credentials("anna", "w0rd with spaces")
    yield from pop3.open_session(conn, credentials, starttls=False, terms=Terms(disclose=True))
    entries = yield from pop3.list_entries(conn)
    missing = yield from pop3.retrieve(conn, entries, basket)
    kept = yield from pop3.delete(conn, [entries[0], entries[2]])
    yield from pop3.quit_(conn)
    verdict = [
        (each.entry.uidl, each.error.code, each.error.temporary) for each in (*missing, *kept)
    ]
    return [basket.whole, verdict]


def pop3_cut() -> Flow[None]:
    conn = pop3.Connection()
    basket = Basket()
    yield from pop3.open_session(conn, ANNA, starttls=False, terms=Terms(disclose=True))
    entries = yield from pop3.list_entries(conn)
    assert entries == (Entry(1, 1000, None),)
    try:
        yield from pop3.retrieve(conn, entries, basket)
    finally:
        assert basket.whole == {}


CASES: Final[dict[str, Case]] = {
    "pop3/session": Case(
        pop3_session,
        [
            (2, 320),
            (Entry(1, 120, "whqtswO00WBw418f9t5JxYwZ"), Entry(2, 200, "QhdPYR:00WBw1Ph7x7")),
            {1: b"Subject: dots\r\n\r\n.one dot\r\n..\r\n. \r\nlast\r\n", 2: b""},
            b"Subject: second\r\n\r\n",
            True,
        ],
    ),
    "pop3/pipelined": Case(
        pop3_pipelined,
        [{1: b"one\r\n", 3: b"three\r\n"}, [("b", "SYS/TEMP", True), ("c", "", False)]],
    ),
    "pop3/stls": Case(partial(pop3_login, ANNA, starttls=True), "CLOSED"),
    "pop3/auth_cram_md5": Case(partial(pop3_login, TIM, disclose=False), "CLOSED"),
    "pop3/auth_login": Case(partial(pop3_login, ANNA), "CLOSED"),
    "pop3/wrong_password": Case(
        partial(pop3_login, Credentials("anna", "wrong")),
        error=AuthenticationRefused,
        says="AUTH Invalid user or password",
    ),
    "pop3/in_use": Case(
        partial(pop3_login, ANNA), error=Refused, says="IN-USE Do you have another"
    ),
    "pop3/injection": Case(
        partial(pop3_login, ANNA, starttls=True), error=INJECTED, says="between its reply|TLS"
    ),
    "pop3/injection_partial": Case(
        partial(pop3_login, ANNA, starttls=True), error=INJECTED, says="between its reply|TLS"
    ),
    "pop3/stls_refused": Case(
        partial(pop3_login, ANNA, starttls=True), error=Unsafe, says="does not offer TLS"
    ),
    "pop3/bad_greeting": Case(
        partial(pop3_login, ANNA), error=ProtocolError, says=r"neither \+OK nor -ERR: HTTP/1.1 400"
    ),
    "pop3/unwilling": Case(
        partial(pop3_login, ANNA),
        error=Refused,
        says=r"SYS/PERM This service \[31mmoved elsewhere \(",
    ),
    "pop3/cut_in_message": Case(pop3_cut, error=ConnectionLost, says="closed the connection"),
}
