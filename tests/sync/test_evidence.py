"""Copies and reports that come back, and what they say about mail that was sent."""

from __future__ import annotations

import pytest

from hongyan.store import Copy, Delivery, Role, State
from hongyan.sync import arrivals, evidence
from hongyan.sync.sent_copy import SentCopies
from tests.support.scripted import ScriptedServer
from tests.sync.profile import ADDRESS, LETTER, Profile
from tests.sync.test_outbox import DATA, HELLO, MAIL, QUIT, rcpt

TO = "a@b.example"


def send(profile: Profile, *, lost: bool = False, **values: object) -> str:
    item = profile.store.outbox.add(
        profile.account.id,
        LETTER,
        sender=ADDRESS,
        recipients=(TO,),
        message_id="1@goose.example",
        **values,  # type: ignore[arg-type]  # the test's own
    )
    end = "* EOF" if lost else "S: 250 ok\\r\\n\n" + QUIT
    with ScriptedServer(HELLO + MAIL + rcpt(TO) + DATA + end) as server:
        profile.send(server.port, item)
    return item


def arrive(profile: Profile, octets: bytes, role: Role = Role.INBOX, uidl: str = "u1") -> None:
    """Let a server have given a message."""
    box = profile.store.mailboxes.ensure(profile.account.id, role)
    profile.store.messages.add(
        profile.account.id, box.id, octets, received_at=profile.now, uidl=uidl
    )


def look(profile: Profile) -> None:
    arrivals.look_through(
        profile.store,
        profile.account.id,
        [lambda arrived: evidence.take_reports(profile.store, arrived)],
    )
    evidence.look_for_copies(profile.store, profile.account.id)


def report(*lines: str, original: str = "1@goose.example", kind: str = "delivery-status") -> bytes:
    return (
        f'Subject: Report\r\nContent-Type: multipart/report; boundary="b"; report-type={kind}\r\n'
        f"\r\n--b\r\n\r\nHello.\r\n--b\r\nContent-Type: message/{kind}\r\n\r\n"
        + "".join(f"{line}\r\n" for line in lines)
        + "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: <{original}>\r\n\r\n--b--\r\n"
    ).encode()


def test_a_copy_from_a_server_ends_the_uncertainty(profile: Profile) -> None:
    item = send(profile, lost=True)
    look(profile)
    assert profile.store.outbox.get(item).state is State.UNCERTAIN
    arrive(profile, b"Received: by x\r\n" + LETTER)
    look(profile)
    found = profile.store.outbox.get(item)
    assert (found.state, found.words) == (State.SENT, "a copy is in Inbox")


def test_a_copy_of_our_own_proves_nothing(profile: Profile) -> None:
    box = profile.store.mailboxes.ensure(profile.account.id, Role.SENT)
    own = profile.store.messages.add(
        profile.account.id, box.id, LETTER, received_at=profile.now, uidl="put there by us"
    )
    item = send(profile, lost=True, email_id=own)
    profile.store.messages.add(
        profile.account.id, box.id, LETTER + b"imported", received_at=profile.now
    )
    look(profile)
    assert profile.store.outbox.get(item).state is State.UNCERTAIN


def test_a_copy_of_an_earlier_attempt_proves_nothing_about_a_later_one(profile: Profile) -> None:
    item = profile.store.outbox.add(
        profile.account.id,
        LETTER,
        sender=ADDRESS,
        recipients=("early@b.example", TO),
        message_id="1@goose.example",
    )
    first = MAIL + rcpt("early@b.example") + rcpt(TO, "450 later") + DATA + "S: 250 ok\\r\\n\n"
    with ScriptedServer(HELLO + first + QUIT) as server:
        profile.send(server.port)
    profile.wait(days=1)
    with ScriptedServer(HELLO + MAIL + rcpt(TO) + DATA + "* EOF") as server:
        profile.send(server.port)
    arrive(profile, LETTER)
    look(profile)
    assert profile.store.outbox.get(item).state is State.UNCERTAIN
    arrive(profile, report("", f"Final-Recipient: rfc822;{TO}", "Action: delivered"), uidl="u2")
    look(profile)
    assert profile.store.outbox.get(item).state is State.SENT


