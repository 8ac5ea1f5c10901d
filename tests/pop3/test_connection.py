"""The POP3 engine against servers that lie, and the words it reads and writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import AuthenticationRefused, InvalidArgument, ProtocolError, Refused
from hongyan.pop3 import TRANSITIONS, Connection, Entry, Limits, State, Verb, wire
from hongyan.pop3.types import Content, Reply
from tests.fuzz.fuzz_pop3 import one
from tests.support.corpus import newlines


def in_transaction() -> Connection:
    conn = Connection()
    conn.receive(b"+OK\r\n")
    conn.next_event()
    conn.send(Verb.USER, "anna")
    conn.send(Verb.PASS, "secret")
    conn.receive(b"+OK\r\n+OK\r\n")
    assert conn.next_event()
    assert conn.next_event()
    assert conn.state is State.TRANSACTION
    return conn


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_octets_give_events_or_a_protocol_error(data: bytes, size: int) -> None:
    one(bytes([size]) + data)


@given(
    st.lists(
        st.sampled_from(
            [
                b"+OK\r\n",
                b"-ERR [SYS/TEMP] x\r\n",
                b"1 2\r\n",
                b".\r\n",
                b"..\r\n",
                b"+ YQ==\r\n",
                b"+ !\r\n",
            ]
        ),
        max_size=30,
    ).map(b"".join),
    st.integers(1, 9),
)
def test_any_lines_give_events_or_a_protocol_error(data: bytes, size: int) -> None:
    one(bytes([size]) + data)


def test_a_line_of_a_megabyte_ends_the_session() -> None:
    conn = Connection()
    conn.receive(b"+OK " + b"x" * 1_000_000)
    with pytest.raises(ProtocolError, match="longer than"):
        conn.next_event()


def test_the_limit_of_a_line_can_be_raised() -> None:
    conn = Connection(limits=Limits(line=2_000_000))
    conn.receive(b"+OK " + b"x" * 1_000_000 + b"\r\n")
    assert isinstance(conn.next_event(), Reply)


def test_content_of_a_retr_streams_in_constant_memory() -> None:
    conn = in_transaction()
    conn.send(Verb.RETR, "1")
    conn.receive(b"+OK\r\n")
    assert isinstance(conn.next_event(), Reply)
    total = 0
    for _ in range(500):
        conn.receive(b"x" * 9998 + b"\r\n")
        event = conn.next_event()
        assert isinstance(event, Content)
        total += len(event.data)
        assert conn.next_event() is None
        assert len(conn._buffer) <= 4
    conn.receive(b".\r\n")
    last = conn.next_event()
    assert isinstance(last, Content)
    assert last.last
    assert total + len(last.data) == 5_000_000


def test_progress_counts_whole_lines_and_blocks_only() -> None:
    conn = in_transaction()
    conn.send(Verb.RETR, "1")
    before = conn.progress
    for octet in b"+OK now":
        conn.receive(bytes([octet]))
        assert conn.next_event() is None
    assert conn.progress == before
    conn.receive(b"\r\n")
    conn.next_event()
    assert conn.progress == before + 1
    conn.receive(b"y" * 16_000)
    conn.next_event()
    assert conn.progress == before + 1
    conn.receive(b"y" * 1000)
    conn.next_event()
    assert conn.progress == before + 2


@pytest.mark.parametrize("newline", newlines(breaking=True))
@pytest.mark.parametrize(
    ("verb", "build"),
    [
        (Verb.USER, lambda v: (v,)),
        (Verb.PASS, lambda v: (v,)),
        (Verb.TOP, lambda v: (v, "0")),
        (Verb.UIDL, lambda v: (v,)),
    ],
)
def test_an_argument_never_ends_a_command(newline: str, verb: Verb, build: object) -> None:
    value = f"anna{newline}DELE 1"
    with pytest.raises(InvalidArgument, match=verb.value):
        wire.command(verb, *build(value))  # type: ignore[operator]


def test_commands_have_their_place() -> None:
    conn = Connection()
    with pytest.raises(InvalidArgument, match="RETR has no place"):
        conn.send(Verb.RETR, "1")
    conn.send(Verb.USER, "anna")
    conn.send(Verb.PASS, "x")
    conn.send(Verb.STAT)
    conn.receive(b"+OK\r\n+OK\r\n-ERR no\r\n-ERR not logged in\r\n")
    replies = [conn.next_event() for _ in range(4)]
    assert [isinstance(each, Reply) and each.ok for each in replies] == [True, True, False, False]
    assert conn.state is State.AUTHORIZATION
    with pytest.raises(InvalidArgument):
        conn.send(Verb.STAT)


def test_every_transition_leads_somewhere_known() -> None:
    for (state, _), after in TRANSITIONS.items():
        assert state is not State.CLOSED
        assert all(isinstance(each, State) for each in after)


@pytest.mark.parametrize(
    ("line", "kind", "code", "temporary"),
    [
        (b"-ERR [IN-USE] busy", Refused, "IN-USE", True),
        (b"-ERR [LOGIN-DELAY] wait", Refused, "LOGIN-DELAY", True),
        (b"-ERR [SYS/TEMP] oops", Refused, "SYS/TEMP", True),
        (b"-ERR [sys/perm] gone", Refused, "SYS/PERM", False),
        (b"-ERR [AUTH] no", AuthenticationRefused, "AUTH", False),
        (b"-ERR no", AuthenticationRefused, "", False),
        (b"-ERR", AuthenticationRefused, "", False),
    ],
)
def test_refusals(line: bytes, kind: type[Refused], code: str, temporary: bool) -> None:
    error = wire.refusal(wire.status(Verb.PASS, line))
    assert type(error) is kind
    assert (error.code, error.temporary) == (code, temporary)
    assert error.text


@pytest.mark.parametrize(
    "line", [b"1", b"-1 5", b"1 -5", b"1 99999999999999999999", b"x y", b"1  "]
)
def test_absurd_sizes(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(wire.sizes(line + b"\r\n"))


def test_unique_ids_are_opaque() -> None:
    long = b"x" * 71
    listing = b"1 a b c\r\n2 " + long + b"\r\n3 ../../etc\r\n4\r\n5 \xff\x00'; --\r\n6 \r\n"
    assert dict(wire.uidls(listing)) == {
        1: "a b c",
        2: "x" * 71,
        3: "../../etc",
        4: "",
        5: "\\xff\x00'; --",
        6: "",
    }


def test_listing_twice_the_same_number_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="twice"):
        wire.entries(iter([(1, 5), (1, 6)]), iter([]))
    assert wire.entries(iter([(1, 5)]), iter([(1, ""), (2, "x")])) == (Entry(1, 5, None),)


def test_words_that_no_command_asked_for_end_the_session() -> None:
    conn = Connection()
    conn.receive(b"+OK\r\n+OK logged in already\r\n")
    assert conn.next_event()
    with pytest.raises(ProtocolError, match="unasked"):
        conn.send(Verb.USER, "anna")
    with pytest.raises(ProtocolError, match="unasked"):
        conn.next_event()
