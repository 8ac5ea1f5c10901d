"""What a server once offered is remembered over program starts, and so is when one may come."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hongyan.errors import Refused, Unsafe
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.pop3 import Capabilities, Verb, list_entries
from hongyan.sasl import Credentials
from hongyan.sync.visit import Visit
from tests.support.scripted import ScriptedServer
from tests.sync.profile import Profile

if TYPE_CHECKING:
    from hongyan import pop3, smtp

POP3 = Endpoint.parse("pop3://pop.goose.example")
SMTP = Endpoint.parse("smtp://smtp.goose.example")
TIM = Credentials("tim", "tanstaaftanstaaf")
CHALLENGE = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"
ANSWER = "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"  # RFC 2195 §2
PLAIN = "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"
ASKED = ("S: +OK", "C: CAPA", "S: +OK")
BY_CRAM = ("C: AUTH CRAM-MD5", f"S: + {CHALLENGE}", f"C: {ANSWER}", "S: +OK")
BY_PLAIN = (f"C: AUTH PLAIN {PLAIN}", "S: +OK")


def restarted(profile: Profile) -> Profile:
    """The same profile, opened by the next program."""
    profile.close()
    return Profile(profile.home, now=profile.now)


def play(visit: Visit, lines: tuple[str, ...], **riders: tuple[Verb, ...]) -> pop3.Connection:
    with scripted(lines) as server, connected("pop3", server.port) as driver:
        conn = visit.open_pop3(driver, TIM, **riders)
        if riders:
            assert driver.run(list_entries(conn)) == ()
    assert server.errors == []
    return conn


def scripted(lines: tuple[str, ...]) -> ScriptedServer:
    return ScriptedServer("".join(f"{line}\\r\\n\n" for line in lines), linger=0.2)


def connected(protocol: str, port: int) -> BlockingDriver:
    return BlockingDriver(Endpoint.parse(f"{protocol}://127.0.0.1:{port}?tls=none")).connect()


def pop(profile: Profile) -> Visit:
    return Visit(profile.account, POP3, profile.store, clock=profile.clock)


def test_a_server_is_asked_for_its_capabilities_once_a_day(profile: Profile) -> None:
    offer = ("S: SASL PLAIN", "S: PIPELINING", "S: .")
    play(pop(profile), (*ASKED, *offer, *BY_PLAIN))
    profile = restarted(profile)
    listing = ("C: LIST", "C: UIDL", "S: +OK", "S: .", "S: +OK", "S: .")
    again = ("S: +OK", f"C: AUTH PLAIN {PLAIN}", *listing[:2], "S: +OK", *listing[2:])
    conn = play(pop(profile), again, riders=(Verb.LIST, Verb.UIDL))
    assert conn.capabilities.pipelining
    profile.wait(days=1)
    play(pop(profile), (*ASKED, *offer, *BY_PLAIN))
    profile.wait(days=-3)  # a clock that was put back: nothing is believed of the future
    play(pop(profile), (*ASKED, *offer, *BY_PLAIN))
    profile.close()


@pytest.mark.parametrize(
    ("offer", "now"),
    [
        (("S: SASL PLAIN", "S: ."), "nothing better than PLAIN"),
        (("S: USER", "S: ."), "nothing better than PLAIN"),
        (("S: SASL XYZ", "S: ."), "no login that can be used"),
    ],
)
def test_a_weaker_offer_is_refused_over_program_starts(
    profile: Profile, offer: tuple[str, ...], now: str
) -> None:
    play(pop(profile), (*ASKED, "S: SASL CRAM-MD5 PLAIN", "S: .", *BY_CRAM))
    profile = restarted(profile)
    profile.wait(days=400)
    with pytest.raises(Unsafe, match=f"used to offer CRAM-MD5 and now offers {now}"):
        play(pop(profile), (*ASKED, *offer))
    kept = profile.store.offers.get(profile.account.id, str(POP3))
    assert kept is not None
    assert "CRAM-MD5" in kept.names["SASL"], "a refused visit teaches nothing"
    profile.close()


def test_a_weaker_offer_is_taken_once_the_person_says_so(profile: Profile) -> None:
    play(pop(profile), (*ASKED, "S: SASL CRAM-MD5 PLAIN", "S: .", *BY_CRAM))
    profile.store.offers.forget(profile.account.id)
    play(pop(profile), (*ASKED, "S: SASL PLAIN", "S: .", *BY_PLAIN))


def test_what_was_offered_once_stays_remembered(profile: Profile) -> None:
    """Also where in between only part of it was, by which the login went all the same."""
    play(pop(profile), (*ASKED, "S: SASL CRAM-MD5 PLAIN", "S: .", *BY_CRAM))
    profile.wait(days=2)
    play(pop(profile), (*ASKED, "S: SASL CRAM-MD5", "S: .", *BY_CRAM))
    kept = profile.store.offers.get(profile.account.id, str(POP3))
    assert kept is not None
    assert kept.mechanisms == ("CRAM-MD5", "PLAIN")
    assert kept.names == {"SASL": ("CRAM-MD5",)}


def test_nobody_comes_back_before_the_server_allows_it(profile: Profile) -> None:
    offer = ("S: SASL PLAIN", "S: LOGIN-DELAY 900", "S: .")
    play(pop(profile), (*ASKED, *offer, *BY_PLAIN))
    profile = restarted(profile)
    profile.wait(minutes=14)
    visit = pop(profile)
    assert visit.not_before == profile.now + timedelta(minutes=1)
    with pytest.raises(Refused, match=r"allows no login yet.* in 60 seconds") as refused:
        visit.refuse_early()
    assert refused.value.temporary
    with pytest.raises(Refused, match="allows no login yet"):
        play(visit, ("S: +OK",))
    profile.wait(minutes=1)
    play(pop(profile), ("S: +OK", *BY_PLAIN))
    assert pop(profile).not_before == profile.now + timedelta(minutes=15), "counted anew"
    profile.wait(days=-300)
    assert pop(profile).not_before is None, "a clock that was put back locks nobody out"
    profile.close()


def submission(profile: Profile, lines: tuple[str, ...]) -> smtp.Connection:
    visit = Visit(profile.account, SMTP, profile.store, clock=profile.clock)
    with scripted(lines) as server, connected("smtp", server.port) as driver:
        return visit.open_smtp(driver, TIM)


@pytest.mark.parametrize("offer", ["S: 250 SIZE", "S: 250 AUTH PLAIN LOGIN"])
def test_a_submission_server_that_offers_less(profile: Profile, offer: str) -> None:
    hello = ("S: 220 hi", "C: EHLO [127.0.0.1]", "S: 250-hi")
    cram = ("C: AUTH CRAM-MD5", f"S: 334 {CHALLENGE}", f"C: {ANSWER}", "S: 235 ok")
    submission(profile, (*hello, "S: 250 AUTH CRAM-MD5 PLAIN", *cram))
    profile = restarted(profile)
    with pytest.raises(Unsafe, match="used to offer CRAM-MD5"):
        submission(profile, (*hello, offer))
    profile.close()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, ()),
        ({"EXPIRE": ("NEVER",)}, ("the server never removes mail by itself",)),
        ({"EXPIRE": ("0",)}, ("the server removes mail once it is fetched",)),
        (
            {"EXPIRE": ("31",), "LOGIN-DELAY": ("60",)},
            ("the server removes fetched mail after 31 days", "one login in 60 seconds"),
        ),
    ],
)
def test_what_a_server_lays_down_is_told(
    said: dict[str, tuple[str, ...]], words: tuple[str, ...]
) -> None:
    assert Capabilities(said).terms == words
