"""The public library against the demo host: every method, blocking and asyncio."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from hongyan import POP3, SMTP, aio
from hongyan.demo.host import DemoHost
from hongyan.errors import (
    AuthenticationRefused,
    HongyanError,
    InvalidArgument,
    ProtocolError,
    Refused,
    Unsafe,
)
from hongyan.net.record import Recorder
from hongyan.pop3 import Entry, Limits
from hongyan.sasl import CramMD5, Credentials
from hongyan.smtp import Outcome
from tests.support.scripted import ScriptedServer


@pytest.fixture
def host() -> Iterator[DemoHost]:
    with DemoHost() as running:
        yield running


class Basket:
    def __init__(self) -> None:
        self.messages: dict[int, bytes] = {}
        self.done: set[int] = set()

    def __call__(self, entry: Entry, chunk: bytes, last: bool) -> None:
        self.messages[entry.number] = self.messages.get(entry.number, b"") + chunk
        if last:
            self.done.add(entry.number)


def letters(host: DemoHost) -> dict[int, bytes]:
    return {number: letter.content for number, letter in enumerate(host.maildrop.letters(), 1)}


def test_pop3(host: DemoHost) -> None:
    basket = Basket()
    with POP3(host.pop3s_url, host.address, host.password) as pop:
        assert pop.stat().messages == 60
        entries = pop.list()
        assert pop.fetch(entries, basket) == ()
        assert basket.messages[1].startswith(pop.top(entries[0]).rstrip(b"\r\n"))
        pop.noop()
        assert pop.delete(entries[:2]) == ()
        pop.reset()
        assert pop.delete(entries[:1]) == ()
    assert basket.done == set(range(1, 61))
    assert {entry.size for entry in entries} == set(map(len, basket.messages.values()))
    with POP3(host.pop3_url, host.address, host.password) as pop:
        assert pop.stat().messages == 59


@pytest.mark.parametrize("leave", [False, True])
def test_a_sink_that_fails_amid_a_message_ends_the_session(host: DemoHost, *, leave: bool) -> None:
    def full(_entry: Entry, _chunk: bytes, _last: bool) -> None:  # a sink's shape
        raise ValueError("the disk is full")

    with POP3(host.pop3s_url, host.address, host.password) as pop:
        entries = pop.list()
        with pytest.raises(ValueError, match="full"):
            pop.fetch(entries, full, leave=leave)
        with pytest.raises(HongyanError):
            pop.noop()


def test_pop3_in_an_event_loop(host: DemoHost) -> None:
    async def session() -> tuple[int, int, bytes]:
        basket = Basket()
        async with aio.POP3(host.pop3_url, host.address, host.password) as pop:
            entries = await pop.list()
            await pop.fetch(entries, basket)
            top = await pop.top(entries[-1])
            await pop.noop()
            await pop.delete(entries)
            await pop.reset()
            return (await pop.stat()).messages, len(basket.done), top

    messages, fetched, top = asyncio.run(session())
    assert (messages, fetched) == (60, 60)
    assert b"Subject:" in top


def message() -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = (
        "yan@goose.example",
        "yan@goose.example",
        "to myself",
    )
    made.set_content("hello\n")
    return made


def arrived(host: DemoHost) -> int:
    end = time.monotonic() + 5
    while len(host.maildrop.letters()) == 60 and time.monotonic() < end:
        time.sleep(0.02)
    return len(host.maildrop.letters()) - 60


def test_smtp(host: DemoHost) -> None:
    with SMTP(host.smtps_url, host.address, host.password) as smtp:
        receipt = smtp.send(message(), host.address, ["yan@goose.example", "nobody@goose.example"])
        assert [each.outcome for each in receipt.deliveries] == [Outcome.SENT, Outcome.REFUSED]
        with pytest.raises(InvalidArgument):
            smtp.send(message(), host.address, "not an address")
        with pytest.raises(InvalidArgument, match="No such file"):
            smtp.send(Path("/nonexistent/letter.eml"), host.address, "yan@goose.example")
        assert smtp.send(b"Subject: again\r\n\r\nx", host.address, "yan@goose.example").sent
    assert arrived(host) >= 1


def test_smtp_in_an_event_loop(host: DemoHost, tmp_path: Path) -> None:
    letter = tmp_path / "letter.eml"
    letter.write_bytes(b"From: yan@goose.example\r\nSubject: a file\r\n\r\n.dot\r\nlast")

    async def session() -> bool:
        async with aio.SMTP(host.smtp_url, host.address, host.password) as smtp:
            receipt = await smtp.send(letter, host.address, "yan@goose.example")
            return receipt.sent

    assert asyncio.run(session())
    assert arrived(host) == 1
    assert host.maildrop.letters()[-1].content.endswith(b"\r\n\r\n.dot\r\nlast\r\n")


def test_a_mechanism_object_in_place_of_a_password(host: DemoHost) -> None:
    mechanism = CramMD5(Credentials(host.address, host.password))
    with SMTP(host.smtps_url, mechanism=mechanism) as smtp:
        assert smtp.send(message(), host.address, host.address).sent


def test_without_a_login_the_server_decides(host: DemoHost) -> None:
    with SMTP(host.smtps_url) as smtp, pytest.raises(Refused, match="530"):
        smtp.send(message(), host.address, host.address)


def test_a_wrong_password(host: DemoHost) -> None:
    with pytest.raises(AuthenticationRefused), POP3(host.pop3s_url, host.address, "wrong"):
        pass
    with pytest.raises(AuthenticationRefused), SMTP(host.smtps_url, host.address, "wrong"):
        pass


def test_arguments_that_cannot_be_meant() -> None:
    with pytest.raises(InvalidArgument, match="pop3"):
        POP3("smtps://h")
    with pytest.raises(InvalidArgument, match="username"):
        SMTP("smtps://h", password="x")
    with pytest.raises(InvalidArgument, match="password"):
        SMTP("smtps://h", "anna", "a\nb")


def test_a_token_where_no_token_is_taken(host: DemoHost) -> None:
    session = SMTP(host.smtps_url, host.address, token="t0k3n")
    with pytest.raises(Unsafe, match="none of these can be used"), session:
        pass


def many(host: DemoHost, count: int) -> Iterator[tuple[bytes, str, str]]:
    for number in range(count):
        to = "nobody@goose.example" if number == 3 else f"friend{number}@reed.example"
        yield f"Subject: {number}\r\n\r\n.{number}\r\n".encode(), host.address, to


def test_many_messages(host: DemoHost) -> None:
    with SMTP(host.smtps_url, host.address, host.password) as smtp:
        receipts = list(smtp.send_many(many(host, 30)))
    assert [receipt.sent for receipt in receipts] == [number != 3 for number in range(30)]
    assert receipts[29].envelope.recipients == ("friend29@reed.example",)


def test_many_messages_in_an_event_loop(host: DemoHost) -> None:
    async def session() -> list[bool]:
        async with aio.SMTP(host.smtps_url, host.address, host.password) as smtp:
            return [receipt.sent async for receipt in smtp.send_many(many(host, 30))]

    assert asyncio.run(session()) == [number != 3 for number in range(30)]


def test_a_loop_that_is_left_early_leaves_the_rest_unsent(host: DemoHost) -> None:
    with SMTP(host.smtps_url, host.address, host.password) as smtp:
        for receipt in smtp.send_many(many(host, 2)):
            assert receipt.sent
            break


NOT_YET_354 = r"""
S: 220 hi\r\n
C: EHLO [127.0.0.1]\r\n
S: 250-x\r\n250 PIPELINING\r\n
C: MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n
S: 250 ok\r\n250 ok\r\n354 go on\r\n
C: x\r\n.\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n
S: 250 accepted\r\n
"""
TWICE = [(b"x\r\n", "a@b.example", "c@d.example")] * 2


def test_whoever_leaves_a_loop_while_more_is_under_way_says_nothing_more() -> None:
    server = ScriptedServer(NOT_YET_354)
    with server, SMTP(f"smtp://127.0.0.1:{server.port}?tls=none") as smtp:
        for receipt in smtp.send_many(TWICE):
            assert receipt.sent
            break
        with pytest.raises(HongyanError):
            smtp.send(b"x\r\n", "a@b.example", "c@d.example")
    assert server.errors == []


def test_leaving_a_loop_in_an_event_loop() -> None:
    async def session(port: int) -> None:
        async with aio.SMTP(f"smtp://127.0.0.1:{port}?tls=none") as smtp:
            async for receipt in smtp.send_many(TWICE):
                assert receipt.sent
                break

    with ScriptedServer(NOT_YET_354) as server:
        asyncio.run(session(server.port))
    assert server.errors == []


@pytest.mark.parametrize("tls", [True, False])
def test_what_is_remembered_saves_round_trips(host: DemoHost, tls: bool) -> None:
    url = host.pop3s_url if tls else host.pop3_url
    with POP3(url, host.address, host.password) as pop:
        remembered = json.loads(json.dumps(pop.offered))
        entries = pop.list()
    lines: list[str] = []
    recorder = Recorder(lambda line: lines.append(str(line)))
    with POP3(
        url, host.address, host.password, remembered=remembered, listing=True, recorder=recorder
    ) as pop:
        assert pop.list() == entries
        assert lines.count("C: LIST\\r\\n") == 1
        assert pop.list() == entries, "asked anew the second time"
    assert lines.count("C: LIST\\r\\n") == 2
    assert "C: CAPA\\r\\n" not in lines


def test_the_listing_rides_in_an_event_loop(host: DemoHost) -> None:
    async def session() -> int:
        async with aio.POP3(host.pop3_url, host.address, host.password, listing=True) as pop:
            return len(await pop.list())

    assert asyncio.run(session()) == 60


def test_less_than_what_is_remembered_is_refused(host: DemoHost) -> None:
    for session, url, name in ((POP3, host.pop3s_url, "SASL"), (SMTP, host.smtps_url, "AUTH")):
        with session(url, host.address, host.password) as known:
            better = {**known.offered, name: ["SCRAM-SHA-512"]}
        with pytest.raises(Unsafe, match="used to offer SCRAM-SHA-512"):
            session(url, host.address, host.password, remembered=better).__enter__()


def test_the_person_sets_the_limits(host: DemoHost) -> None:
    with (
        pytest.raises(ProtocolError, match="LIST is longer than 100 octets"),
        POP3(host.pop3_url, host.address, host.password, limits=Limits(listing=100)) as pop,
    ):
        pop.list()


def test_a_listing_needs_a_login(host: DemoHost) -> None:
    with pytest.raises(InvalidArgument, match="listing: needs a login"):
        POP3(host.pop3_url, listing=True)


@pytest.mark.parametrize(("expire", "rides"), [("EXPIRE NEVER", True), ("EXPIRE 0", False)])
def test_leaving_with_the_last_request(expire: str, rides: bool) -> None:
    """Not where the server removes what it has given, before the sink has all of it."""
    lines = (
        "S: +OK", "C: CAPA", "S: +OK", "S: PIPELINING", f"S: {expire}", "S: .", "C: USER a",
        "C: PASS b", "S: +OK", "S: +OK", "C: RETR 1", *["C: QUIT"] * rides, "S: +OK", "S: hello",
        "S: .", *["C: QUIT"] * (not rides), "S: +OK",
    )  # fmt: skip
    said: list[str] = []
    basket = Basket()
    recorder = Recorder(lambda line: said.append(str(line)))
    with ScriptedServer("".join(f"{line}\\r\\n\n" for line in lines)) as server:
        url = f"pop3://127.0.0.1:{server.port}?tls=none"
        with POP3(url, "a", "b", recorder=recorder) as pop:
            pop.fetch([Entry(1, 7)], basket, leave=True)
    assert server.errors == []
    assert basket.messages == {1: b"hello\r\n"}
    assert (said.index("C: QUIT\\r\\n") < said.index("S: hello\\r\\n")) is rides


def test_leaving_in_an_event_loop(host: DemoHost) -> None:
    async def session() -> int:
        basket = Basket()
        async with aio.POP3(host.pop3_url, host.address, host.password) as pop:
            await pop.fetch(await pop.list(), basket, leave=True)
        return len(basket.done)

    assert asyncio.run(session()) == 60


def test_what_cannot_be_is_said_in_words(host: DemoHost) -> None:
    pop = POP3(host.pop3_url, host.address, host.password)
    for used in (pop.stat, pop.list, lambda: pop.offered):
        with pytest.raises(InvalidArgument, match="session: is not open: use it in a 'with' block"):
            used()
    assert not hasattr(pop, "nonsense")
    with SMTP(host.smtp_url, host.address, host.password) as smtp:
        with pytest.raises(InvalidArgument, match="message: is text"):
            smtp.send("Subject: x\n\nx", host.address, host.address)  # type: ignore[arg-type]
        assert smtp.send(b"Subject: x\r\n\r\nx", host.address, host.address).sent
