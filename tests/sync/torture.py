"""Two profiles and imaplib change the same mailboxes at random; then all three have to agree.

Everything is drawn from one seed. What must hold at the end: the same mailboxes with the same
messages and flags on the server and in both profiles, and every message that nobody deleted.
"""

from __future__ import annotations

import imaplib
import json
import random
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hongyan.errors import HongyanError, NetworkError, NotFound, Refused
from hongyan.imap import utf7
from tests.sync.imap_profile import letter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sync.imap_profile import ImapProfile

ROOT = Path(__file__).parent.parent.parent
FLAGS = {"$seen": "\\Seen", "$flagged": "\\Flagged", "$answered": "\\Answered", "work": "work"}
WORDS = {flag.lower(): word for word, flag in FLAGS.items()}

State: TypeAlias = "dict[str, Counter[tuple[str, frozenset[str]]]]"


def on_server(client: imaplib.IMAP4) -> State:
    """What the server has: subjects and keywords by mailbox."""
    found: State = {}
    for name in mailboxes(client):
        opened, why = client.select(f'"{name}"', readonly=True)
        assert opened == "OK", f"{name} is listed and cannot be opened: {why}"
        _, data = client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        whole = Counter[tuple[str, frozenset[str]]]()
        for each in data:
            if isinstance(each, tuple):
                told = re.search(rb"FLAGS \(([^)]*)\)", each[0])
                flags = told[1].decode().lower().split() if told else []
                subject = each[1].decode().partition(":")[2].strip()
                whole[subject, frozenset(WORDS[flag] for flag in flags if flag in WORDS)] += 1
        found["Inbox" if name.upper() == "INBOX" else utf7.decode(name.encode())] = whole
    return found


def mailboxes(client: imaplib.IMAP4) -> list[str]:
    """The names on the wire of the mailboxes that can be opened."""
    _, lines = client.list()
    decoded = [line.decode() for line in lines if isinstance(line, bytes)]
    opened = [line for line in decoded if "\\Noselect" not in line and "\\NonEx" not in line]
    named = [re.fullmatch(r'\(.*?\) (?:"[^"]*"|NIL) "?(.*?)"?', line) for line in opened]
    return sorted(each[1] for each in named if each)


def subjects(state: State) -> set[str]:
    """The subjects of all messages, wherever they are."""
    return {subject for box in state.values() for subject, _ in box}


def in_profile(mine: ImapProfile) -> State:
    """What a profile has, in the same form."""
    paths = mine.store.imap_mailboxes.paths(mine.account.id)
    return {
        path: Counter(
            (each.subject, frozenset(each.keywords))
            for each in mine.store.messages.page(id_, limit=10_000)
        )
        for id_, path in paths.items()
    }


