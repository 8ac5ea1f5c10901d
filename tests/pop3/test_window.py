"""Many commands in flight: what comes is what was asked for, and the bounds hold."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import tracemalloc
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan import pop3, sasl
from hongyan.errors import ProtocolError, TimedOut
from hongyan.flow import Read, Write
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.pop3 import Entry, Limits, Verb, Window
from tests.pop3.memory import Maildrop, logged_in, run

MEGABYTE: Final = 1024 * 1024
lines = st.sampled_from([b"", b".", b"..", b".x", b"text", b"x" * 200])
message = st.lists(lines, max_size=8).map(lambda each: b"".join(line + b"\r\n" for line in each))


class Kept:
    def __init__(self) -> None:
        self.messages: dict[int, bytes] = {}
        self.begun = b""

    def __call__(self, entry: Entry, chunk: bytes, last: bool) -> None:
        self.begun += chunk
        if last:
            self.messages[entry.number] = self.begun
            self.begun = b""


@given(
    st.lists(message, max_size=12),
    st.sampled_from([(), ("PIPELINING",)]),
    st.integers(1, 9),
    st.integers(0, 500),
    st.integers(1, 400),
)
def test_whatever_the_window_and_the_cuts_every_message_comes(
    messages: list[bytes], offered: tuple[str, ...], commands: int, octets: int, chunk: int
) -> None:
    conn, kept = logged_in(*offered), Kept()
    drop = Maildrop(messages)
    window = Window(commands=commands, octets=octets)
    entries = run(pop3.list_entries(conn), drop.answer, chunk=chunk)
    assert [entry.uidl for entry in entries] == [f"id{n}" for n in range(1, len(messages) + 1)]
    flow = pop3.retrieve(conn, entries, kept, window=window)
    widest = 0

    def watch() -> None:
        nonlocal widest
        widest = max(widest, conn.in_flight)

    assert run(flow, drop.answer, chunk=chunk, watch=watch) == ()
    assert [kept.messages[n] for n in sorted(kept.messages)] == messages
    assert widest <= (commands if offered else 1)


def test_the_octets_asked_for_are_bounded() -> None:
    conn = logged_in("PIPELINING")
    entries = [Entry(n, MEGABYTE) for n in range(1, 50)]
    widest = 0

    def watch() -> None:
        nonlocal widest
        widest = max(widest, conn.in_flight)

    drop = Maildrop([b"small\r\n"] * 49)
    window = Window(commands=128, octets=5 * MEGABYTE)
    run(pop3.retrieve(conn, entries, Kept(), window=window), drop.answer, watch=watch)
    assert widest == 5


def test_the_first_commands_leave_before_the_last_are_written() -> None:
    conn = logged_in("PIPELINING")
    entries = [Entry(n, 1) for n in range(1, 301)]
    asked: list[int] = []
    for effect in pop3.retrieve(conn, entries, Kept(), riders=(Verb.QUIT,)):
        if isinstance(effect, Read):
            break
        assert isinstance(effect, Write)
        assert conn.in_flight == sum(asked) + effect.data.count(b"\r\n")
        asked.append(effect.data.count(b"\r\n"))
        last = effect.data
    assert asked == [128, 128, 45]
    assert last.endswith(b"RETR 300\r\nQUIT\r\n")


def test_one_message_greater_than_the_window_still_comes() -> None:
    conn, kept = logged_in("PIPELINING"), Kept()
    entries = [Entry(1, 100 * MEGABYTE), Entry(2, 100 * MEGABYTE)]
    run(pop3.retrieve(conn, entries, kept), Maildrop([b"a\r\n", b"b\r\n"]).answer)
    assert kept.messages == {1: b"a\r\n", 2: b"b\r\n"}


@pytest.mark.parametrize("announced", [0, 1, 7, 9, 10**15])
def test_the_final_dot_ends_a_message_whatever_size_was_announced(announced: int) -> None:
    conn, kept = logged_in("PIPELINING"), Kept()
    entries = [Entry(1, announced), Entry(2, announced)]
    assert run(pop3.retrieve(conn, entries, kept), Maildrop([b"letter\r\n", b"b\r\n"]).answer) == ()
    assert kept.messages == {1: b"letter\r\n", 2: b"b\r\n"}


def test_deletions_and_headers_go_in_windows_too() -> None:
    conn = logged_in("PIPELINING")
    drop = Maildrop([b"Subject: %d\r\n\r\nbody\r\n" % n for n in range(500)])
    entries = run(pop3.list_entries(conn), drop.answer)
    heads: list[bytes] = []
    assert run(pop3.headers(conn, entries, lambda _, head: heads.append(head)), drop.answer) == ()
    assert heads == [b"Subject: %d\r\n\r\n" % n for n in range(500)]
    drop.deleted = {7}
    (failure,) = run(pop3.delete(conn, entries), drop.answer)
    assert failure.entry.number == 7
    assert drop.deleted == set(range(1, 501))


def test_a_hundred_megabytes_pass_in_constant_memory() -> None:
    conn = logged_in("PIPELINING")
    block = b"x" * 998 + b"\r\n"
    pieces = iter([b"+OK\r\n", *([block * 250] * 400), b".\r\n"])
    total = 0

    def sink(_: Entry, chunk: bytes, last: bool) -> None:
        nonlocal total
        total += len(chunk)

    flow = pop3.retrieve(conn, [Entry(1, 100_000_000)], sink)
    next(flow)
    flow.send(None)
    tracemalloc.start()
    with contextlib.suppress(StopIteration):
        for piece in pieces:
            flow.send(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 100_000_000
    assert peak < 4 * MEGABYTE


def test_a_message_without_end_is_ended_by_the_limit() -> None:
    conn = logged_in(limits=Limits(message=100_000))
    flow = pop3.retrieve(conn, [Entry(1, 10)], Kept())
    endless = iter([b"+OK\r\n"])
    with pytest.raises(ProtocolError, match="message 1 is longer than 100000 octets"):
        run(flow, lambda _: next(endless) + b"x" * 200_000, chunk=1000)


def test_a_listing_of_a_hundred_thousand_messages() -> None:
    count = 100_000
    sizes = b"+OK\r\n" + b"".join(b"%d %d\r\n" % (n, n) for n in range(1, count + 1)) + b".\r\n"
    ids = b"+OK\r\n" + b"".join(b"%d %032x\r\n" % (n, n) for n in range(1, count + 1)) + b".\r\n"
    answers = {b"LIST": sizes, b"UIDL": ids}
    start = time.process_time()
    entries = run(pop3.list_entries(logged_in("PIPELINING")), answers.__getitem__, chunk=1460)
    assert time.process_time() - start < 3, "0.3 seconds on an idle machine"
    assert len(entries) == count
    assert entries[-1] == Entry(count, count, f"{count:032x}")


class Stubborn:
    """A server on a real socket that finishes one reply before it reads the next command."""

    def __init__(self, *, reply: bytes, replies: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._reply = reply
        self._replies = replies
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        sock, _ = self._listener.accept()
        with sock, contextlib.suppress(OSError):
            sock.settimeout(20)
            sock.sendall(b"+OK\r\n")
            for _ in range(self._replies):
                while sock.recv(1) != b"\n":
                    pass
                sock.sendall(self._reply)
            self._over.wait(20)

    def close(self) -> None:
        self._over.set()
        self._thread.join(20)
        self._listener.close()
        assert not self._thread.is_alive()


def connected(server: Stubborn) -> BlockingDriver:
    return BlockingDriver(Endpoint.parse(f"pop3://127.0.0.1:{server.port}?tls=none")).connect()


def test_two_sides_that_have_much_to_say_do_not_block_each_other() -> None:
    """The server reads nothing while it sends, more than all buffers hold and than it announced."""
    reply = b"+OK\r\n" + (b"x" * 998 + b"\r\n") * 8000 + b".\r\n"
    server = Stubborn(reply=reply, replies=6)
    entries = [Entry(n, 1) for n in range(1, 7)]
    received = 0

    def sink(_: Entry, chunk: bytes, last: bool) -> None:
        nonlocal received
        received += len(chunk)

    with connected(server) as driver:
        conn = pop3.Connection()
        driver.run(pop3.greet(conn), total=5)
        conn = logged_in("PIPELINING")
        assert driver.run(pop3.retrieve(conn, entries, sink), total=20) == ()
    server.close()
    assert received == 6 * 8_000_000


def test_a_server_that_stops_reading_ends_in_a_deadline() -> None:
    server = Stubborn(reply=b"", replies=0)
    terms = sasl.Terms(disclose=True)
    with connected(server) as driver, pytest.raises(TimedOut):
        check = pop3.check(
            pop3.Connection(), sasl.Credentials("a", "b"), starttls=False, terms=terms
        )
        driver.run(check, total=0.3)
    server.close()
