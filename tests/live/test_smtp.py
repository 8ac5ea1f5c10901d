"""Our SMTP and LMTP engine against Postfix, Exim and Dovecot."""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from hongyan import sasl, smtp
from hongyan.errors import AuthenticationRefused, ConnectionLost, Refused
from hongyan.flow import Running, Write
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint, Security
from hongyan.smtp import Envelope, Notify, Outcome, Receipt, RecipientOptions, Ret, Submission
from tests.live.conftest import started
from tests.live.exim import Exim
from tests.live.servers import ALICE, BOB, DOMAIN, LATER, LOOPBACK, MESSAGE_LIMIT, MailHost, User
from tests.support.corpus import CORPUS
from tests.support.relay import Relay
from tests.test_dots import OWN_SEQUENCES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hongyan.flow import Flow

NOBODY = f"nobody@{DOMAIN}"
DELAY = 0.025  # each way
BODY = b".\r\n..\r\n.dot\r\n" + b"0123456789abcdef" * 4 + b"\r\n" + b"0123456789abcd\r\n" * 500


def letter(number: int) -> bytes:
    return (
        b"From: alice@example.test\r\nTo: bob@example.test\r\n"
        b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <%d@example.test>\r\n"
        b"Subject: %d\r\n\r\n" % (number, number)
    ) + BODY


@contextmanager
def session(
    url: str, user: User | None = ALICE, *, only: str = ""
) -> Iterator[tuple[BlockingDriver, smtp.Connection]]:
    """A session whose server offers nothing but ``only``, if that is given."""
    with BlockingDriver(Endpoint.parse(url)).connect() as driver:
        conn = smtp.Connection()
        credentials = sasl.Credentials(user.address, user.password) if user else None
        starttls = driver.channel.endpoint.security is Security.STARTTLS
        terms = sasl.Terms(disclose=True, certificate=driver.channel.certificate)
        driver.run(smtp.open_session(conn, credentials, use_starttls=starttls, terms=terms))
        if only:
            kept = {name: conn.extensions.names.get(name, ()) for name in only.split()}
            conn.extensions = smtp.Extensions(kept)
        yield driver, conn
        driver.run(smtp.quit_(conn))


def send(
    driver: BlockingDriver, conn: smtp.Connection, submissions: list[Submission]
) -> list[Receipt]:
    receipts: list[Receipt] = []
    flow = smtp.submit_many(conn, submissions, lambda _, receipt: receipts.append(receipt))
    driver.run(flow, total=60)
    return receipts


@pytest.fixture(scope="module")
def exim() -> Iterator[Exim]:
    yield from started(Exim)


NAMES = (
    *(
        f"{what}-{how}"
        for what in ("many", "large")
        for how in ("chunking", "pipelining", "8bitmime")
    ),
    *(f"smuggled-{how}" for how in ("chunking", "pipelining", "8bitmime")),
    *("reported", "lmtp-1", "lmtp-2"),
)


@pytest.fixture(scope="module")
def readers(mail_host: MailHost) -> dict[str, User]:
    """The users of these tests."""
    return {name: mail_host.add_user(name) for name in NAMES}


def plain(port: int) -> str:
    return f"smtp://{LOOPBACK}:{port}?tls=none"


# -- Postfix