@dataclass
class Torture:
    """One run; ``step`` does something at random."""

    seed: int
    profiles: list[ImapProfile]
    connect: Callable[[], imaplib.IMAP4]
    kills: int = 0
    log: list[str] = field(default_factory=list)
    made: int = 0
    deleted: set[str] = field(default_factory=set)
    alive: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.client = self.connect()

    def run(self, steps: int) -> None:
        for mine in self.profiles:
            mine.sync()
        for _ in range(steps):
            self.step()
        while not self.kills:  # few are tried in a short run, and a visit may be over first
            self.killed_visit(self.random.choice(self.profiles))
        for _ in range(6):
            for mine in self.profiles:
                mine.sync()

    def step(self) -> None:
        chance = self.random.random()
        if chance < 0.05:
            self.visits_together()
        elif chance < 0.09:
            self.visit(self.random.choice(self.profiles))
        elif chance < 0.11:
            self.killed_visit(self.random.choice(self.profiles))
        elif chance < 0.45:
            try:
                self.client_acts()
            except imaplib.IMAP4.abort:  # its mailbox was deleted while it was open
                self.client = self.connect()
        else:
            self.profile_acts(self.random.choice(self.profiles))

    def visit(self, mine: ImapProfile) -> None:
        self.note("visit", self.profiles.index(mine))
        mine.sync()
        self.look_for_lost()

    def visits_together(self) -> None:
        """Visit from both profiles at once; a server may end a session whose mailbox goes.

        Nor can one be opened that the other has just renamed: that visit ends, a later one goes on.

        Not while one is to delete a mailbox: what the other puts there in that moment goes with it,
        since IMAP has no DELETE on condition (docs/sync.md).
        """
        if any(self.deletes_a_mailbox(mine) for mine in self.profiles):
            return
        self.note("visits together")
        with ThreadPoolExecutor(len(self.profiles)) as pool:
            visits = [pool.submit(mine.sync) for mine in self.profiles]
        for each in visits:
            with suppress(NetworkError, Refused):
                each.result()
        self.look_for_lost()

    def deletes_a_mailbox(self, mine: ImapProfile) -> bool:
        paired = mine.store.imap_mailboxes.list(mine.account.id)
        return any(each.name is None for each in paired)

    def look_for_lost(self) -> None:
        """Nothing that nobody deleted may be nowhere, at any time."""
        seen = {subject for mine in self.profiles for subject in subjects(in_profile(mine))}
        if self.alive - seen:
            seen |= subjects(on_server(self.connect()))
        assert not self.alive - seen, f"lost: {sorted(self.alive - seen)} at {self.log[-1]}"

    def killed_visit(self, mine: ImapProfile) -> None:
        """Visit in a process that is killed after a random time, in the middle of anything."""
        url, account = mine.url, mine.account
        patience = json.dumps(asdict(mine.patience))
        words = (str(mine.store.home), url, account.address, mine.password, mine.best.name)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.sync.one_visit", *words, patience],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        with process.stdout as told:
            told.readline()  # it has been loaded and begins
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.4 * self.random.random() ** 3)  # mostly early: a visit is short
        if process.poll() is None:
            process.kill()
            self.kills += 1
        process.wait()
        self.note("killed visit", self.profiles.index(mine), process.returncode)
        self.look_for_lost()

    def note(self, *what: object) -> None:
        self.log.append(" ".join(map(str, what)))

    def new(self) -> tuple[str, bytes]:
        self.made += 1
        subject = f"letter {self.made}"
        self.alive.add(subject)
        return subject, letter(subject, "x" * self.random.randrange(200) + "\r\n")

    def words(self) -> list[str]:
        return [word for word in FLAGS if self.random.random() < 0.3]

    # -- imaplib

    def client_acts(self) -> None:
        names = mailboxes(self.client)
        acts: list[Callable[[list[str]], None]] = [
            *[self.client_appends] * 4,
            *[self.client_marks] * 4,
            *[self.client_moves] * 3,
            *[self.client_deletes] * 2,
            self.client_copies,
            self.client_manages,
        ]
        self.random.choice(acts)(names)

    def client_appends(self, names: list[str]) -> None:
        subject, octets = self.new()
        name = self.random.choice(names)
        self.note("client appends", subject, name)
        flags = " ".join(FLAGS[word] for word in self.words())
        self.client.append(f'"{name}"', f"({flags})", "", octets)

    def opens(self, name: str) -> bool:
        """Open a mailbox; a server may refuse one that is being renamed or deleted just now."""
        told, _ = self.client.select(f'"{name}"')
        return told == "OK"

    def some(self, names: list[str]) -> tuple[str, str, str]:
        """Open a mailbox and choose one of its messages: mailbox, UID, subject."""
        name = self.random.choice(names)
        if not self.opens(name):
            return name, "", ""
        _, data = self.client.uid("SEARCH", "ALL")
        uids = data[0].decode().split() if data[0] else []
        if not uids:
            return name, "", ""
        uid = self.random.choice(uids)
        _, told = self.client.uid("FETCH", uid, "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        subject = next(each[1] for each in told if isinstance(each, tuple)).decode()
        return name, uid, subject.partition(":")[2].strip()

    def client_marks(self, names: list[str]) -> None:
        name, uid, subject = self.some(names)
        if uid:
            how, flag = self.random.choice("+-"), self.random.choice(list(FLAGS.values()))
            self.note("client", how, flag, subject, "in", name)
            self.client.uid("STORE", uid, f"{how}FLAGS", f"({flag})")

    def client_moves(self, names: list[str]) -> None:
        name, uid, subject = self.some(names)
        target = self.random.choice(names)
        if uid and target != name:
            self.note("client moves", subject, name, target)
            self.client.uid("MOVE", uid, f'"{target}"')

    def client_copies(self, names: list[str]) -> None:
        name, uid, subject = self.some(names)
        target = self.random.choice(names)
        if uid and target != name:
            self.note("client copies", subject, name, target)
            self.client.uid("COPY", uid, f'"{target}"')

    def client_deletes(self, names: list[str]) -> None:
        name, uid, subject = self.some(names)
        if uid:
            self.note("client deletes", subject, name)
            self.alive.discard(subject)
            self.client.uid("STORE", uid, "+FLAGS", "(\\Deleted)")
            self.client.uid("EXPUNGE", uid)

    def client_manages(self, names: list[str]) -> None:
        others = [name for name in names if name.upper() not in ("INBOX", "SENT")]
        act = self.random.choice(["create", "rename", "delete"])
        self.client.unselect() if self.client.state == "SELECTED" else None
        if act == "create" or not others:
            self.note("client creates", name := f"Box{self.random.randrange(6)}")
            self.client.create(name)
        elif act == "rename":
            old, new = self.random.choice(others), f"Box{self.random.randrange(6)}"
            self.note("client renames", old, new)
            self.client.rename(f'"{old}"', new)
        else:
            name = self.random.choice(others)
            if not self.opens(name):
                return
            _, data = self.client.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            for each in data:
                if isinstance(each, tuple):
                    self.alive.discard(each[1].decode().partition(":")[2].strip())
            self.client.unselect()
            self.note("client deletes mailbox", name)
            self.client.delete(f'"{name}"')

    # -- a profile

    def profile_acts(self, mine: ImapProfile) -> None:
        acts: list[Callable[[ImapProfile], None]] = [
            *[self.profile_adds] * 2,
            *[self.profile_marks] * 5,
            *[self.profile_moves] * 4,
            *[self.profile_deletes] * 2,
            self.profile_copies,
            self.profile_manages,
        ]
        with suppress(NotFound):
            self.random.choice(acts)(mine)

    def box(self, mine: ImapProfile) -> str:
        return self.random.choice(mine.store.mailboxes.list(mine.account.id)).id

    def message(self, mine: ImapProfile) -> tuple[str, str]:
        """Choose a message: its id and subject."""
        found = mine.store.messages.page(self.box(mine), limit=1000)
        if not found:
            raise NotFound("an empty mailbox")
        chosen = self.random.choice(found)
        return chosen.id, chosen.subject

    def profile_adds(self, mine: ImapProfile) -> None:
        from tests.sync.imap_profile import now

        box = self.box(mine)
        subject, octets = self.new()
        self.note("profile", self.profiles.index(mine), "adds", subject, box)
        mine.store.messages.add(
            mine.account.id, box, octets, received_at=now(), keywords=self.words()
        )

    def profile_marks(self, mine: ImapProfile) -> None:
        id_, subject = self.message(mine)
        add, remove = self.words(), self.words()
        self.note("profile", self.profiles.index(mine), "marks", subject, id_, add, remove)
        mine.store.messages.patch_keywords(id_, add=add, remove=remove)

    def profile_moves(self, mine: ImapProfile) -> None:
        id_, subject = self.message(mine)
        box = self.box(mine)
        self.note("profile", self.profiles.index(mine), "moves", subject, id_, box)
        mine.store.messages.move(id_, box)

    def profile_copies(self, mine: ImapProfile) -> None:
        id_, subject = self.message(mine)
        boxes = {self.box(mine), *mine.store.messages.get(id_).mailbox_ids}
        self.note("profile", self.profiles.index(mine), "also puts", subject, id_, boxes)
        mine.store.messages.set_mailboxes(id_, boxes)

    def profile_deletes(self, mine: ImapProfile) -> None:
        id_, subject = self.message(mine)
        self.note("profile", self.profiles.index(mine), "deletes", subject, id_)
        self.alive.discard(subject)
        mine.store.messages.delete(id_)

    def profile_manages(self, mine: ImapProfile) -> None:
        from dataclasses import replace

        boxes = mine.store.mailboxes.list(mine.account.id)
        others = [box for box in boxes if box.name not in ("Inbox", "Sent")]
        act = self.random.choice(["create", "rename", "delete"])
        name = f"Box{self.random.randrange(6)}"
        self.note("profile", self.profiles.index(mine), act, name)
        with suppress(HongyanError):
            if act == "create" or not others:
                mine.store.mailboxes.create(mine.account.id, name)
            elif act == "rename":
                box = self.random.choice(others)
                self.note("  of", box.name)
                mine.store.mailboxes.update(replace(box, name=name))
            else:
                box = self.random.choice(others)
                self.note("  of", box.name)
                for each in mine.store.messages.page(box.id, limit=1000):
                    self.alive.discard(each.subject)
                mine.store.mailboxes.delete(box.id, with_messages=True)

    # -- the verdict

    def verdict(self) -> str:
        """What is not as it must be; nothing when all is well."""
        self.client = self.connect()
        server = on_server(self.client)
        wrong = []
        for index, mine in enumerate(self.profiles):
            ours = in_profile(mine)
            for name in sorted({*server, *ours}):
                there, here = server.get(name), ours.get(name)
                if there != here:
                    more = (there or Counter()) - (here or Counter())
                    less = (here or Counter()) - (there or Counter())
                    wrong.append(f"profile {index}, {name}: there alone {more}, here alone {less}")
        wrong += [f"lost: {subject}" for subject in sorted(self.alive - subjects(server))]
        return "\n".join(wrong)
