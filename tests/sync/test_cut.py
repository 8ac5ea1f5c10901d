"""Sessions cut after every octet, in each direction, by FIN and by RST (FAULTS 15).

The oracle: one clean run later a letter is delivered once, or it is uncertain and was delivered at
most once; what was fetched is whole, and all of it is there. By default every 11th octet is tried;
HONGYAN_EVERY_OCTET=1 tries all of them, which takes minutes where a disk really syncs.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hongyan.demo import DemoHost
from hongyan.errors import NetworkError, ProtocolError, Refused
from hongyan.store import State
from tests.support.relay import Cut, How, Relay, Way, stride
from tests.sync.profile import ADDRESS, LETTER, Profile


@pytest.fixture(scope="module")
def host() -> Iterator[DemoHost]:
    with DemoHost(seeded=False, require_tls=False) as running:
        yield running


STEP = stride(11)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of commits are synced."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def cuts(length: int, how: How) -> range:
    """The places to cut at; the two ways of cutting look at different ones."""
    return range(0 if how is How.FIN else STEP // 2, length, STEP)


def port(url: str) -> int:
    found = urlsplit(url).port
    assert found
    return found


@pytest.fixture
def sender(host: DemoHost, folder: Path) -> Iterator[Profile]:
    profile = Profile(folder / "home", password=host.password)
    yield profile
    profile.close()


def whole_length(host: DemoHost, profile: Profile, way: Way, protocol: str) -> int:
    """How many octets an undisturbed session has."""
    url = host.smtp_url if protocol == "smtp" else host.pop3_url
    with Relay(port(url)) as relay:
        if protocol == "smtp":
            profile.queue()
            profile.send(relay.port)
        else:
            profile.fetch(relay.port)
    return relay.counts.up if way is Way.UP else relay.counts.down


def delivered(host: DemoHost) -> list[bytes]:
    """What the host has of us; it is taken out."""
    letters = host.maildrop.letters()
    host.maildrop.remove({each.uid for each in letters})
    assert all(LETTER in each.content for each in letters), "whole, or not at all"
    return [each.content for each in letters]


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("way", Way)
def test_sending_cut_after_every_octet(host: DemoHost, sender: Profile, way: Way, how: How) -> None:
    length = whole_length(host, sender, way, "smtp")
    delivered(host)
    states: list[State] = []
    ends: dict[bytes, tuple[State, State]] = {}
    with Relay(port(host.smtp_url)) as relay:
        for after in cuts(length, how):
            content = LETTER + b"cut after %d\r\n" % after
            item = sender.queue(content=content)
            relay.cut_next(Cut(way, after, how))
            with suppress(NetworkError, ProtocolError):  # the session may not even open
                sender.send(relay.port, item)
            first = sender.store.outbox.get(item).state
            sender.wait(days=1)
            if first is not State.UNCERTAIN:
                sender.send(relay.port)
            last = sender.store.outbox.get(item).state
            assert sender.send(relay.port) == ()
            states.append(first)
            ends[content] = first, last
    # counted at the end: a server may still be busy with a message whose line was cut
    letters = delivered(host)
    for content, (first, last) in ends.items():
        count = sum(letter.endswith(content) for letter in letters)
        if last is State.UNCERTAIN:
            assert first is State.UNCERTAIN
            assert count <= 1
        else:
            assert (last, count) == (State.SENT, 1), content
    assert State.DEFERRED in states
    assert states == sorted(states, key=[State.DEFERRED, State.UNCERTAIN, State.SENT].index)


def fetch_soon(profile: Profile, port: int) -> None:
    """Fetch, again while the server has not yet seen that the session before was cut."""
    for _ in range(100):
        try:
            profile.fetch(port)
        except Refused as refused:
            if refused.code != "IN-USE":
                raise
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server holds the maildrop of a session that is gone")


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("way", Way)
def test_fetching_cut_after_every_octet(host: DemoHost, folder: Path, way: Way, how: How) -> None:
    letters = [b"Subject: %d\r\n\r\n.dots\r\n%s\r\n" % (n, b"x" * n) for n in range(2)]
    for each in letters:
        host.maildrop.add(each)
    profile = Profile(folder / "home", password=host.password)
    length = whole_length(host, profile, way, "pop3")
    with Relay(port(host.pop3_url)) as relay:
        for after in cuts(length, how):
            profile.store.accounts.remove(profile.account.id)
            profile.account = profile.store.accounts.add(ADDRESS, secret="keychain")
            relay.cut_next(Cut(way, after, how))
            with suppress(NetworkError, ProtocolError):
                profile.fetch(relay.port)
            assert set(profile.stored()) <= set(letters), "nothing half stored"
            fetch_soon(profile, relay.port)
            assert sorted(profile.stored()) == sorted(letters)
    profile.close()
    kept = host.maildrop.letters()
    host.maildrop.remove({each.uid for each in kept})
    assert [each.content for each in kept] == letters, "the maildrop is as it was"
