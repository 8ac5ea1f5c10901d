"""SIGKILL at random moments of fetching, removing, sending, and synchronising by IMAP (FAULTS 28).

The oracle, after the last kill and one clean run: every letter of the server is here once and is
what it was, none left the server that was not here, every letter of ours was delivered once, or is
uncertain and was delivered at most once; by IMAP both sides have the same, with all that was written,
marked, moved and deleted on either; and the store is whole. A share runs by default;
HONGYAN_KILLS=300 tries so many. How many were killed in the middle is printed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hongyan.demo import DemoHost
from hongyan.errors import Refused
from hongyan.store import Email, Role
from hongyan.store import State as Ending
from hongyan.store.maildrops import Policy
from tests.sync.imap_profile import ImapProfile, letter, now
from tests.sync.profile import LETTER, Profile
from tests.sync.torture import FLAGS, State, in_profile
from tests.sync.toy_imap import Box, ToyHost, ToyImap

KILLS = int(os.environ.get("HONGYAN_KILLS", "30"))
CODE = "from tests.support.killing import main; main()"


def port(url: str) -> str:
    return str(urlsplit(url).port)


@contextmanager
def children() -> Iterator[subprocess.Popen[str]]:
    """The process that children are forked off; see `tests.support.killing`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", CODE],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        yield parent
        assert parent.stdin
        parent.stdin.close()


def run(parent: subprocess.Popen[str], arguments: Sequence[str], seconds: float) -> bool:
    """Start a child and kill it so many seconds after it has opened its store."""
    assert parent.stdin
    assert parent.stdout
    parent.stdin.write("\t".join(arguments) + "\n")
    parent.stdin.flush()
    lines = {parent.stdout.readline().strip() for _ in range(2)}
    (child,) = lines - {"open"}
    time.sleep(seconds)
    with suppress(ProcessLookupError):  # it was quicker
        os.kill(int(child), signal.SIGKILL)
    return int(parent.stdout.readline()) == -signal.SIGKILL


def clean_run(profile: Profile, host: DemoHost, post: DemoHost) -> None:
    profile.password = host.password
    for _ in range(100):
        try:
            profile.fetch(int(port(host.pop3_url)))
        except Refused as refused:  # the session of the last one that was killed
            if refused.code != "IN-USE":
                raise
            time.sleep(0.1)
        else:
            break
    profile.wait(days=1)
    profile.password = post.password
    profile.send(int(port(post.smtp_url)))


@dataclass
class Beside:
    """An account of the same profile that is synchronised by IMAP, and what both sides change."""

    profile: ImapProfile
    server: ToyImap
    chance: random.Random
    alive: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def change(self, turn: int) -> None:
        """Letters come and go there; here one is written, and others marked, moved and deleted."""
        for n in range(3):
            box = self.chance.choice(list(self.server.boxes.values()))
            box.put(letter(self.new(f"there {turn}.{n}"), "x" * self.chance.randrange(5_000)))
        store, account = self.profile.store, self.profile.account
        boxes = store.mailboxes.list(account.id)
        inbox = store.mailboxes.ensure(account.id, Role.INBOX)
        written = letter(self.new(f"here {turn}"))
        store.messages.add(account.id, inbox.id, written, received_at=now())
        known = self.settled()
        for each in self.chance.sample(known, min(2, len(known))):
            store.messages.patch_keywords(each.id, add=[self.chance.choice(["$seen", "$flagged"])])
            store.messages.move(each.id, self.chance.choice(boxes).id)
        if turn % 3 == 2 and known:
            lost = self.chance.choice(known)
            store.messages.delete(lost.id)
            self.alive.discard(lost.subject)
            self.gone.add(lost.subject)

    def settled(self) -> list[Email]:
        """The letters that are known to be where they are on the server, too.

        One that goes on before it is known whether its last move was made is in both places after.
        """
        store, account = self.profile.store, self.profile.account
        boxes = store.mailboxes.list(account.id)
        emails = [each for box in boxes for each in store.messages.page(box.id, limit=1000)]
        places = store.imap_messages.places_of(each.id for each in emails)
        return [each for each in emails if places.get(each.id, {}).keys() == each.mailbox_ids]

    def new(self, subject: str) -> str:
        self.alive.add(subject)
        return subject

    def check(self) -> None:
        """After two clean visits: what was deleted may be back, where it had been changed there."""
        for _ in range(2):
            assert self.profile.visit().troubles == []
        here, there = in_profile(self.profile), self.on_server()
        assert here == there
        found = Counter(subject for box in here.values() for subject, _ in box.elements())
        assert {subject: found[subject] for subject in self.alive} == dict.fromkeys(self.alive, 1)
        assert set(found) <= self.alive | self.gone

    def on_server(self) -> State:
        words = {word: flag for flag, word in FLAGS.items()}
        return {
            name.replace("INBOX", "Inbox"): Counter(
                (
                    each.octets.split(b"\r\n")[0][9:].decode(),
                    frozenset(words[flag] for flag in each.flags),
                )
                for each in box.letters.values()
            )
            for name, box in self.server.boxes.items()
        }


