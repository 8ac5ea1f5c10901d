"""The outbox: sent once, or uncertain, or waiting; never twice, never forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hongyan.errors import InvalidArgument, NotFound, StoreError, Unsafe
from hongyan.store import Outcome, State, Store

TO = ("bob@example.org", "eve@example.org")
SENT = Outcome(State.SENT, "250 ok")
LATER = Outcome(State.DEFERRED, "450 later")
NO = Outcome(State.REFUSED, "550 no")
MAYBE = Outcome(State.UNCERTAIN, "the line broke")


@pytest.fixture
def item(profile: Any) -> str:
    return str(
        profile.store.outbox.add(
            profile.account.id, b"mail", sender="me@example.org", recipients=TO, message_id="m@x"
        )
    )


def states(profile: Any, item: str) -> list[State]:
    return [each.state for each in profile.store.outbox.get(item).recipients]


def test_from_queued_to_sent(profile: Any, item: str) -> None:
    outbox = profile.store.outbox
    queued = outbox.get(item)
    assert (queued.state, queued.pending, queued.attempts) == (State.QUEUED, TO, 0)
    assert profile.store.blobs.read(queued.blob_id) == b"mail"
    claimed = outbox.claim()
    assert (claimed.id, claimed.state, claimed.attempts) == (item, State.SENDING, 1)
    assert outbox.claim() is None
    assert outbox.claim(item) is None
    outbox.start_content(item)
    done = outbox.settle(item, dict.fromkeys(TO, SENT), words="250 queued as 1")
    assert (done.state, done.words, done.owner) == (State.SENT, "250 queued as 1", None)
    assert outbox.list(profile.account.id) == outbox.list() == (done,)
    assert outbox.claim(item) is None
    with pytest.raises(Unsafe):
        outbox.retry(item)
    with pytest.raises(Unsafe):
        outbox.cancel(item)


@pytest.mark.parametrize(
    ("outcomes", "state", "pending"),
    [
        ((SENT, SENT), State.SENT, ()),
        ((SENT, NO), State.REFUSED, ()),
        ((SENT, LATER), State.DEFERRED, TO[1:]),
        ((NO, LATER), State.DEFERRED, TO[1:]),
        ((MAYBE, SENT), State.UNCERTAIN, ()),
        ((NO, NO), State.REFUSED, ()),
    ],
)
def test_mixed_outcomes(
    profile: Any, item: str, outcomes: tuple[Outcome, Outcome], state: State, pending: Any
) -> None:
    profile.store.outbox.claim(item)
    later = profile.clock() + timedelta(minutes=5)
    settled = profile.store.outbox.settle(
        item, dict(zip(TO, outcomes, strict=True)), next_try=later
    )
    assert (settled.state, settled.pending) == (state, pending)
    assert states(profile, item) == [each.state for each in outcomes]
    assert profile.store.outbox.claim() is None
    profile.clock.pass_by(minutes=5)
    assert (profile.store.outbox.claim() is not None) == (state is State.DEFERRED)


def test_a_retry_is_for_those_who_did_not_get_it(profile: Any, item: str) -> None:
    outbox = profile.store.outbox
    outbox.claim(item)
    outbox.settle(item, {TO[0]: SENT, TO[1]: MAYBE})
    assert outbox.claim(item) is None
    assert outbox.retry(item).pending == TO[1:]
    assert outbox.claim().pending == TO[1:]


def test_what_is_left_out_is_never_sent_again_by_itself(profile: Any, item: str) -> None:
    outbox = profile.store.outbox
    outbox.claim(item)
    assert outbox.release(item, words="cut").state is State.DEFERRED
    outbox.claim(item)
    outbox.start_content(item)
    assert outbox.settle(item, {TO[0]: NO}).state is State.UNCERTAIN
    assert states(profile, item) == [State.REFUSED, State.UNCERTAIN]


def test_cancelling_and_forgetting(profile: Any, item: str) -> None:
    outbox = profile.store.outbox
    assert outbox.cancel(item).state is State.CANCELLED
    assert outbox.claim() is None
    assert outbox.retry(item).state is State.QUEUED
    outbox.claim(item)
    for refuse in (outbox.cancel, outbox.forget, outbox.retry):
        with pytest.raises(Unsafe):
            refuse(item)
    outbox.settle(item, {})
    outbox.forget(item)
    with pytest.raises(NotFound):
        outbox.get(item)
    with profile.store._database.read() as db:
        assert db.execute("SELECT count(*) FROM blobs").get == 0


def test_only_the_claimant_settles(profile: Any, clock: Any, item: str) -> None:
    with Store.open(profile.home, clock=clock) as other:
        other.outbox.claim(item)
        assert profile.store.outbox.recover() == ()
        for act in (profile.store.outbox.start_content, profile.store.outbox.release):
            with pytest.raises(StoreError):
                act(item)
        other.outbox.settle(item, dict.fromkeys(TO, SENT))
        with pytest.raises(StoreError):
            other.outbox.settle(item, dict.fromkeys(TO, SENT))


@pytest.mark.parametrize("started", [True, False])
def test_a_claimant_that_is_gone(profile: Any, clock: Any, item: str, started: bool) -> None:
    other = Store.open(profile.home, clock=clock)
    other.outbox.claim(item)
    if started:
        other.outbox.start_content(item)
    assert profile.store.outbox.claim() is None
    other.close()
    claimed = profile.store.outbox.claim()
    if started:
        assert claimed is None
        assert profile.store.outbox.get(item).state is State.UNCERTAIN
        assert states(profile, item) == [State.UNCERTAIN] * 2
    else:
        assert claimed.id == item
        assert claimed.attempts == 2


def test_due_items_come_in_order(profile: Any, clock: Any) -> None:
    add = profile.store.outbox.add
    later = add("a1", b"1", sender="", recipients=TO, not_before=clock() + timedelta(hours=1))
    first = add("a1", b"2", sender="", recipients=TO)
    clock.pass_by(seconds=1)
    second = add("a1", b"3", sender="", recipients=TO)
    claim = profile.store.outbox.claim
    assert [claim(account_id="a1").id, claim().id, claim()] == [first, second, None]
    clock.pass_by(hours=1)
    assert claim(account_id="a1").id == later


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("recipients", {"recipients": []}),
        ("recipients", {"recipients": ["a@b\r\nRCPT TO:<x@y>"]}),
        ("sender", {"sender": "a\0"}),
    ],
)
def test_envelopes_are_checked(profile: Any, field: str, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        profile.store.outbox.add("a1", b"x", **{"sender": "", "recipients": TO, **values})
    assert caught.value.field == field
    with pytest.raises(NotFound):
        profile.store.outbox.add("a9", b"x", sender="", recipients=TO)
    with pytest.raises(InvalidArgument):
        item = profile.store.outbox.add("a1", b"x", sender="", recipients=TO)
        profile.store.outbox.claim(item)
        profile.store.outbox.settle(item, {TO[0]: Outcome(State.QUEUED)})
