"""Servers that lie, flood and nest: FAULTS 3, 6 and 8 to 13 as far as the engine meets them."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.imap import (
    Body,
    BodyChunk,
    Connection,
    Exists,
    Fetched,
    Limits,
    State,
    Threads,
    Vanished,
    Verb,
)
from hongyan.imap.connection import Event
from hongyan.imap.framing import Chunk, Framer, Response
from hongyan.imap.parser import Parsed, parse
from tests.fuzz.fuzz_imap import one
from tests.imap.cases import connection

WORDS = [
    b"* ", b"A1 ", b"OK ", b"NO ", b"BAD ", b"BYE ", b"+ ", b"[", b"] ", b"(", b")", b" ", b"\r\n", b'"', b"\\",
    b"{3}\r\n", b"{0}\r\n", b"{9+}\r\n", b"~{4}\r\n", b"{-1}\r\n", b"{99999999999999999999}\r\n", b"NIL", b"1:*",
    b"FETCH ", b"1 ", b"UID ", b"BODY[] ", b"BODY[HEADER.FIELDS (A B)]<0> ", b"ENVELOPE ", b"BODYSTRUCTURE ",
    b"FLAGS ", b"\\Seen", b"LIST ", b"STATUS ", b"ESEARCH ", b"THREAD ", b"VANISHED ", b"(EARLIER) ", b"SEARCH ",
    b"CAPABILITY ", b"COPYUID 1 1:3 4:6", b"UIDVALIDITY 0", b"&-", b"&AOk-", b"4294967296", b"\xff",
]  # fmt: skip


def read(octets: bytes, limits: Limits | None = None) -> list[Parsed]:
    framer = Framer(limits)
    framer.feed(octets)
    found = []
    while (frame := framer.next()) is not None:
        assert isinstance(frame, Response)
        found.append(parse(frame))
    return found


def selected(limits: Limits | None = None) -> Connection:
    conn = connection() if limits is None else Connection(limits=limits, tags=lambda: "A1")
    conn.receive(b"* PREAUTH hello\r\n")
    conn.next_event()
    conn.send(Verb.SELECT, "INBOX")
    conn.receive(b"A1 OK [READ-WRITE] open\r\n")
    conn.next_event()
    return conn


@given(st.binary(max_size=300), st.integers(1, 40))
def test_any_octets(data: bytes, size: int) -> None:
    one(bytes([size]) + data)


@given(st.lists(st.sampled_from(WORDS), max_size=30).map(b"".join), st.integers(1, 9))
def test_any_words(data: bytes, size: int) -> None:
    one(bytes([size]) + data)


@pytest.mark.parametrize(
    "announced", ["4294967296", "99999999999999999999", "3000000000", "-1", "0x5", "5 ", ""]
)
def test_a_literal_that_cannot_be(announced: str) -> None:
    conn = selected()
    conn.receive(b"* 1 FETCH (UID 1 BODY[] {%s}\r\n" % announced.encode())
    with pytest.raises(ProtocolError):
        while conn.next_event():
            pass


def test_a_literal_announced_and_never_sent_takes_no_memory() -> None:
    conn = selected()
    tracemalloc.start()
    conn.receive(b"* 1 FETCH (UID 1 BODY[] {2000000000}\r\nonly this")
    event = conn.next_event()
    assert isinstance(event, BodyChunk)
    assert conn.next_event() is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


def test_large_bodies_stream_in_constant_memory() -> None:
    conn = selected()
    conn.receive(b"* 1 FETCH (BODY[] {100000000}\r\n")
    block = b"x" * 250_000
    tracemalloc.start()
    total = 0
    for _ in range(400):
        conn.receive(block)
        while (event := conn.next_event()) is not None:
            assert isinstance(event, BodyChunk)
            total += len(event.data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 100_000_000
    assert event is None
    assert peak < 2_000_000
    conn.receive(b" UID 5)\r\n")
    whole = conn.next_event()
    assert isinstance(whole, Fetched)
    assert (whole.uid, whole.bodies[0].data, whole.bodies[0].size) == (5, None, 100_000_000)


@given(st.lists(st.integers(1, 60), max_size=12), st.booleans())
def test_cuts_change_nothing(sizes: list[int], eager: bool) -> None:
    """``eager`` reads after each piece, otherwise two pieces wait."""
    stream = (
        b"* 1 FETCH (UID 5 BODY[] {90}\r\n"
        + bytes(range(33, 123))
        + b" FLAGS ())\r\n* 7 EXISTS\r\n"
    )
    framer = Framer(Limits(held=10))
    body, found, at = b"", [], 0
    for size in [*sizes, len(stream)]:
        framer.feed(stream[at : at + size])
        at += size
        while eager or at >= len(stream) or size % 2:
            frame = framer.next()
            if frame is None:
                break
            body += frame.data if isinstance(frame, Chunk) else b""
            found += [frame] if isinstance(frame, Response) else []
    assert body == bytes(range(33, 123))
    assert [parse(each) for each in found] == [
        Fetched(1, uid=5, flags=(), bodies=(Body("", None, 90),)),
        Exists(7),
    ]
    assert len(framer) == 0


@pytest.mark.parametrize(
    "response",
    [
        b"* 1 FETCH (UID 5 BODY[] {3}\r\nabc)",
        b"* 4294967295 FETCH (UID 4294967295 BODY[] {0}\r\n)",
        b"* 1 FETCH (UID 5 BODY[] {3}\r\nabc FLAGS (\\Seen))",
        b"* 1 FETCH (UID 5 BODY[] {2}\r\nabc)",
        b'* 1 FETCH (FLAGS (a) INTERNALDATE "17-Jul-1996 02:44:25 -0700" UID 5 BODY[] {3}\r\nabc)',
        b'* 1 FETCH (X "{3}\r\n" UID 5 BODY[] {3}\r\nabc)',
        b'* 1 FETCH (X "\\"" UID 5 BODY[] {3}\r\nabc)',
        b"* 1 FETCH (UID 5 BINARY[1] ~{3}\r\na\0b)",
        b"* 1 FETCH (UID 5 BODY[] {3+}\r\nabc)",
        b"* 1 FETCH (UID 5 BODY[HEADER] {3}\r\nabc BODY[TEXT] {3}\r\n)\r\n)",
        b"* 1 FETCH (UID 5 BODY[] {30}\r\n" + b"x" * 30 + b")",
        b"* 1 FETCH (UID 5 ENVELOPE {30}\r\n" + b"x" * 30 + b")",
        b"* 0 FETCH (UID 5 BODY[] {3}\r\nabc)",
        b"* 9999999999 FETCH (UID 5 BODY[] {3}\r\nabc)",
        b"* 5 UIDFETCH (BODY[] {3}\r\nabc)",
        b"* 1 FETCH (UID 5 BODY[] {3}\r\nabc) ",
    ],
)
@pytest.mark.parametrize("limits", [Limits(), Limits(held=20), Limits(literal=20), Limits(line=30)])
def test_in_one_piece_or_octet_by_octet(response: bytes, limits: Limits) -> None:
    """What lies whole in one block is read on a shorter way, to the same end."""
    stream = response + b"\r\n* 7 EXISTS\r\n"
    at_once = story([stream], limits)
    assert at_once == story([bytes([octet]) for octet in stream], limits)
    assert at_once[-1] == Exists(7) or isinstance(at_once[-1], str)


def story(pieces: list[bytes], limits: Limits) -> list[Event | str]:
    """Return the events of a stream, those of a body as one, and the words of the error."""
    conn, found = selected(limits), list[Event | str]()
    try:
        for piece in pieces:
            conn.receive(piece)
            while (event := conn.next_event()) is not None:
                last = found[-1] if found else None
                if isinstance(event, BodyChunk) and isinstance(last, BodyChunk):
                    found[-1] = event._replace(data=last.data + event.data)
                else:
                    found.append(event)
    except ProtocolError as error:
        found.append(str(error))
    return found


def test_a_literal_that_is_no_body_is_held_only_so_far() -> None:
    with pytest.raises(ProtocolError, match="literal of 5000000"):
        read(b"* LIST () NIL {5000000}\r\n")
    with pytest.raises(ProtocolError, match="response longer"):
        read(b"* 1 FETCH (" + b"X {60}\r\n" + b"y" * 60, Limits(response=50))


def test_a_million_small_literals_end_early() -> None:
    with pytest.raises(ProtocolError, match="10000 literals"):
        read(b"* 1 FETCH (" + b"A {5}\r\n12345 " * 100_000)


def test_a_line_without_end() -> None:
    framer = Framer(Limits(line=100_000))
    with pytest.raises(ProtocolError, match="line longer"):
        for _ in range(200_001):
            framer.feed(b"x")
            assert framer.next() is None


@pytest.mark.parametrize("command", ["FETCH (BODYSTRUCTURE ", "FETCH (X ", "FETCH "])
def test_nesting_a_hundred_thousand_deep(command: str) -> None:
    for closed in (b"", b")" * 100_000):
        with pytest.raises(ProtocolError, match="nests deeper"):
            read(b"* 1 " + command.encode() + b"(" * 100_000 + closed + b")\r\n")


def test_threads_nest_deep_without_recursion() -> None:
    with pytest.raises(ProtocolError, match="nests deeper"):
        read(b"* THREAD " + b"(1 " * 100_000 + b")" * 100_000 + b"\r\n")
    (found,) = read(b"* THREAD " + b"(1 " * 9_000 + b")" * 9_000 + b"\r\n")
    assert isinstance(found, Threads)
    assert found.items[-1] == (1, 8_998)


def test_structures_at_the_limit_are_read_and_shown() -> None:
    depth = 190
    part = b'("text" "plain" NIL NIL NIL "7bit" 5 1)'
    structure = b"(" * depth + part + b' "mixed")' * depth
    (found,) = read(b"* 1 FETCH (BODYSTRUCTURE " + structure + b")\r\n")
    assert isinstance(found, Fetched)
    assert found.structure is not None
    assert repr(found.structure)
    assert [number.count(".") for number, _ in found.structure.walk()][-1] == depth - 1


def test_sets_stay_ranges() -> None:
    (gone,) = read(b"* VANISHED 1:4294967295\r\n")
    assert isinstance(gone, Vanished)
    assert gone.uids.ranges == ((1, 4294967295),)
    assert 77 in gone.uids


@pytest.mark.parametrize(
    "line",
    [
        b"* 4294967296 EXISTS", b"* 0 EXPUNGE", b"* 0 FETCH (UID 1)", b"* VANISHED", b"* VANISHED 0", b"* VANISHED 1:",
        b"* VANISHED 4294967296", b"* SEARCH 0", b"* SEARCH x", b"* SEARCH 1 2 (MODSEQ x)", b"* ESEARCH (TAG) ALL 1",
        b"* ESEARCH ALL", b"* 1 FETCH", b"* 1 FETCH UID", b"* 1 FETCH (UID)", b"* 1 FETCH (UID x)", b"* 1 FETCH (UID 1",
        b"* 1 FETCH (UID 1))", b'* 1 FETCH (UID "1)', b"* 1 FETCH (FLAGS x)", b"* LIST () NIL", b"* LIST x / y",
        b'* LIST () "//" y', b"* STATUS x", b"* STATUS x (MESSAGES)", b"* STATUS x y", b"* THREAD 1", b"* THREAD (0)",
        b"* THREAD (1", b"* THREAD (1))", b"* NAMESPACE ((x))", b'* ID ("a")', b"*", b"", b"x", b"* ", b"A1 MAYBE x",
        b"A1", b"220 hello", b"\xce\xff OK x", b"\xff", b"* 1 FETCH (UID 18446744073709551616)",
    ],
)  # fmt: skip
def test_lines_that_are_refused(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(line + b"\r\n* OK more\r\n")


def test_floods_are_read_in_linear_time() -> None:
    flood = b"* 1 EXPUNGE\r\n" * 100_000
    conn = selected()
    conn.send(Verb.NOOP)
    start = time.perf_counter()
    count = 0
    for at in range(0, len(flood), 1400):
        conn.receive(flood[at : at + 1400])
        while conn.next_event():
            count += 1
    assert count == 100_000
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    "shape",
    [
        b'"' + b"\\" * 200_001, b"[" * 200_000, b"BODY[" + b'"x' * 100_000, b"{1" * 100_000, b"BODY[ " * 100_000, b'BODY["' * 100_000,
        b"&" * 400_000, b"&A" * 200_000, b'"a"' * 100_000, b"( " * 199 + b") " * 199, b"1," * 100_000, b"\\" * 300_000,
    ],
)  # fmt: skip
def test_repetitions_are_read_in_linear_time(shape: bytes) -> None:
    start = time.perf_counter()
    for before in (
        b"* 1 FETCH (X ",
        b"* LIST () NIL ",
        b"* OK ",
        b"* OK [X ",
        b"A1 NO [",
        b"* SEARCH ",
    ):
        try:
            read(before + shape + b"\r\n")
        except ProtocolError:
            continue
    assert time.perf_counter() - start < 2


def test_what_the_server_says_is_shown_on_one_line() -> None:
    (told,) = read(b"* OK [ALERT \x1b[31m] \x1b[2J\xe2\x80\xaeevil\x07\r\n")
    assert "\x1b" not in repr(told)
    assert "\u202e" not in told.text  # type: ignore[union-attr]  # a condition, as its line says


def drained(conn: Connection) -> list[Event]:
    events = []
    while (event := conn.next_event()) is not None:
        events.append(event)
    return events


def test_a_reply_before_its_command_is_refused() -> None:
    conn = selected()
    conn.receive(b"A2 OK [CAPABILITY IMAP4rev1] already\r\n")
    with pytest.raises(ProtocolError, match="never sent"):
        conn.next_event()


def test_leave_that_nobody_asked_for_is_refused() -> None:
    conn = selected()
    conn.send(Verb.NOOP)
    conn.receive(b"+ go on\r\n")
    with pytest.raises(ProtocolError, match="nothing is to come"):
        conn.next_event()


def test_preauth_in_the_middle_is_refused() -> None:
    conn = selected()
    conn.receive(b"* PREAUTH again\r\n")
    with pytest.raises(ProtocolError, match="PREAUTH"):
        conn.next_event()


def test_progress_counts_whole_responses_and_blocks_only() -> None:
    conn = selected()
    before = conn.progress
    for octet in b"* 1 FETCH (BODY[] {200000}\r":
        conn.receive(bytes([octet]))
        assert conn.next_event() is None
    assert conn.progress == before
    conn.receive(b"\n" + b"x" * 16_000)
    conn.next_event()
    assert conn.progress == before
    conn.receive(b"x" * 1000)
    conn.next_event()
    assert conn.progress == before + 1


def test_tags_are_never_the_same() -> None:
    conn = Connection()
    conn.receive(b"* OK hello\r\n")
    conn.next_event()
    tags = set()
    for _ in range(100):
        conn.send(Verb.NOOP)
        tags.add(conn.last_tag)
    assert len(tags) == 100
    assert all(len(tag) >= 17 for tag in tags)


def test_commands_have_their_place() -> None:
    conn = connection()
    with pytest.raises(InvalidArgument, match="no place while waiting for the greeting"):
        conn.send(Verb.NOOP)
    conn.receive(b"* OK hello\r\n")
    conn.next_event()
    with pytest.raises(InvalidArgument, match="SELECT has no place while not logged in"):
        conn.send(Verb.SELECT, "INBOX")


def test_a_failed_select_leaves_no_mailbox_open() -> None:
    conn = selected()
    conn.send(Verb.SELECT, "x")
    conn.receive(b"A2 NO gone\r\n")
    drained(conn)
    assert conn.state is State.AUTHENTICATED
    with pytest.raises(InvalidArgument):
        conn.send(Verb.UID_FETCH, 1)
