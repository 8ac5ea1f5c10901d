"""The flows that the POP3 transcripts are tried with."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

from hongyan import pop3
from hongyan.errors import (
    AuthenticationRefused,
    ConnectionLost,
    InvalidArgument,
    ProtocolError,
    Refused,
    Unsafe,
)
from hongyan.pop3 import Capabilities, Entry, Expire, Farewell, Verb
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


def pop3_apop(*, disclose: bool = True) -> Flow[str]:
    conn = pop3.Connection()
    terms = Terms(disclose=disclose)
    yield from pop3.open_session(conn, None, starttls=False, terms=terms)
    yield from pop3.apop(conn, Credentials("mrose", "tanstaaf"), terms)
    yield from pop3.quit_(conn)
    return conn.state.name


def pop3_languages() -> Flow[list[object]]:
    conn = pop3.Connection()
    terms = Terms(disclose=True)
    yield from pop3.open_session(conn, None, starttls=False, terms=terms)
    offered = yield from pop3.languages(conn)
    chosen = yield from pop3.set_language(conn, "es")
    with pytest.raises(Refused, match="no soportado"):
        yield from pop3.set_language(conn, "uga")
    yield from pop3.utf8(conn)
    yield from pop3.login(conn, Credentials("rené", "gans 鸿雁"), terms)
    yield from pop3.quit_(conn)
    return [[(each.tag, each.name) for each in offered], chosen]


def pop3_check(*, remembered: Capabilities | None = None) -> Flow[list[object]]:
    conn = pop3.Connection()
    terms = Terms(disclose=True, certificate=b"in TLS from the start")
    stat = yield from pop3.check(conn, ANNA, starttls=False, terms=terms, remembered=remembered)
    return [stat.messages, stat.octets, conn.state.name, conn.capabilities.expire]


def pop3_remembered(*mechanisms: str) -> Flow[str]:
    conn = pop3.Connection()
    yield from pop3.open_session(
        conn,
        ANNA,
        starttls=True,
        terms=Terms(disclose=True),
        remembered=Capabilities({"SASL": mechanisms}),
    )
    yield from pop3.quit_(conn)
    return conn.state.name


def pop3_listing_rides() -> Flow[list[object]]:
    conn = pop3.Connection()
    yield from pop3.open_session(
        conn,
        ANNA,
        starttls=False,
        terms=Terms(disclose=True),
        riders=(Verb.LIST, Verb.UIDL),
    )
    entries = yield from pop3.list_entries(conn)
    yield from pop3.quit_(conn)
    return [entries, conn.capabilities.login_delay, conn.capabilities.expire]


THREE = (Entry(1, 10, "a"), Entry(2, 20, "b"), Entry(3, 30, "c"))


def pop3_quit_rides() -> Flow[list[object]]:
    conn = pop3.Connection()
    basket = Basket()
    yield from pop3.open_session(conn, ANNA, starttls=False, terms=Terms(disclose=True))
    missing = yield from pop3.retrieve(conn, THREE, basket, riders=(Verb.QUIT,))
    farewell = yield from pop3.quit_(conn)
    return [basket.whole, [each.entry.number for each in missing], farewell]


def pop3_headers() -> Flow[list[object]]:
    conn = pop3.Connection()
    yield from pop3.open_session(conn, ANNA, starttls=False, terms=Terms(disclose=True))
    found: dict[int, bytes] = {}
    missing = yield from pop3.headers(
        conn, THREE, lambda entry, header: found.update({entry.number: header})
    )
    yield from pop3.quit_(conn)
    return [found, [each.entry.number for each in missing]]


def pop3_remove(*, kept_throughout: bool = True) -> Flow[list[object]]:
    conn = pop3.Connection()
    yield from pop3.open_session(conn, ANNA, starttls=False, terms=Terms(disclose=True))
    asked: list[int] = []

    def committed(entry: Entry) -> bool:
        asked.append(entry.number)
        return entry.number != 2 and (kept_throughout or len(asked) <= 3)

    removal = yield from pop3.remove(conn, THREE, committed)
    removed = [each.number for each in removal.removed]
    refused = [each.entry.number for each in removal.failures]
    return [removed, refused, removal.farewell]


def pop3_listing_refused() -> Flow[str]:
    conn = pop3.Connection()
    yield from pop3.open_session(conn, ANNA, starttls=False, terms=Terms(disclose=True))
    with pytest.raises(Refused, match="SYS/TEMP busy"):
        yield from pop3.list_entries(conn)
    yield from pop3.noop(conn)
    yield from pop3.quit_(conn)
    return conn.state.name


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
        partial(pop3_login, ANNA, starttls=True), error=Unsafe, says="does not start TLS"
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
    "pop3/apop": Case(pop3_apop, "CLOSED"),
    "pop3/apop_without_timestamp": Case(pop3_apop, error=Unsafe, says="no timestamp"),
    "pop3/languages": Case(
        pop3_languages, [[("en", "English"), ("es", "Español"), ("i-default", "")], "es"]
    ),
    "pop3/utf8_not_offered": Case(
        partial(pop3_login, Credentials("anna", "鸿雁")),
        error=InvalidArgument,
        says="password: is not ASCII",
    ),
    "pop3/auth_long": Case(partial(pop3_login, Credentials("anna", token="t" * 200)), "CLOSED"),
    "pop3/token_refused": Case(
        partial(pop3_login, Credentials("anna", token="expired")),
        error=AuthenticationRefused,
        says=r"AUTH no such token \(status 401, scope mail\)",
    ),
    "pop3/auth_two_steps": Case(partial(pop3_login, ANNA), "CLOSED"),
    "pop3/auth_refused_once": Case(
        partial(pop3_login, ANNA), error=AuthenticationRefused, says="Invalid user"
    ),
    "pop3/auth_cancelled": Case(
        partial(pop3_login, ANNA), error=ProtocolError, says="challenge is not base64"
    ),
    "pop3/auth_rider_swallowed": Case(
        pop3_check, error=ProtocolError, says="more than PLAIN has to say"
    ),
    "pop3/check": Case(pop3_check, [7, 4711, "CLOSED", None]),
    "pop3/check_remembered": Case(
        partial(pop3_check, remembered=Capabilities({"PIPELINING": ()})),
        [7, 4711, "CLOSED", None],
    ),
    "pop3/check_one_at_a_time": Case(pop3_check, [7, 4711, "CLOSED", Expire(7)]),
    "pop3/check_refused": Case(
        pop3_check, error=Refused, says="LOGIN-DELAY minimum time .* wants 900 seconds between"
    ),
    "pop3/greeting_refused": Case(
        pop3_check, error=Refused, says="SYS/TEMP/BUSY too many .* try again later"
    ),
    "pop3/remembered_stale": Case(
        partial(pop3_remembered, "CRAM-MD5"), error=Unsafe, says="used to offer CRAM-MD5"
    ),
    "pop3/remembered_renewed": Case(partial(pop3_remembered, "PLAIN"), "CLOSED"),
    "pop3/listing_rides": Case(pop3_listing_rides, [(Entry(1, 10, "a"),), 60, Expire(0)]),
    "pop3/quit_rides": Case(
        pop3_quit_rides, [{1: b"one\r\n", 3: b"three\r\n"}, [2], Farewell(True, "bye")]
    ),
    "pop3/headers": Case(
        pop3_headers, [{1: b"Subject: one\r\n\r\n", 3: b". is no field\r\n"}, [2]]
    ),
    "pop3/removed": Case(pop3_remove, [[1], [3], Farewell(True, "bye")]),
    "pop3/removal_doubtful": Case(
        partial(pop3_remove, kept_throughout=False), [[], [], Farewell(True, "bye")]
    ),
    "pop3/removal_not_committed": Case(
        pop3_remove, [[], [], Farewell(False, "some deleted messages not removed")]
    ),
    "pop3/removal_cut": Case(
        pop3_remove, [[], [], Farewell(False, "the server closed the connection")]
    ),
    "pop3/listing_refused": Case(pop3_listing_refused, "CLOSED"),
}
