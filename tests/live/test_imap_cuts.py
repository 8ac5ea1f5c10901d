"""Sessions with Dovecot, cut by a relay after many an octet, and `hongyan sync` killed there (FAULTS 15, 28).

Before each session both sides change: letters come, are marked, moved and removed there; here others
are written, marked, moved, deleted, put into a second mailbox and taken out of it. The oracle: one
clean visit later both sides are what they come to where nothing is cut, octet by octet, each letter
once. A few dozen sessions by default, the places to cut spread over them; HONGYAN_EVERY_OCTET=1 cuts
after every octet, HONGYAN_KILLS=300 kills so many. How many were cut or killed in the middle is
printed.
"""

from __future__ import annotations

import os
import random
import re
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from hongyan.errors import NetworkError, ProtocolError
from tests.live.servers import Dovecot, User
from tests.support.program import Program
from tests.support.relay import Cut, How, Relay, Way, stride
from tests.sync.imap_profile import ImapProfile, letter, now, other_client, profile

if TYPE_CHECKING:
    import imaplib
    from collections.abc import Mapping

USERS = count(1)
STEP = stride(600)
KILLS = int(os.environ.get("HONGYAN_KILLS", "6"))
Mail: TypeAlias = dict[str, Counter[tuple[bytes, frozenset[str]]]]
"""By mailbox: the octets and the keywords of every letter in it."""
FLAGS = {"\\seen": "$seen", "\\flagged": "$flagged"}


@dataclass
class Both:
    """An account before Dovecot, and what both sides are to come to: subjects by mailbox."""

    mine: ImapProfile
    relay: Relay
    dovecot: Dovecot
    user: User
    wanted: dict[str, dict[str, set[str]]] = field(
        default_factory=lambda: {"Inbox": {}, "Work": {}}
    )
    turn: int = 0
    last: int = 0

    def begin(self) -> None:
        """Let there be some letters in two mailboxes, on both sides."""
        with self.client() as client:
            client.create("Work")
            for number in range(12):
                self.comes(client, ["Inbox", "Work"][number % 2])
        self.mine.visit()
        self.check("at first")

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        with other_client(self.dovecot.imap, self.user.address, self.user.password) as client:
            yield client

    def new(self, mailbox: str) -> bytes:
        """Return a new letter, which is wanted in a mailbox."""
        self.last += 1
        subject = f"letter {self.last:06}"
        self.wanted[mailbox][subject] = set()
        return content(subject)

    def oldest(self, mailbox: str, number: int) -> str:
        """Return the subject of a letter that is in one mailbox alone."""
        (other,) = self.wanted.keys() - {mailbox}
        return sorted(self.wanted[mailbox].keys() - self.wanted[other].keys())[number]

    def change(self) -> None:
        """Change both sides: no letter is touched by both."""
        self.turn += 1
        inbox = [self.oldest("Inbox", number) for number in range(5)]
        work = [self.oldest("Work", number) for number in range(3)]
        with self.client() as client:
            self.there(client, inbox[:2], work[0])
        self.here(inbox[2:], work[1:])

    def comes(self, client: imaplib.IMAP4, mailbox: str) -> None:
        assert client.append(wire(mailbox), "", "", self.new(mailbox))[0] == "OK"

    def there(self, client: imaplib.IMAP4, inbox: list[str], gone: str) -> None:
        for mailbox in self.wanted:
            self.comes(client, mailbox)
        client.select("Work")
        client.uid("STORE", uid(client, gone), "+FLAGS", "(\\Deleted)")
        client.uid("EXPUNGE", uid(client, gone))
        del self.wanted["Work"][gone]
        client.select("INBOX")
        marked, moved = inbox
        client.uid("STORE", uid(client, marked), "+FLAGS", "(\\Flagged)")
        self.wanted["Inbox"][marked].add("$flagged")
        client.uid("MOVE", uid(client, moved), "Work")
        self.moved(moved, "Inbox", "Work")

    def here(self, inbox: list[str], work: list[str]) -> None:
        mine, store = self.mine, self.mine.store
        ids = {each.subject: each.id for name in self.wanted for each in mine.messages(name)}
        boxes = {name: mine.mailbox(name).id for name in self.wanted}
        marked, moved, deleted = inbox
        store.messages.patch_keywords(ids[marked], add=["$seen"])
        self.wanted["Inbox"][marked].add("$seen")
        store.messages.move(ids[moved], boxes["Work"])
        self.moved(moved, "Inbox", "Work")
        store.messages.delete(ids[deleted])
        del self.wanted["Inbox"][deleted]
        for back in work:
            store.messages.move(ids[back], boxes["Inbox"])
            self.moved(back, "Work", "Inbox")
        store.messages.add(mine.account.id, boxes["Inbox"], self.new("Inbox"), received_at=now())
        self.put_twice_or_once(ids, boxes)

    def put_twice_or_once(self, ids: Mapping[str, str], boxes: Mapping[str, str]) -> None:
        """Let a letter be in both mailboxes, and take it out of one at the next turn."""
        twice = sorted(self.wanted["Inbox"].keys() & self.wanted["Work"].keys())
        if twice:
            self.mine.store.messages.set_mailboxes(ids[twice[0]], [boxes["Work"]])
            del self.wanted["Inbox"][twice[0]]
        else:
            chosen = next(each for each in sorted(self.wanted["Work"], reverse=True) if each in ids)
            self.mine.store.messages.set_mailboxes(ids[chosen], boxes.values())
            self.wanted["Inbox"][chosen] = set(self.wanted["Work"][chosen])

    def moved(self, subject: str, source: str, target: str) -> None:
        self.wanted[target][subject] = self.wanted[source].pop(subject)

    def settled(self) -> None:
        """Wait until the server has no session of ours any more: it may still be at work."""
        deadline = time.monotonic() + 20
        begun = re.compile(rf"imap-login: Info: Login: user=<{re.escape(self.user.address)}>")
        ended = re.compile(rf"imap\({re.escape(self.user.address)}\).*(Disconnected|Logged out)")
        while len(begun.findall(log := self.dovecot.log)) > len(ended.findall(log)):
            assert time.monotonic() < deadline, "a session does not end"
            time.sleep(0.005)

    def check(self, what: object) -> None:
        """Both sides are what is wanted."""
        wanted = {
            name: Counter((content(each), frozenset(words)) for each, words in letters.items())
            for name, letters in self.wanted.items()
        }
        with self.client() as client:
            assert on_server(client) == wanted, what
        store = self.mine.store
        ours = {
            name: Counter(
                (store.messages.raw(each.id), frozenset(each.keywords))
                for each in self.mine.messages(name)
            )
            for name in self.wanted
        }
        assert ours == wanted, what


