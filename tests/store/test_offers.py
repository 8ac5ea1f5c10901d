"""What servers offered: kept for each account and server, and gone with the account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hongyan.store import Offer, Store

SERVER = "pop3s://pop.example.org:995"


def test_an_offer_is_kept(profile: Any) -> None:
    now = profile.clock()
    offer = Offer({"SASL": ("PLAIN", "SCRAM-SHA-1"), "TOP": ()}, ("PLAIN", "SCRAM-SHA-1"), now, now)
    assert profile.store.offers.get("a1", SERVER) is None
    profile.store.offers.keep("a1", SERVER, offer)
    with Store.open(profile.home, clock=profile.clock) as other:
        assert other.offers.get("a1", SERVER) == offer
        assert other.offers.get("a1", "smtps://smtp.example.org:465") is None


def test_mechanisms_only_grow_until_they_are_forgotten(profile: Any) -> None:
    now = profile.clock()
    later = now + timedelta(days=1)
    profile.store.offers.keep("a1", SERVER, Offer({}, ("SCRAM-SHA-1",), now, now))
    profile.store.offers.keep("a1", SERVER, Offer({"TOP": ()}, ("PLAIN",), later, later))
    known = profile.store.offers.get("a1", SERVER)
    assert known == Offer({"TOP": ()}, ("PLAIN", "SCRAM-SHA-1"), later, later)
    profile.store.offers.forget("a1")
    assert profile.store.offers.get("a1", SERVER) is None
