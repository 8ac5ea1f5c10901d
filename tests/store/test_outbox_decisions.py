"""What people decide about items, and what evidence decides for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hongyan.errors import Unsafe
from hongyan.store import Copy, Delivery, Outcome, State

TO = ("bob@example.org", "eve@example.org")


def queued(profile: Any, **values: Any) -> str:
    return str(
        profile.store.outbox.add(
            profile.account.id,
            b"mail",
            sender="me@example.org",
            recipients=TO,
            message_id="m@x",
            **values,
        )
    )


def settled(profile: Any, *states: State) -> str:
    item = queued(profile)
    profile.store.outbox.claim(item)
    profile.store.outbox.start_content(item)
    outcomes = {to: Outcome(state, "words") for to, state in zip(TO, states, strict=True)}
    profile.store.outbox.settle(item, outcomes, next_try=profile.clock())
    return item


def test_what_is_held_waits_for_the_person_alone(profile: Any) -> None:
    outbox, item = profile.store.outbox, queued(profile, held=True)
    profile.clock.pass_by(days=99)
    assert outbox.get(item).state is State.HELD
    assert outbox.claim() is None
    assert outbox.claim(item) is None
    assert outbox.next_due(profile.account.id) is None
    assert outbox.let_go(item).state is State.QUEUED
    assert outbox.hold(item).state is State.HELD
    outbox.let_go(item)
    assert outbox.claim().id == item
    for act in (outbox.hold, outbox.let_go):
        with pytest.raises(Unsafe, match="being sent right now"):
            act(item)


def test_time_to_think_again(profile: Any) -> None:
    outbox = profile.store.outbox
    item = queued(profile, not_before=profile.clock() + timedelta(seconds=10))
    assert outbox.claim() is None
    assert outbox.next_due(profile.account.id) == profile.clock() + timedelta(seconds=10)
    profile.clock.pass_by(seconds=10)
    assert outbox.claim().id == item


def test_a_time_to_send_of_a_server_that_holds_nothing(profile: Any) -> None:
    outbox = profile.store.outbox
    profile.store.learned.set(profile.account.id, "holds", "0")
    at = profile.clock() + timedelta(days=3)
    item = queued(profile, send_at=at)
    assert outbox.get(item).send_at == at
    assert outbox.next_due(profile.account.id) == at
    profile.clock.pass_by(days=3, seconds=-1)
    assert outbox.claim() is None
    profile.clock.pass_by(seconds=1)
    assert outbox.claim().id == item


@pytest.mark.parametrize("known", [None, "1000000"])
def test_what_a_server_may_hold_is_due_soon_after_it_was_written(
    profile: Any, known: str | None
) -> None:
    outbox, began = profile.store.outbox, profile.clock()
    if known:
        profile.store.learned.set(profile.account.id, "holds", known)
    item = queued(profile, send_at=began + timedelta(days=3))
    assert outbox.claim() is None
    assert outbox.next_due(profile.account.id) == began + timedelta(minutes=5)
    profile.clock.pass_by(minutes=5)
    claimed = outbox.claim()
    assert (claimed.id, claimed.attempts) == (item, 1)
    back = outbox.put_back(item)
    assert (back.state, back.attempts, back.owner) == (State.QUEUED, 0, None)
    profile.store.learned.set(profile.account.id, "holds", "1000")  # for so few seconds only
    assert outbox.claim() is None
    assert outbox.next_due(profile.account.id) == began + timedelta(days=3)


def test_an_attempt_to_have_it_held_that_was_put_off_is_not_made_again_at_once(
    profile: Any,
) -> None:
    outbox = profile.store.outbox
    item = queued(profile, send_at=profile.clock() + timedelta(days=3))
    profile.clock.pass_by(minutes=5)
    outbox.claim(item)
    outbox.release(item, next_try=profile.clock() + timedelta(minutes=1))
    assert outbox.claim() is None
    profile.clock.pass_by(minutes=1)
    assert outbox.claim().id == item


def test_a_clock_that_was_wrong_once_keeps_nothing_back(profile: Any) -> None:
    """Put off in the year 2036, by a clock that was ten years ahead (FAULTS 30)."""
    outbox, item = profile.store.outbox, queued(profile)
    profile.clock.pass_by(days=3650)
    outbox.claim(item)
    outbox.release(item, next_try=profile.clock() + timedelta(hours=1))
    profile.clock.pass_by(days=-3650)
    assert outbox.next_due(profile.account.id) == profile.clock()
    assert outbox.claim().id == item


def test_evidence_ends_an_uncertainty_and_nothing_else(profile: Any) -> None:
    outbox = profile.store.outbox
    item = settled(profile, State.UNCERTAIN, State.REFUSED)
    assert [each.id for each in outbox.uncertain(profile.account.id)] == [item]
    believed = outbox.believe_sent(item, "a copy is in Inbox")
    assert [each.state for each in believed.recipients] == [State.SENT, State.REFUSED]
    assert (believed.state, believed.words) == (State.REFUSED, "a copy is in Inbox")
    assert believed.sent_at == profile.clock()
    assert outbox.uncertain(profile.account.id) == ()
    for other in (item, settled(profile, State.SENT, State.SENT), queued(profile)):
        with pytest.raises(Unsafe):
            outbox.believe_sent(other, "")


def test_reports_are_noted_and_what_was_final_stays(profile: Any) -> None:
    outbox = profile.store.outbox
    item = settled(profile, State.SENT, State.SENT)
    envid = outbox.get(item).envid
    assert len(envid) == 32
    assert [each.id for each in outbox.reported_on(envid=envid, message_id="")] == [item]
    assert [each.id for each in outbox.reported_on(envid="", message_id="m@x")] == [item]
    assert outbox.reported_on(envid="", message_id="") == ()
    outbox.note_delivery(item, "BOB@example.org", Delivery.DELAYED, "4.4.1 away")
    outbox.note_delivery(item, TO[0], Delivery.FAILED, "5.1.1 unknown")
    outbox.note_delivery(item, TO[0], Delivery.DELIVERED, "forged")
    outbox.note_delivery(item, "mallory@example.org", Delivery.FAILED, "")
    outbox.note_displayed(item, TO[1])
    first, second = outbox.get(item).recipients
    assert (first.delivery, first.delivery_words) == (Delivery.FAILED, "5.1.1 unknown")
    assert (second.delivery, second.displayed) == (Delivery.UNKNOWN, True)
    assert outbox.get(item).state is State.SENT, "a claim changes no outcome"


def test_whose_copy_it_is(profile: Any) -> None:
    outbox = profile.store.outbox
    item = settled(profile, State.SENT, State.SENT)
    assert outbox.get(item).copy is Copy.NONE
    outbox.set_copy(item, Copy.DUE)
    assert [each.id for each in outbox.copies_due(profile.account.id)] == [item]
    email = profile.add("my own")
    outbox.set_copy(item, Copy.OURS, email_id=email)
    assert (outbox.get(item).copy, outbox.get(item).email_id) == (Copy.OURS, email)
    assert outbox.copies_due(profile.account.id) == ()
    profile.store.messages.delete(email)
    assert outbox.get(item).email_id == email, "it may be gone"
