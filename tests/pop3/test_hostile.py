"""Servers that flood, lie and confuse: one clear error, bounded memory, no credential."""

from __future__ import annotations

import base64
import itertools
import tracemalloc
from typing import TYPE_CHECKING, Final

import pytest

from hongyan import pop3
from hongyan.errors import InvalidArgument, ProtocolError, Refused, Unsafe
from hongyan.flow import Read, Running, Wait, Wake, Write
from hongyan.net.replay import ReplayDriver
from hongyan.pop3 import Capabilities, Entry, Limits, Verb, wire
from hongyan.sasl import Credentials, Scram, Terms
from tests.pop3.memory import Maildrop, logged_in, run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.flow import Flow

ANNA: Final = Credentials("anna", "secret")
OPEN: Final = Terms(disclose=True)
NOTHING_SHOWN: Final = Terms(disclose=False)


def flood(flow: Flow[object], head: bytes, endless: Iterable[bytes]) -> int:
    """Feed ``head`` and then ``endless`` until the flow gives up; return the octets it took."""
    running = Running(flow)
    pieces = itertools.chain([head], endless)
    taken = 0
    with pytest.raises(ProtocolError):
        while (effect := running.effect) is not None:
            if isinstance(effect, Write):
                running.answer(None)
            else:
                piece = next(pieces)
                taken += len(piece)
                running.answer(piece)
    return taken


@pytest.mark.parametrize(
    ("flow", "most"),
    [
        (pop3.capa, 10_000),
        (pop3.list_entries, 20_000),
        (lambda conn: pop3.headers(conn, [Entry(1, 1)], print), 30_000),
        (pop3.languages, 10_000),
    ],
)
def test_an_endless_reply_ends_at_the_limit(flow: object, most: int) -> None:
    small = Limits(capabilities=10_000, listing=20_000, header=30_000)
    lines = itertools.repeat(b"1 1\r\n" * 1000)
    assert callable(flow)
    taken = flood(flow(logged_in(limits=small)), b"+OK\r\n", lines)
    assert taken <= most + 10_000