def content(subject: str) -> bytes:
    return letter(subject, subject * 20 + "\r\n")


def wire(mailbox: str) -> str:
    return "INBOX" if mailbox == "Inbox" else mailbox


def uid(client: imaplib.IMAP4, subject: str) -> str:
    _, (found,) = client.uid("SEARCH", "SUBJECT", f'"{subject}"')
    return str(found.decode())


def on_server(client: imaplib.IMAP4) -> Mail:
    found: Mail = {}
    for name in ("Inbox", "Work"):
        client.select(wire(name), readonly=True)
        _, data = client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")
        heads = [each[0].lower() for each in data if isinstance(each, tuple)]
        assert not any(b"\\deleted" in each for each in heads), "half removed"
        found[name] = Counter(
            (
                each[1],
                frozenset(word for flag, word in FLAGS.items() if flag.encode() in each[0].lower()),
            )
            for each in data
            if isinstance(each, tuple)
        )
    return found


@pytest.fixture
def both(dovecot: Dovecot) -> Iterator[Both]:
    """An account whose store lies in memory, where there is some: nothing waits for a disk."""
    user = User(f"cuts{next(USERS)}@example.test", "secret")
    dovecot.add_user(user)
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        Relay(dovecot.imap) as relay,
    ):
        url = f"imap://127.0.0.1:{relay.port}?tls=none"
        with profile(Path(folder) / "home", url, user.address, user.password) as mine:
            mine.store._database._writer.pragma("synchronous", 0)
            made = Both(mine, relay, dovecot, user)
            made.begin()
            yield made


@pytest.mark.timeout(60 + 12_000 // STEP)
@pytest.mark.parametrize("how", How, ids=lambda how: how.name)
@pytest.mark.parametrize("way", Way, ids=lambda way: way.name)
def test_a_session_with_dovecot_is_cut(
    both: Both, way: Way, how: How, capsys: pytest.CaptureFixture[str]
) -> None:
    lengths = []
    for _ in range(2):  # a letter is put into a second mailbox in one, and taken out in the other
        both.change()
        before = passed(both.relay, way)
        both.mine.visit()
        lengths.append(passed(both.relay, way) - before)
        both.check("whole")
    middle = 0
    for after in range(list(How).index(how) * STEP // 2, min(lengths), STEP):
        both.change()
        both.relay.cut_next(Cut(way, after, how))
        try:
            both.mine.visit()
        except (NetworkError, ProtocolError):
            middle += 1
        both.settled()
        both.mine.visit()
        both.check((way, after, how))
    assert middle
    assert both.mine.store.check() == ()
    with capsys.disabled():
        print(f"\na session with Dovecot, {way.name}, {how.name}: {middle} were cut")


@pytest.mark.timeout(120 + 6 * KILLS)
def test_sync_is_killed_in_a_session_with_dovecot(
    dovecot: Dovecot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command itself, killed when so many octets have passed, from its first to its last."""
    user = User(f"cuts{next(USERS)}@example.test", "secret")
    dovecot.add_user(user)
    program = Program(tmp_path / "profile")
    chance = random.Random(7)
    middle = 0
    with Relay(dovecot.imap) as relay:
        url = f"imap://127.0.0.1:{relay.port}?tls=none"
        words = ("account", "add", user.address, "--imap", url, "--password-stdin")
        program.run(*words, stdin=user.password)
        with profile(program.home, url, user.address, user.password) as mine:
            both = Both(mine, relay, dovecot, user)
            both.begin()
            both.change()
            before = passed(relay, *Way)
            mine.visit()
            whole = passed(relay, *Way) - before
            for _ in range(KILLS):
                both.change()
                octets = chance.randrange(whole)
                middle += killed(program, relay, octets)
                both.settled()
                mine.visit()
                both.check(f"killed after {octets} octets")
            assert mine.store.check() == ()
        assert "nothing new" in program.run("sync")
    with capsys.disabled():
        print(f"\n{KILLS} runs of hongyan sync with Dovecot, {middle} killed in the middle")
    assert middle


def passed(relay: Relay, *ways: Way) -> int:
    """How many octets have gone these ways."""
    counts = {Way.UP: relay.counts.up, Way.DOWN: relay.counts.down}
    return sum(counts[way] for way in ways)


def killed(program: Program, relay: Relay, octets: int) -> bool:
    """Run `hongyan sync`, and kill it when so many octets have passed; whether it was not over."""
    until = passed(relay, *Way) + octets
    process = program.start("sync")
    while process.poll() is None and passed(relay, *Way) < until:
        time.sleep(0.0002)
    process.kill()
    return process.wait() == -signal.SIGKILL