PACES = ["", "PIPELINING", "8BITMIME"]


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("only", PACES)
def test_many_messages_some_refused_arrive_at_postfix(
    mail_host: MailHost, readers: dict[str, User], only: str
) -> None:
    reader = readers[f"many-{only.lower() or 'chunking'}"]
    people = [(reader.address,), (NOBODY,), (reader.address, LATER), (LATER,)]
    letters = [Submission(Envelope(ALICE.address, people[n % 4]), [letter(n)]) for n in range(40)]
    with session(mail_host.smtp_url(), only=only) as (driver, conn):
        receipts = send(driver, conn, letters)
        assert driver.run(smtp.submit(conn, letters[0].envelope, [letter(40)])).sent
    told = [[each.outcome for each in receipt.deliveries] for receipt in receipts]
    sent, deferred, refused = Outcome.SENT, Outcome.DEFERRED, Outcome.REFUSED
    assert told == [[sent], [refused], [sent, deferred], [deferred]] * 10
    assert receipts[1].deliveries[0].words.startswith("550 5.1.1 ")
    stored = mail_host.wait_for(reader, 21)
    expected = sorted(letter(n) for n in range(41) if n % 4 in {0, 2})
    assert sorted(message[message.index(b"From: alice") :] for message in stored) == expected


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("only", ["CHUNKING PIPELINING", "PIPELINING"])
def test_two_hundred_messages_over_a_distance(mail_host: MailHost, only: str) -> None:
    """All arrive in one session; how many round trips it takes is the bench's to say."""
    with Relay(mail_host.postfix.smtp, delay=DELAY) as relay:
        with session(plain(relay.port), only=only) as (driver, conn):
            envelope = Envelope(ALICE.address, (BOB.address,))
            letters = [Submission(envelope, [letter(n)]) for n in range(200)]
            assert all(receipt.sent for receipt in send(driver, conn, letters))
        assert relay.counts.connections == 1


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("only", PACES)
def test_a_large_message_in_parts(mail_host: MailHost, readers: dict[str, User], only: str) -> None:
    reader = readers[f"large-{only.lower() or 'chunking'}"]
    large = letter(1) + BODY * 400
    parts = (large[at : at + 65_537] for at in range(0, len(large), 65_537))
    with session(mail_host.smtp_url(), only=only) as (driver, conn):
        envelope = Envelope(ALICE.address, (reader.address,), size=len(large))
        assert driver.run(smtp.submit(conn, envelope, parts)).sent
    (stored,) = mail_host.wait_for(reader, 1)
    assert stored.endswith(large)


@pytest.mark.usefixtures("trusted")
def test_what_postfix_refuses(mail_host: MailHost) -> None:
    with session(mail_host.smtp_url()) as (driver, conn):
        size = MESSAGE_LIMIT + 1
        with pytest.raises(Refused, match="the server takes"):
            driver.run(smtp.submit(conn, Envelope(ALICE.address, (BOB.address,), size=size), [b""]))
        driver.run(smtp.noop(conn))
    wrong = User(ALICE.address, "wrong")
    with (
        pytest.raises(AuthenticationRefused, match=r"535 5\.7\.8"),
        session(mail_host.smtp_url(), wrong),
    ):
        pass


@pytest.mark.usefixtures("trusted")
def test_postfix_reports_on_delivery(mail_host: MailHost, readers: dict[str, User]) -> None:
    sender = readers["reported"]
    envelope = Envelope(
        sender.address,
        (BOB.address,),
        ret=Ret.HEADERS,
        envid="QQ314159+=",
        options={BOB.address: RecipientOptions(frozenset({Notify.SUCCESS}), "b+ob@example.org")},
    )
    with session(mail_host.smtp_url()) as (driver, conn):
        receipt = driver.run(smtp.submit(conn, envelope, [letter(1)]))
    assert receipt.sent
    assert receipt.left_out == ()
    (report,) = mail_host.wait_for(sender, 1)
    assert b"Original-Envelope-Id: QQ314159+=" in report
    assert b"Original-Recipient: rfc822;b+ob@example.org" in report


# -- Exim


@pytest.mark.parametrize("only", PACES)
def test_many_messages_some_refused_arrive_at_exim(exim: Exim, only: str) -> None:
    before = len(exim.bodies())
    bob, nobody = f"bob@{DOMAIN}", f"nobody@{DOMAIN}"
    people = [(bob,)] * 5 + [(nobody,), (bob, LATER)]
    letters = [Submission(Envelope(ALICE.address, people[n % 7]), [letter(n)]) for n in range(63)]
    letters += [Submission(Envelope(f"enemy@{DOMAIN}", (bob,)), [letter(70)])]
    with session(exim.url, only=only) as (driver, conn):
        receipts = send(driver, conn, letters)
    told = [[each.outcome for each in receipt.deliveries] for receipt in receipts]
    sent, deferred, refused = Outcome.SENT, Outcome.DEFERRED, Outcome.REFUSED
    assert told == [*([[sent]] * 5 + [[refused], [sent, deferred]]) * 9, [refused]]
    bodies = exim.bodies()
    assert len(bodies) == before + 54
    assert set(bodies) == {BODY.replace(b"\r\n", b"\n")}


def test_exim_that_loses_patience_leaves_nothing_uncertain(exim: Exim) -> None:
    """Exim's smtp_accept_max_nonmail: the eleventh RSET after no message ends the session."""
    before = len(exim.bodies())
    people = [f"bob@{DOMAIN}", f"nobody@{DOMAIN}"]
    letters = [
        Submission(Envelope(ALICE.address, (people[n % 2],)), [letter(n)]) for n in range(60)
    ]
    left, sessions = letters, 0
    while left:
        receipts: list[Receipt] = []

        def settle(_: Submission, receipt: Receipt, receipts: list[Receipt] = receipts) -> None:
            receipts.append(receipt)

        try:
            with session(exim.url) as (driver, conn):
                driver.run(smtp.submit_many(conn, left, settle), total=60)
        except ConnectionLost:
            assert receipts
        assert not any(receipt.uncertain for receipt in receipts)
        left = left[len(receipts) :]
        sessions += 1
    assert len(exim.bodies()) == before + 30
    assert sessions < 6


