"""Sending, fetching and removing, cut after every octet of the session (FAULTS 15).

In each direction, by FIN and by RST; then one clean run. The oracle: a letter is delivered once, or
it is uncertain and was delivered at most once; what was fetched is whole and all of it is there,
once; nothing left the server that is not here. How many sessions were cut is printed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hongyan.errors import NetworkError, ProtocolError
from hongyan.sasl import Credentials
from hongyan.store import Role, State
from hongyan.store.maildrops import Policy
from hongyan.sync import outbox, pop3
from tests.support.minihost import CutDriver, Mailbox
from tests.support.relay import Cut, How, Way
from tests.sync.profile import ADDRESS, Profile

LETTER = b"Subject: One\r\n\r\n.dots\r\n..\r\nend\r\n"
LETTERS = {f"id{n}": b"Subject: %d\r\n\r\n.dot\r\n%s\r\n" % (n, b"x" * n) for n in range(3)}
WHOLE = 1 << 30  # an octet that no session has


@pytest.fixture
def profile() -> Iterator[Profile]:
    """A profile in memory, where there is some: thousands of commits are made."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        opened = Profile(Path(name) / "home")
        opened.store._database._writer.pragma("synchronous", 0)
        yield opened
        opened.close()


def anew(profile: Profile) -> None:
    """Forget everything that the account has."""
    profile.store.accounts.remove(profile.account.id)
    profile.account = profile.store.accounts.add(ADDRESS, secret="keychain")


def send(profile: Profile, host: Mailbox, cut: Cut | None = None) -> CutDriver:
    driver = CutDriver("smtp", host.smtp(), cut)
    with suppress(NetworkError, ProtocolError), driver:
        outbox.Sender(
            profile.account,
            profile.store,
            connect=lambda: driver,
            credentials=lambda: Credentials(ADDRESS, "x"),
            clock=profile.clock,
            report=profile.reports.append,
        ).deliver()
    return driver


def fetch(profile: Profile, host: Mailbox, cut: Cut | None = None) -> CutDriver:
    driver = CutDriver("pop3", host.pop3(), cut)
    with suppress(NetworkError, ProtocolError), driver:
        pop3.collect(
            profile.account,
            driver,
            profile.store,
            credentials=Credentials(ADDRESS, "x"),
            clock=profile.clock,
            report=profile.reports.append,
        )
    return driver


def check_sending(profile: Profile, cut: Cut) -> State:
    host = Mailbox()
    anew(profile)
    item = profile.queue("a@b.example", content=LETTER)
    send(profile, host, cut)
    first = profile.store.outbox.get(item).state
    profile.wait(days=1)
    send(profile, host)
    last = profile.store.outbox.get(item).state
    letters = [each.replace(b"\r\n..", b"\r\n.") for each in host.delivered]
    assert all(each == LETTER for each in letters), cut
    if first is State.UNCERTAIN:
        assert last is State.UNCERTAIN, cut
        assert len(letters) <= 1, cut
    else:
        assert (last, len(letters)) == (State.SENT, 1), cut
        assert profile.stored(Role.SENT) == [LETTER], cut
    return first


def check_fetching(profile: Profile, cut: Cut, policy: Policy) -> None:
    host = Mailbox(maildrop=dict(LETTERS))
    anew(profile)
    profile.store.maildrops.set_policy(profile.account.id, policy)
    fetch(profile, host, cut)
    here = profile.stored()
    assert len(set(here)) == len(here), cut
    assert set(here) <= set(LETTERS.values()), "nothing half stored"
    assert set(here) | set(host.maildrop.values()) == set(LETTERS.values()), "nothing lost"
    fetch(profile, host)
    assert sorted(profile.stored()) == sorted(LETTERS.values()), cut
    assert host.maildrop == ({} if policy.after_days == 0 else LETTERS), cut


def cuts(driver: CutDriver) -> Iterator[Cut]:
    """Every cut of a session as long as the driver's was."""
    for way in Way:
        for how in How:
            for after in range(driver.passed[way] + 1):
                yield Cut(way, after, how)


def test_sending(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    profile.queue("a@b.example", content=LETTER)
    whole = send(profile, Mailbox(), Cut(Way.UP, WHOLE))
    states = [check_sending(profile, cut) for cut in cuts(whole)]
    assert {State.DEFERRED, State.UNCERTAIN, State.SENT} <= set(states)
    with capsys.disabled():
        print(f"\nsending: {len(states)} sessions cut, {states.count(State.UNCERTAIN)} uncertain")
    assert profile.store.check() == ()


@pytest.mark.parametrize("policy", [Policy(), Policy(after_days=0)], ids=["left", "removed"])
def test_fetching(profile: Profile, policy: Policy, capsys: pytest.CaptureFixture[str]) -> None:
    profile.store.maildrops.set_policy(profile.account.id, policy)
    whole = fetch(profile, Mailbox(maildrop=dict(LETTERS)), Cut(Way.UP, WHOLE))
    count = 0
    for cut in cuts(whole):
        check_fetching(profile, cut, policy)
        count += 1
    with capsys.disabled():
        print(f"\nfetching, {policy}: {count} sessions cut")
    assert profile.store.check() == ()