@pytest.mark.parametrize("by", ["envelope id", "message id"])
def test_a_report_finds_its_way_back(profile: Profile, by: str) -> None:
    item = send(profile)
    envid = profile.store.outbox.get(item).envid
    lines = [f"Original-Envelope-Id: {envid}"] if by == "envelope id" else []
    lines += ["Reporting-MTA: dns; mx.b.example", "", f"Final-Recipient: rfc822;{TO}"]
    lines += ["Action: failed", "Status: 5.2.2", "Diagnostic-Code: smtp; 552 mailbox full"]
    arrive(profile, report(*lines, original="1@goose.example" if by == "message id" else "x@y"))
    look(profile)
    (recipient,) = profile.store.outbox.get(item).recipients
    assert recipient.state is State.SENT
    assert recipient.delivery is Delivery.FAILED
    assert recipient.delivery_words == "5.2.2 552 mailbox full"


def test_a_receipt_finds_its_way_back(profile: Profile) -> None:
    item = send(profile, lost=True)
    fields = [f"Final-Recipient: rfc822;{TO}", "Original-Message-ID: <1@goose.example>"]
    fields += ["Disposition: manual-action/MDN-sent-manually; displayed"]
    arrive(profile, report(*fields, kind="disposition-notification"))
    look(profile)
    found = profile.store.outbox.get(item)
    assert found.recipients[0].displayed
    assert found.state is State.SENT, "who has seen it has got it"


def test_each_arrival_is_looked_at_once(profile: Profile) -> None:
    seen: list[str] = []
    for number in range(250):
        arrive(profile, b"Subject: %d\r\n\r\n" % number, uidl=f"n{number}")
    for _ in range(2):
        arrivals.look_through(
            profile.store,
            profile.account.id,
            [
                lambda arrived: seen.extend(
                    profile.store.messages.get(id_).subject for id_ in arrived
                )
            ],
        )
    assert seen == [str(number) for number in range(250)]


def test_a_handler_that_fails_leaves_its_batch_to_be_looked_at_again(profile: Profile) -> None:
    arrive(profile, LETTER)

    def fail(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        arrivals.look_through(profile.store, profile.account.id, [fail])
    seen: list[str] = []
    arrivals.look_through(
        profile.store,
        profile.account.id,
        [lambda arrived: seen.extend(profile.store.messages.get(id_).subject for id_ in arrived)],
    )
    assert seen == ["One"]


# -- the sender's own copy, where mail lives on a server


@pytest.fixture
def imap(profile: Profile) -> Profile:
    profile.account = profile.store.accounts.add(
        "imap@goose.example", secret="keychain", imap_url="imaps://imap.goose.example"
    )
    return profile


def visited(profile: Profile) -> None:
    SentCopies(profile.account, profile.store, clock=profile.clock).visited(profile.now)


def test_the_provider_files_it_and_that_is_remembered(imap: Profile) -> None:
    item = send(imap)
    assert imap.store.outbox.get(item).copy is Copy.DUE
    assert imap.stored(Role.SENT) == []
    visited(imap)
    assert imap.store.outbox.get(item).copy is Copy.DUE, "too early to say"
    arrive(imap, LETTER, Role.SENT)
    visited(imap)
    assert imap.store.outbox.get(item).copy is Copy.PROVIDER
    second = send(imap)
    assert imap.store.outbox.get(second).copy is Copy.PROVIDER
    assert imap.stored(Role.SENT) == [LETTER], "one copy, the provider's"


def test_the_provider_does_not_and_that_is_remembered(imap: Profile) -> None:
    item = send(imap)
    imap.wait(seconds=29)
    visited(imap)
    assert imap.stored(Role.SENT) == []
    imap.wait(seconds=1)
    visited(imap)
    assert imap.stored(Role.SENT) == [LETTER]
    assert imap.store.outbox.get(item).copy is Copy.OURS
    second = send(imap)
    assert imap.store.outbox.get(second).copy is Copy.OURS
    visited(imap)
    assert imap.stored(Role.SENT) == [LETTER, LETTER], "one copy of each"
