"""Messages of servers without UIDL get an identity that the next visit finds again."""

from __future__ import annotations

from typing import Final

from hongyan import pop3
from hongyan.net.replay import ReplayDriver
from hongyan.pop3 import Capabilities, Connection, Entry, State
from hongyan.sync.pop3 import identify, identity

HEADER: Final = b"Subject: dots\r\n.Odd: 1\r\n\r\n"
LISTED: Final = (Entry(1, 100), Entry(2, 200, "given"), Entry(3, 300))
WITH_TOP: Final = r"""
C: TOP 1 0\r\n
C: TOP 3 0\r\n
S: +OK\r\nSubject: dots\r\n..Odd: 1\r\n\r\n.\r\n
S: +OK\r\nSubject: three\r\n\r\n.\r\n
"""
WITHOUT_TOP: Final = r"""
C: TOP 1 0\r\n
C: TOP 3 0\r\n
S: -ERR unknown command\r\n
S: -ERR unknown command\r\n
C: RETR 1\r\n
C: RETR 3\r\n
S: +OK\r\nSubject: dots\r\n..Odd: 1\r\n\r\nbody\r\n\r\nmore\r\n.\r\n
S: -ERR gone\r\n
"""


def logged_in() -> Connection:
    conn = Connection()
    conn.state = conn._ahead = State.TRANSACTION
    conn._in_flight.clear()
    conn.capabilities = Capabilities({"PIPELINING": ()})
    return conn


def test_the_header_and_the_size_name_a_message() -> None:
    named = ReplayDriver(WITH_TOP, chunk=5).run(identify(logged_in(), LISTED))
    assert named == (
        Entry(1, 100, identity(HEADER, 100)),
        Entry(2, 200, "given"),
        Entry(3, 300, identity(b"Subject: three\r\n\r\n", 300)),
    )


def test_without_top_the_whole_message_gives_the_same_name() -> None:
    named = ReplayDriver(WITHOUT_TOP, chunk=5).run(identify(logged_in(), LISTED))
    assert named == (Entry(1, 100, identity(HEADER, 100)), LISTED[1], Entry(3, 300, None))


def test_a_header_without_an_end_is_cut() -> None:
    conn = logged_in()
    body = b"x" * 999 + b"\r\n"
    lines = "\n".join(f"S: {'x' * 999}\\r\\n" for _ in range(1500))
    dialogue = rf"""
C: TOP 1 0\r\n
S: -ERR no\r\n
C: RETR 1\r\n
S: +OK\r\n
{lines}
S: .\r\n
"""
    (named,) = ReplayDriver(dialogue, chunk=0).run(identify(conn, [Entry(1, 1_500_000)]))
    assert named.uidl == identity((body * 1500)[:1_048_576], 1_500_000)


def test_servers_with_ids_are_asked_nothing() -> None:
    assert ReplayDriver("").run(identify(pop3.Connection(), LISTED[1:2])) == LISTED[1:2]
