"""Sending over time, by a clock that the test moves: holding, deferring, giving up nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hongyan.store import Role, State
from tests.support.scripted import ScriptedServer
from tests.sync.profile import ADDRESS, LETTER, Profile
from tests.sync.test_outbox import DATA, HELLO, MAIL, QUIT, rcpt

TO = "a@b.example"
GOOD = "S: 250 ok\\r\\n\n"
# a server that holds mail for up to ten days (RFC 4865) and reports (RFC 3461)
HOLDING = (
    "S: 220 x\\r\\n\nC: EHLO [127.0.0.1]\\r\\n\nS: 250-x\\r\\n\nS: 250-DSN\\r\\n\n"
    "S: 250 FUTURERELEASE 864000 2026-03-24T12:00:00Z\\r\\n\n"
)


def later(profile: Profile, **span: float) -> str:
    return profile.store.outbox.add(
        profile.account.id,
        LETTER,
        sender=ADDRESS,
        recipients=(TO,),
        send_at=profile.now + timedelta(**span),
    )


def test_a_server_that_can_holds_it_until_its_time(profile: Profile) -> None:
    item = later(profile, days=3)
    envid = profile.store.outbox.get(item).envid
    assert profile.send(1) == (), "time to think again"
    profile.wait(minutes=5)
    mail = f"MAIL FROM:<{ADDRESS}> RET=HDRS ENVID={envid} HOLDUNTIL=2026-03-17T12:00:00Z"
    to = f"RCPT TO:<{TO}> NOTIFY=FAILURE,DELAY"
    script = f"C: {mail}\\r\\n\n{GOOD}C: {to}\\r\\n\n{GOOD}" + DATA + GOOD + QUIT
    with ScriptedServer(HOLDING + script) as server:
        (sent,) = profile.send(server.port)
    assert server.errors == []
    assert (sent.id, sent.state) == (item, State.SENT)
    assert profile.stored(Role.SENT) == [LETTER]


@pytest.mark.parametrize(
    ("hello", "days", "holds"), [(HELLO, 3, "0"), (HOLDING, 30, "863700")], ids=["never", "so long"]
)
def test_one_that_cannot_is_asked_once_and_our_own_clock_does_it(
    profile: Profile, hello: str, days: int, holds: str
) -> None:
    item = later(profile, days=days)
    profile.wait(minutes=5)
    with ScriptedServer(hello + QUIT) as server:
        assert profile.send(server.port) == ()
    assert server.errors == []
    assert profile.store.learned.get(profile.account.id, "holds") == holds
    waiting = profile.store.outbox.get(item)
    assert (waiting.state, waiting.attempts) == (State.QUEUED, 0)
    profile.wait(days=days - 11)
    assert profile.send(server.port) == ()
    assert profile.connections == 1, "nobody is called again"


def test_reports_of_success_are_asked_for_where_they_are_wanted(profile: Profile) -> None:
    profile.store.outbox.add(
        profile.account.id, LETTER, sender=ADDRESS, recipients=(TO,), receipts=True
    )
    (item,) = profile.store.outbox.list()
    script = (
        f"C: MAIL FROM:<{ADDRESS}> RET=HDRS ENVID={item.envid}\\r\\n\n{GOOD}"
        f"C: RCPT TO:<{TO}> NOTIFY=SUCCESS,FAILURE,DELAY\\r\\n\n{GOOD}"
    )
    with ScriptedServer(HOLDING + script + DATA + GOOD + QUIT) as server:
        profile.send(server.port)
    assert server.errors == []


def test_later_for_an_hour_and_then_yes(profile: Profile) -> None:
    """Greylisting: each attempt in its time, one letter in the end, one copy (FAULTS 14)."""
    item, began, attempts = profile.queue(TO), profile.now, 0
    while profile.store.outbox.get(item).state is not State.SENT:
        waited = profile.now - began
        reply = "450 4.7.1 greylisted" if waited < timedelta(hours=1) else "250 ok"
        rest = DATA + GOOD if reply == "250 ok" else ""
        with ScriptedServer(HELLO + MAIL + rcpt(TO, reply) + rest + QUIT) as server:
            (settled,) = profile.send(server.port)
        assert server.errors == []
        attempts += 1
        if settled.state is State.DEFERRED:
            assert settled.words == "450 4.7.1 greylisted"
            assert profile.store.outbox.next_due(profile.account.id) == settled.next_try
            profile.now = settled.next_try
    assert attempts == 6
    assert timedelta(hours=1) <= profile.now - began < timedelta(hours=2)
    assert profile.stored(Role.SENT) == [LETTER]


def test_no_for_an_hour_is_asked_once(profile: Profile) -> None:
    item = profile.queue(TO)
    with ScriptedServer(HELLO + MAIL + rcpt(TO, "550 5.1.1 unknown") + QUIT) as server:
        profile.send(server.port)
    for _ in range(60):
        profile.wait(minutes=1)
        assert profile.send(server.port) == ()
    assert profile.connections == 1
    found = profile.store.outbox.get(item)
    assert (found.state, found.recipients[0].words) == (State.REFUSED, "550 5.1.1 unknown")


@pytest.mark.parametrize("size", [10, 300_000], ids=["in the database", "in a file"])
def test_a_damaged_letter_holds_back_no_other(profile: Profile, size: int) -> None:
    damaged = profile.queue(TO, content=LETTER + b"x" * size)
    whole = profile.queue(TO, content=LETTER)
    sha256 = profile.store.outbox.get(damaged).blob_id
    path = profile.store.blobs.path(sha256)
    if path.exists():
        path.chmod(0o600)
        path.write_bytes(b"y" * path.stat().st_size)
    else:
        with profile.store._database.write() as db:
            db.execute(
                "UPDATE blobs SET encoding = 'plain', data = zeroblob(size) "
                "WHERE lower(hex(sha256)) = ?",
                (sha256,),
            )
    with ScriptedServer(HELLO + MAIL + rcpt(TO) + DATA + GOOD + QUIT) as server:
        first, second = profile.send(server.port)
    assert server.errors == []
    assert (first.id, first.state) == (damaged, State.REFUSED)
    assert "damaged" in first.words
    assert (second.id, second.state) == (whole, State.SENT)
