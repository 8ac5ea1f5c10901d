"""POP3: any octets give events, a wish for more, or a ProtocolError; any replies whole messages."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hongyan.errors import HongyanError, ProtocolError
from hongyan.flow import Read, Running
from hongyan.pop3 import (
    Connection,
    Verb,
    Window,
    greet,
    list_entries,
    login,
    remove,
    retrieve,
    wire,
)
from hongyan.pop3.types import Capabilities, Challenge, Content
from hongyan.sasl import Credentials, Terms

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.pop3 import Entry, Removal

ANNA = Credentials("anna", "secret")
OPENING = (
    b"+OK hello\r\n", b"+OK in\r\n", b"+OK\r\n1 9\r\n2 9\r\n3 9\r\n4 9\r\n.\r\n",
    b"+OK\r\n1 a\r\n2 b\r\n3 a\r\n4 d\r\n.\r\n",
)  # fmt: skip
SAID = (
    *(b"+OK 9 octets\r\nletter %d\r\n..\r\n.\r\n" % n for n in range(8)), *(b"+OK\r\n",) * 6,
    b"+OK\r\n.\r\n", b"-ERR no\r\n", b"-ERR [SYS/TEMP] later\r\n", b"+OK\r\nbegun", b"\r\n.\r\n",
    b".\r\n", b"\r", b"\n", b"+ \r\n", b"+O", b"250 ok\r\n", *OPENING,
)  # fmt: skip


def one(data: bytes) -> None:
    """Try both: ``data`` as what a server sends, and as a choice among what servers say."""
    if data:
        any_octets(max(1, data[0]), data[1:])
        any_replies(data[0], data[1:])


def any_octets(size: int, stream: bytes) -> None:
    """Feed ``stream`` in pieces of ``size`` octets to a busy session; read all listings."""
    conn = Connection()
    for verb, arguments in (
        (Verb.CAPA, ()), (Verb.LANG, ()), (Verb.AUTH, ("PLAIN",)), (Verb.LIST, ()), (Verb.UIDL, ()),
        (Verb.RETR, ("1",)), (Verb.TOP, ("1", "0")), (Verb.STAT, ()), (Verb.QUIT, ()),
    ):  # fmt: skip
        conn.send(verb, *arguments)
    with suppress(ProtocolError):
        for at in range(0, len(stream), size):
            conn.receive(stream[at : at + size])
            while (event := conn.next_event()) is not None:
                if isinstance(event, Content):
                    _read(event.data)
                elif isinstance(event, Challenge):
                    wire.challenge(event.data)
                else:
                    str(wire.refusal(event))


def _read(listing: bytes) -> None:
    told = wire.capabilities(listing)
    hash((told.expire, told.login_delay, told.personal, told.utf8_login))
    wire.languages(listing)
    with suppress(ProtocolError):
        wire.entries(wire.sizes(listing), wire.uidls(listing))


def any_replies(kind: int, choices: bytes) -> None:
    """Fetch and remove four messages at a server whose replies, the first or all, are chosen."""
    replies = [*OPENING[: kind // 2 % 5], *(SAID[octet % len(SAID)] for octet in choices)]
    conn = Connection()
    pipelining: dict[str, tuple[str, ...]] = {"PIPELINING": ()} if kind % 2 else {}
    conn.capabilities = Capabilities({"SASL": ("PLAIN",), **pipelining})
    kept: dict[int, list[bytes]] = {}
    whole: list[int] = []

    def sink(entry: Entry, chunk: bytes, last: bool) -> None:
        if entry.number in whole:
            raise AssertionError(f"message {entry.number} goes on after its end")
        kept.setdefault(entry.number, []).append(chunk)
        if last:
            whole.append(entry.number)

    def session() -> Flow[tuple[tuple[Entry, ...], Removal]]:
        yield from greet(conn)
        yield from login(conn, ANNA, Terms(disclose=True))
        entries = yield from list_entries(conn)
        failures = yield from retrieve(conn, entries, sink, window=Window(commands=3))
        if len(whole) + len(failures) != len(entries):
            raise AssertionError(f"{whole} came, {failures} did not: of {entries}")
        return entries, (yield from remove(conn, entries, lambda each: each.number in whole))

    _play(session(), replies, whole)
    for number in whole:
        stuffed = (b"\r\n" + b"".join(kept[number])).replace(b"\r\n.", b"\r\n..")[2:]
        if stuffed + b".\r\n" not in b"".join(replies):
            raise AssertionError(f"message {number} is not what the server sent: {stuffed!r}")


def _play(
    flow: Flow[tuple[tuple[Entry, ...], Removal]], replies: list[bytes], whole: list[int]
) -> None:
    left = iter(replies)
    with suppress(HongyanError):
        running = Running(flow)
        while (effect := running.effect) is not None:
            running.answer(next(left, b"") if isinstance(effect, Read) else None)
        _, removal = running.result
        if not {each.number for each in removal.removed} <= set(whole):
            raise AssertionError(f"removed without being kept: {removal}")
