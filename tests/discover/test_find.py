"""The sources in their order, and what each makes of what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.discover import (
    Candidate,
    Found,
    Proof,
    Providers,
    Source,
    Srv,
    candidates_of,
    find,
    guesses,
    prove,
    read_autoconfig,
    srv_names,
)
from hongyan.discover.types import Service
from hongyan.errors import ConnectFailed, InvalidArgument

ADDRESS = "yan@goose.example"
AUTOCONFIG = b"""<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="goose.example">
  <incomingServer type="imap"><hostname>mail.%EMAILDOMAIN%</hostname><port>993</port>
    <socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
  <incomingServer type="pop3"><hostname>pop.goose.example</hostname><port>110</port>
    <socketType>plain</socketType><username>%EMAILADDRESS%</username></incomingServer>
  <outgoingServer type="smtp"><hostname>mail.goose.example</hostname><port>587</port>
    <socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>
  <outgoingServer type="smtp"><hostname>bad host</hostname><port>x</port>
    <socketType>SSL</socketType></outgoingServer>
</emailProvider></clientConfig>"""
SELF_REFERENCE = (
    b"""<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><clientConfig>&b;</clientConfig>"""
)


@dataclass
class Told:
    """Look-ups with canned answers; every question is kept."""

    records: dict[str, tuple[Srv, ...]] = field(default_factory=dict)
    exchangers: tuple[str, ...] = ()
    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def srv(self, name: str) -> tuple[Srv, ...]:
        self.asked.append(name)
        return self.records.get(name, ())

    def mx(self, domain: str) -> tuple[str, ...]:
        self.asked.append(f"MX {domain}")
        return self.exchangers

    def get(self, url: str) -> bytes | None:
        self.asked.append(url)
        return self.pages.get(url.partition("?")[0])


def sources(lookups: Told, address: str = ADDRESS) -> list[Found]:
    return list(find(address, Providers.load(), lookups))


def urls(candidates: tuple[Candidate, ...]) -> list[str]:
    return [str(each.endpoint) for each in candidates]


def test_a_known_domain_comes_first_and_asks_nobody() -> None:
    lookups = Told()
    first = next(iter(find("y@163.com", Providers.load(), lookups)))
    assert first.source is Source.PROVIDERS
    assert urls(first.candidates)[0] == "imaps://imap.163.com:993"
    assert lookups.asked == []


def test_srv_records_in_their_order() -> None:
    lookups = Told(
        {
            "_imap._tcp.goose.example": (Srv(0, 1, 143, "old.goose.example."),),
            "_imaps._tcp.goose.example": (
                Srv(20, 1, 993, "c.goose.example"),
                Srv(10, 1, 993, "b.goose.example"),
                Srv(10, 5, 993, "a.goose.example"),
                Srv(0, 0, 0, "."),
                Srv(0, 0, 993, "no host\r\nat all"),
            ),
            "_submissions._tcp.goose.example": (Srv(0, 1, 465, "a.goose.example"),),
        }
    )
    found = sources(lookups)[0]
    assert found.source is Source.SRV
    assert urls(found.candidates) == [
        "imaps://a.goose.example:993",
        "imaps://b.goose.example:993",
        "imaps://c.goose.example:993",
        "imap://old.goose.example:143",
        "smtps://a.goose.example:465",
    ]
    assert found.candidates[0].usernames == (ADDRESS, "yan")
    assert lookups.asked[: len(srv_names("goose.example"))] == list(srv_names("goose.example"))


def test_autoconfig_at_the_domain_then_in_its_well_known_place() -> None:
    well_known = "https://goose.example/.well-known/autoconfig/mail/config-v1.1.xml"
    lookups = Told(pages={well_known: AUTOCONFIG})
    found = sources(lookups)[0]
    assert (found.source, found.words) == (Source.AUTOCONFIG, well_known)
    assert urls(found.candidates) == [
        "imaps://mail.goose.example:993",
        "smtp://mail.goose.example:587",
    ]
    assert [each.usernames for each in found.candidates] == [("yan",), (ADDRESS,)]
    assert any(asked.startswith("https://autoconfig.goose.example/") for asked in lookups.asked)


@pytest.mark.parametrize("octets", [b"", b"<html>", b"\xff\xfe<", SELF_REFERENCE, b"<a/>" * 9])
def test_what_is_no_autoconfig_file(octets: bytes) -> None:
    assert read_autoconfig(octets, ADDRESS) == ()


@given(st.binary(max_size=400))
def test_any_octets_are_a_value(octets: bytes) -> None:
    assert isinstance(read_autoconfig(octets, ADDRESS), tuple)


def test_the_number_of_servers_is_bounded() -> None:
    one = AUTOCONFIG[AUTOCONFIG.index(b"<incoming") : AUTOCONFIG.index(b"</incoming")]
    octets = b"<clientConfig>" + (one + b"</incomingServer>") * 5000 + b"</clientConfig>"
    assert len(read_autoconfig(octets, ADDRESS)) == 32


def test_the_mail_exchanger_tells_the_provider() -> None:
    found = sources(Told(exchangers=("ASPMX.L.GOOGLE.COM.",)))[0]
    assert found.source is Source.MX
    assert "imaps://imap.gmail.com:993" in urls(found.candidates)
    assert found.oauth == "google"


def test_the_mail_exchangers_domain_may_have_autoconfig() -> None:
    page = "https://autoconfig.flyway.example/mail/config-v1.1.xml"
    found = sources(Told(exchangers=("mx1.flyway.example",), pages={page: AUTOCONFIG}))[0]
    assert (found.source, found.words) == (Source.MX, page)


def test_the_last_resort_is_to_guess() -> None:
    (found,) = sources(Told())
    assert found.source is Source.GUESS
    assert urls(found.candidates)[:3] == [
        "imaps://imap.goose.example:993",
        "imaps://mail.goose.example:993",
        "imaps://goose.example:993",
    ]
    assert candidates_of((found,)) == found.candidates


@pytest.mark.parametrize("address", ["", "yan", "@goose.example", "yan@", "a\r\nb@goose.example"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(InvalidArgument):
        sources(Told(), address)


# -- proving


def tried(good: set[str], found: list[Found]) -> tuple[list[str], list[str | None]]:
    seen: list[str] = []

    def attempt(source: Found, candidate: Candidate) -> Proof:
        url = str(candidate.endpoint)
        seen.append(url)
        error = None if url in good else ConnectFailed("no")
        return Proof(found=source, candidate=candidate, error=error)

    told: list[Proof] = []
    setup = prove(iter(found), attempt, tell=told.append)
    assert [str(each.candidate.endpoint) for each in told] == seen
    pair = (setup.incoming, setup.outgoing)
    chosen = [str(each.candidate.endpoint) if each else None for each in pair]
    return seen, chosen


def test_imap_is_better_than_pop3_and_nothing_more_is_tried_than_needed() -> None:
    found = sources(Told(), "y@163.com")[:1]
    good = {"imaps://imap.163.com:993", "smtps://smtp.163.com:465"}
    seen, chosen = tried(good, found)
    assert seen == chosen == ["imaps://imap.163.com:993", "smtps://smtp.163.com:465"]


def test_pop3_where_imap_cannot_be_had() -> None:
    _, chosen = tried({"pop3s://pop.163.com:995"}, sources(Told(), "y@163.com")[:1])
    assert chosen == ["pop3s://pop.163.com:995", None]


def test_a_later_source_gives_what_an_earlier_one_lacked() -> None:
    good = {"imaps://imap.163.com:993", "smtps://mail.163.com:465"}
    _, chosen = tried(good, sources(Told(), "y@163.com"))
    assert chosen == ["imaps://imap.163.com:993", "smtps://mail.163.com:465"]


@pytest.mark.parametrize(
    ("source", "host", "trusted"),
    [
        (Source.SRV, "mail.goose.example", True),
        (Source.SRV, "goose.example", True),
        (Source.SRV, "mail.elsewhere.example", False),
        (Source.SRV, "evilgoose.example", False),
        (Source.MX, "imap.gmail.com", False),
        (Source.PROVIDERS, "imap.gmail.com", True),
        (Source.AUTOCONFIG, "mail.elsewhere.example", True),
    ],
)
def test_who_vouches_for_a_host(source: Source, host: str, *, trusted: bool) -> None:
    (candidate,) = [c for c in guesses(host, ()) if str(c.endpoint) == f"imaps://{host}:993"]
    assert candidate.service is Service.IMAP
    found = Found(source=source, candidates=(candidate,), words="")
    assert Proof(found=found, candidate=candidate).vouched_for("goose.example") is trusted
