"""The engine's rules as tables: what may follow what, what is forgotten, what is kept from records."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from hongyan import imap
from hongyan.errors import ConnectionLost, InvalidArgument, ProtocolError, Unsafe
from hongyan.flow import Running, Write
from hongyan.imap import ALONE, ONE_AT_A_TIME, TRANSITIONS, Connection, State, Verb
from hongyan.imap.framing import Framer
from hongyan.imap.states import ENDS, FOLLOWS_OPENING, OPENS
from hongyan.net.record import Direction
from hongyan.net.replay import ReplayDriver, parse
from hongyan.sasl import Credentials
from tests.imap import cases
from tests.test_transcripts import transcript

ARGUMENTS = {
    Verb.ID: ("x",), Verb.ENABLE: ("x",), Verb.SELECT: ("x",), Verb.EXAMINE: ("x",), Verb.STATUS: ("x", ["x"]),
    Verb.LIST: ("", "*"), Verb.LOGIN: ("a", "b"), Verb.AUTHENTICATE: ("PLAIN",),
}  # fmt: skip


def in_state(state: State) -> Connection:
    conn = cases.connection()
    conn.receive(b"* OK hello\r\n" if state is State.NOT_AUTHENTICATED else b"* PREAUTH hello\r\n")
    conn.next_event()
    if state is State.SELECTED:
        conn.send(Verb.SELECT, "x")
        conn.receive(b"A1 OK [READ-WRITE] open\r\n")
        conn.next_event()
    assert conn.state is state
    return conn


(END,) = parse("* EOF")
STATES = (State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("verb", [each for each in Verb if each is not Verb.GREETING])
@pytest.mark.parametrize("answer", ["OK", "NO", "BAD"])
def test_the_table(state: State, verb: Verb, answer: str) -> None:
    conn = in_state(state)
    if (state, verb) not in TRANSITIONS:
        with pytest.raises(InvalidArgument, match="no place"):
            conn.send(verb, *ARGUMENTS.get(verb, ()))
        return
    conn.send(verb, *ARGUMENTS.get(verb, ()))
    conn.receive(f"{conn.last_tag} {answer} so be it\r\n".encode())
    reply = conn.next_event()
    assert isinstance(reply, imap.Tagged)
    assert reply.verb is verb
    assert conn.state is TRANSITIONS[state, verb][0 if answer == "OK" else 1]


@pytest.mark.parametrize("first", [each for each in Verb if (State.SELECTED, each) in TRANSITIONS])
@pytest.mark.parametrize("second", [each for each in Verb if (State.SELECTED, each) in TRANSITIONS])
def test_what_may_follow_unanswered(first: Verb, second: Verb) -> None:
    """RFC 9051 §5.5."""
    conn = in_state(State.SELECTED)
    conn.send(first, *ARGUMENTS.get(first, ()))
    opening = first in OPENS and second in FOLLOWS_OPENING
    alone = (first in ALONE or second in ALONE - ENDS) and not opening
    if alone or (first is second and first in ONE_AT_A_TIME):
        with pytest.raises(InvalidArgument, match="must wait"):
            conn.send(second, *ARGUMENTS.get(second, ()))
    else:
        conn.send(second, *ARGUMENTS.get(second, ()))
        assert conn.in_flight == 2


def test_extended_searches_may_follow_each_other() -> None:
    conn = in_state(State.SELECTED)
    conn.receive(b"* CAPABILITY IMAP4rev1 ESEARCH\r\n")
    conn.next_event()
    conn.send(Verb.UID_SEARCH, "ALL")
    conn.send(Verb.UID_SEARCH, "SEEN")
    assert conn.in_flight == 2


def test_nothing_follows_half_a_command() -> None:
    conn = in_state(State.AUTHENTICATED)
    assert conn.send(Verb.CREATE, "é") == b"A1 CREATE {2}\r\n"
    assert conn.needs_leave
    with pytest.raises(InvalidArgument, match="must wait"):
        conn.send(Verb.NOOP)
    with pytest.raises(InvalidArgument, match="cannot go on"):
        conn.resume()
    conn.receive(b"+ go on\r\n")
    conn.next_event()
    assert conn.resume() == "é\r\n".encode()
    assert conn.sent


def test_a_login_changes_what_is_offered() -> None:
    for told, offered in (
        (b"A1 OK in\r\n", set()),
        (b"A1 OK [CAPABILITY IDLE] in\r\n", {"IDLE"}),
        (b"* CAPABILITY IDLE\r\nA1 OK in\r\n", {"IDLE"}),
        (b"A1 NO no\r\n", {"AUTH=PLAIN"}),
    ):
        conn = cases.connection()
        conn.receive(b"* OK [CAPABILITY AUTH=PLAIN] hello\r\n")
        conn.next_event()
        conn.send(Verb.LOGIN, "a", "b")
        conn.receive(told)
        while conn.next_event():
            pass
        assert conn.capabilities.names == offered


def test_a_password_is_marked_in_every_spelling() -> None:
    running = Running(
        imap.login_plainly(in_state(State.NOT_AUTHENTICATED), Credentials("anna", 'a"b\\'))
    )
    assert isinstance(running.effect, Write)
    assert running.effect.data == b'A1 LOGIN anna "a\\"b\\\\"\r\n'
    assert running.effect.secrets == (b'a"b\\', b'a\\"b\\\\')


def test_data_after_starttls_ends_it() -> None:
    conn = in_state(State.NOT_AUTHENTICATED)
    conn.send(Verb.STARTTLS)
    conn.receive(b"A1 OK begin\r\n*")
    conn.next_event()
    with pytest.raises(ProtocolError, match="between its reply"):
        conn.starting_tls()


def test_options_that_a_server_lacks_are_not_sent() -> None:
    conn = in_state(State.AUTHENTICATED)
    for flow in (
        partial(imap.list_mailboxes, conn, subscribed=True),
        partial(imap.list_mailboxes, conn, status=("MESSAGES",)),
        partial(imap.create, conn, "x", special_use=r"\Sent"),
        partial(imap.uid_expunge, conn, imap.NumberSet.of([1])),
    ):
        with pytest.raises(Unsafe):
            Running(flow())


@pytest.mark.parametrize("name", ["session", "windowed", "append", "idle"])
def test_a_line_cut_anywhere_is_a_lost_connection(name: str) -> None:
    """FAULTS 15, as far as the engine goes: after every octet of the server, the end."""
    text = transcript(f"imap/{name}")
    case = cases.CASES[f"imap/{name}"]
    items = parse(text)
    for index, item in enumerate(items):
        if item.direction is not Direction.SERVER:
            continue
        for size in range(1, len(item.data), 3):
            driver = ReplayDriver(text)
            cut = replace(item, data=item.data[:size])
            driver._items = [*items[:index], cut, END][::-1]
            try:
                driver.run(case.flow())
            except ConnectionLost:
                continue
            assert any(b"LOGOUT" in each.data for each in items[:index]), item


def test_a_framer_knows_what_is_left() -> None:
    framer = Framer()
    framer.feed(b"* LIST () NIL {5}\r\nab")
    assert framer.next() is None
    assert len(framer) > 0