def test_exim_takes_a_large_message_in_chunks(exim: Exim) -> None:
    before = len(exim.bodies())
    large = letter(1) + BODY * 100
    with session(exim.url) as (driver, conn):
        assert conn.extensions.chunking
        envelope = Envelope(ALICE.address, (f"bob@{DOMAIN}",), size=len(large))
        assert driver.run(smtp.submit(conn, envelope, [large])).sent
    bodies = exim.bodies()
    assert len(bodies) == before + 1
    assert (BODY * 101).replace(b"\r\n", b"\n") in bodies


# -- smuggling


def sequences() -> list[str]:
    path = CORPUS / "smtp-smuggling" / "sequences.json"
    if not path.exists():
        return OWN_SEQUENCES
    found = json.loads(path.read_text("utf-8"))["sequences"]
    return [bytes.fromhex(each["hex"]).decode("latin-1") for each in found]


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("server", ["postfix", "exim"])
@pytest.mark.parametrize("only", PACES)
def test_no_second_message_is_smuggled_in(
    mail_host: MailHost, readers: dict[str, User], exim: Exim, server: str, only: str
) -> None:
    found = sequences()
    url = exim.url if server == "exim" else mail_host.smtp_url()
    reader = readers[f"smuggled-{only.lower() or 'chunking'}"]
    to = f"bob@{DOMAIN}" if server == "exim" else reader.address
    evil = f"MAIL FROM:<evil@{DOMAIN}>\r\nRCPT TO:<{to}>\r\nDATA\r\n\r\nevil\r\n.\r\n"
    before = len(exim.bodies())
    letters = [
        Submission(
            Envelope(ALICE.address, (to,)),
            [letter(1), sequence.encode("latin-1"), evil.encode(), b"the end"],
        )
        for sequence in found
    ]
    with session(url, only=only) as (driver, conn):
        assert all(receipt.sent for receipt in send(driver, conn, letters))
    if server == "exim":
        stored = exim.bodies()[before:]
        assert len(exim.bodies()) == before + len(found)
    else:
        stored = mail_host.wait_for(reader, len(found))
        time.sleep(0.2)
        assert len(mail_host.messages(reader)) == len(found)
        assert all(message.endswith(b"evil\r\n.\r\nthe end\r\n") for message in stored)


# -- Dovecot's LMTP


def run_on_unix_socket(flow: Flow[None], path: Path) -> None:
    """A whole driver, for the one socket that is no host and port."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        sock.connect(str(path))
        running = Running(flow)
        while (effect := running.effect) is not None:
            if isinstance(effect, Write):
                sock.sendall(effect.data)
                running.answer(None)
            else:
                running.answer(sock.recv(65_536))


def lmtp_flow(people: tuple[str, ...], count: int, receipts: list[Receipt]) -> Flow[None]:
    conn = smtp.Connection(protocol=smtp.Protocol.LMTP)
    terms = sasl.Terms(disclose=True)
    yield from smtp.open_session(conn, None, use_starttls=False, terms=terms)
    submissions = [Submission(Envelope(ALICE.address, people), [letter(n)]) for n in range(count)]
    yield from smtp.submit_many(conn, submissions, lambda _, receipt: receipts.append(receipt))
    yield from smtp.quit_(conn)


def test_dovecot_answers_lmtp_for_each_recipient(
    mail_host: MailHost, readers: dict[str, User]
) -> None:
    first, second = readers["lmtp-1"], readers["lmtp-2"]
    people = (first.address, NOBODY, second.address)
    receipts: list[Receipt] = []
    run_on_unix_socket(lmtp_flow(people, 20, receipts), mail_host.dovecot.lmtp_socket)
    sent, refused = Outcome.SENT, Outcome.REFUSED
    told = [[each.outcome for each in receipt.deliveries] for receipt in receipts]
    assert told == [[sent, refused, sent]] * 20
    for reader in (first, second):
        stored = mail_host.messages(reader)
        assert sorted(message[message.index(b"From: alice") :] for message in stored) == sorted(
            letter(n) for n in range(20)
        )