@pytest.mark.parametrize("verb", ["LIST", "UIDL"])
def test_a_line_without_end_in_a_listing_is_bounded_too(verb: str) -> None:
    head = b"+OK\r\n" if verb == "LIST" else b"+OK\r\n.\r\n+OK\r\n"
    tracemalloc.start()
    flow = pop3.list_entries(logged_in("PIPELINING", limits=Limits(listing=1_000_000)))
    taken = flood(flow, head, itertools.repeat(b"9" * 10_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 1_050_000
    assert peak < 4_000_000


def test_endless_challenges_end() -> None:
    conn = pop3.Connection()
    conn.capabilities = Capabilities({"SASL": ("LOGIN",)})
    taken = flood(pop3.login(conn, ANNA, OPEN), b"+OK\r\n", itertools.repeat(b"+ YQ==\r\n"))
    assert taken < 100


@pytest.mark.parametrize("riders", [(), (Verb.STAT,), (Verb.STAT, Verb.QUIT)])
def test_a_false_proof_is_found_out_whatever_rode_along(riders: tuple[Verb, ...]) -> None:
    conn = pop3.Connection()
    conn.receive(b"+OK\r\n")
    conn.next_event()
    conn.capabilities = Capabilities({"PIPELINING": ()})
    challenges = iter([b"r=ours+theirs,s=c2FsdA==,i=4096", b"v=" + base64.b64encode(b"x" * 20)])
    scram = Scram("SCRAM-SHA-1", ANNA, nonce="ours")
    with pytest.raises(ProtocolError, match="does not know the password"):
        run(
            pop3.authenticate(conn, scram, riders=riders),
            lambda _: b"+ " + base64.b64encode(next(challenges)) + b"\r\n",
        )


def test_talk_after_a_refusal_ends() -> None:
    def flow() -> Flow[object]:
        return (yield from pop3.list_entries(logged_in("PIPELINING")))

    content = itertools.chain([b"+OK\r\n"], itertools.repeat(b"x" * 8_000_000 + b"\r\n"))
    assert flood(flow(), b"-ERR no\r\n", content) < 90_000_000


@pytest.mark.parametrize("size", ["4294967295", "012", "0"])
def test_an_announced_size_allocates_nothing(size: str) -> None:
    drop = Maildrop([b"a\r\n"])
    conn = logged_in("PIPELINING")
    (number, octets) = next(iter(wire.sizes(f"1 {size}\r\n".encode())))
    got: list[bytes] = []
    tracemalloc.start()
    run(
        pop3.retrieve(conn, [Entry(number, octets)], lambda _, chunk, __: got.append(chunk)),
        drop.answer,
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert b"".join(got) == b"a\r\n"
    assert peak < 1_000_000


@pytest.mark.parametrize("size", ["-1", "100000000000000000000", "1e9", "٣", "", "0x10"])
def test_a_size_that_is_none_is_a_protocol_error(size: str) -> None:
    with pytest.raises(ProtocolError, match="LIST says"):
        list(wire.sizes(f"1 {size}\r\n".encode()))


def test_a_second_body_for_one_message_ends_the_session() -> None:
    conn = logged_in()
    kept: list[bytes] = []
    twice = b"+OK\r\nfirst\r\n.\r\n+OK\r\nsecond\r\n.\r\n"
    run(
        pop3.retrieve(conn, [Entry(1, 7)], lambda _, chunk, __: kept.append(chunk)), lambda _: twice
    )
    assert b"".join(kept) == b"first\r\n"
    with pytest.raises(ProtocolError, match="unasked"):
        run(pop3.noop(conn), lambda _: b"")


def test_listings_out_of_order_are_not_believed() -> None:
    """POP3 replies carry no name, so only their form can tell."""
    answers = {b"LIST": b"+OK\r\n1 a\r\n.\r\n", b"UIDL": b"+OK\r\n1 5\r\n.\r\n"}
    with pytest.raises(ProtocolError, match="LIST says"):
        run(pop3.list_entries(logged_in("PIPELINING")), answers.__getitem__)


def test_unique_ids_for_messages_that_are_not_there_are_dropped() -> None:
    conn = logged_in("PIPELINING")
    answers = {
        b"LIST": b"+OK\r\n3 30\r\n1 10\r\n.\r\n",
        b"UIDL": b"+OK\r\n1 same\r\n2 ghost\r\n3 same\r\n99999 x\r\n.\r\n",
    }
    found = run(pop3.list_entries(conn), answers.__getitem__)
    assert found == (Entry(3, 30, "same"), Entry(1, 10, "same"))


@pytest.mark.parametrize("answer", [b"+OK\r\n.\r\n", b"-ERR what?\r\n"])
def test_a_missing_or_empty_uidl_gives_no_ids(answer: bytes) -> None:
    answers = {b"LIST": b"+OK\r\n1 10\r\n.\r\n", b"UIDL": answer}
    assert run(pop3.list_entries(logged_in()), answers.__getitem__) == (Entry(1, 10, None),)


def test_a_servers_words_are_harmless() -> None:
    words = "-ERR [AUTH] \x1b]0;owned\x07\x9b31m\u202egnp.exe\u2066 ok\r\n".encode()
    error = wire.refusal(wire.status(Verb.PASS, words.rstrip(b"\r\n")))
    assert str(error) == "AUTH ]0;owned 31m gnp.exe ok"
    assert not any(ord(char) < 32 or char in "\x9b\u202e\u2066" for char in str(error))


@pytest.mark.parametrize(
    ("offered", "says"),
    [
        ((), "keeps the password from the line"),
        (("PLAIN", "LOGIN"), "would show the password on an open line"),
        (("XOAUTH2",), "none of these can be used"),
    ],
)
def test_no_credential_on_an_open_line(offered: tuple[str, ...], says: str) -> None:
    listed = f"S: SASL {' '.join(offered)}\\r\\n" if offered else ""
    dialogue = rf"""
S: +OK <1@host>\r\n
C: CAPA\r\n
S: +OK\r\n
{listed}
S: .\r\n
"""
    conn = pop3.Connection()
    driver = ReplayDriver(dialogue)
    with pytest.raises(Unsafe, match=says):
        driver.run(pop3.open_session(conn, ANNA, starttls=False, terms=NOTHING_SHOWN))
    with pytest.raises(Unsafe, match="APOP"):
        driver.run(pop3.apop(conn, ANNA, NOTHING_SHOWN))
    driver.finish()


@pytest.mark.parametrize(
    "greeting",
    [
        b"+OK hello",
        b"+OK <>",
        b"+OK <a@>",
        b"+OK <\xe9@host>",
        b"+OK <a\x01b@host>",
        b"+OK <a b@host>",
        b"+OK <a@@host>",
        b"+OK <a@host",
    ],
)
def test_only_a_proper_timestamp_is_signed(greeting: bytes) -> None:
    """RFC 1939 §7 wants a msg-id; others let a server in between find the password out."""
    assert wire.timestamp(greeting) == b""


def test_a_short_drain_does_not_wait_for_a_server_that_went_away() -> None:
    conn = pop3.Connection()
    conn.capabilities = Capabilities({"PIPELINING": ()})
    flow = pop3.user_pass(conn, ANNA, riders=(Verb.STAT, Verb.QUIT))
    running = Running(flow)
    waits: list[float] = []
    replies = iter([b"+OK\r\n+OK\r\n", b"-ERR [IN-USE] locked\r\n", b""])
    with pytest.raises(Refused, match="IN-USE locked"):
        while (effect := running.effect) is not None:
            if isinstance(effect, Read):
                waits.append(effect.within)
                running.answer(next(replies))
            else:
                running.answer(None)
    assert waits == [300, 300, 10]


def test_keeping_alive_ends_with_a_call() -> None:
    conn = logged_in()
    running = Running(pop3.keep_alive(conn, every=7))
    said: list[bytes] = []
    wakes = iter([Wake.TIMEOUT, Wake.TIMEOUT, Wake.CALLED])
    while (effect := running.effect) is not None:
        match effect:
            case Wait():
                assert effect.seconds == 7
                running.answer(next(wakes))
            case Write():
                said.append(effect.data)
                running.answer(None)
            case _:
                running.answer(b"+OK\r\n")
    assert said == [b"NOOP\r\n"] * 2


def test_a_kept_line_that_the_server_left_is_told() -> None:
    conn = logged_in()
    running = Running(pop3.keep_alive(conn))
    running.answer(Wake.DATA)
    running.answer(None)
    with pytest.raises(Refused, match="idle for too long"):
        running.answer(b"-ERR idle for too long\r\n")


@pytest.mark.parametrize("tag", ["en\r\nDELE 1", "\x00", "e\x85n"])
def test_a_language_tag_never_ends_a_command(tag: str) -> None:
    with pytest.raises(InvalidArgument):
        run(pop3.set_language(logged_in(), tag), lambda _: b"")