@contextmanager
def beside(profile: Profile, chance: random.Random) -> Iterator[Beside]:
    capabilities = ("IMAP4REV1", "UIDPLUS", "MOVE", "LITERAL+")
    server = ToyImap(capabilities=capabilities, extras=("COPYUID",))
    server.boxes["Work"] = Box()
    with ToyHost(server) as host:
        account = profile.store.accounts.add(
            "imap@goose.example", secret="keychain", imap_url=host.url
        )
        yield Beside(ImapProfile(profile.store, account, host.url, "x"), server, chance)


@pytest.mark.timeout(60 + 3 * KILLS)
def test_random_kills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(7)
    home = tmp_path / "home"
    with (
        DemoHost(seeded=False, require_tls=False) as host,
        DemoHost(seeded=False, require_tls=False) as post,
        children() as parent,
        closing(Profile(home, password=host.password)) as profile,
        beside(profile, random.Random(8)) as imap,
    ):
        profile.store.maildrops.set_policy(profile.account.id, Policy(keep_newest=3))
        arrived: list[bytes] = []
        killed = 0
        for turn in range(KILLS):
            letters = [
                b"Subject: %d.%d\r\n\r\n%s\r\n" % (turn, n, b"x" * chance.randrange(20_000))
                for n in range(4)
            ]
            for each in letters:
                host.maildrop.add(each)
            arrived += letters
            content = LETTER + b"number %d\r\n" % turn
            profile.queue(content=content)
            imap.change(turn)
            servers = (port(host.pop3_url), host.password, port(post.smtp_url), post.password)
            arguments = (str(home), *servers, imap.profile.account.id)
            killed += run(parent, arguments, chance.uniform(0, 0.4))
        before = len(profile.stored())
        clean_run(profile, host, post)
        clean_run(profile, host, post)
        check(profile, arrived, [each.content for each in post.maildrop.letters()])
        imap.check()
        there = [each.content for each in host.maildrop.letters()]
        assert there == arrived[-3:], "what the policy keeps is there"
        uncertain = sum(item.state is Ending.UNCERTAIN for item in profile.store.outbox.list())
        assert profile.store.check() == ()
    with capsys.disabled():
        print(
            f"\n{KILLS} children, {killed} killed in the middle, {uncertain} letters uncertain; "
            f"{before} of {len(arrived)} letters came by POP3 before the clean runs; "
            f"{len(imap.alive)} letters the same on both sides by IMAP"
        )


def check(profile: Profile, arrived: list[bytes], sent: list[bytes]) -> None:
    assert sorted(profile.stored()) == sorted(arrived), "each once, and none lost"
    for turn, item in enumerate(profile.store.outbox.list()):
        count = sum(each.endswith(b"number %d\r\n" % turn) for each in sent)
        if item.state is Ending.UNCERTAIN:
            assert count <= 1, turn
        else:
            assert (item.state, count) == (Ending.SENT, 1), turn
