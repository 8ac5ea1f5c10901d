"""Synchronising with Dovecot, Cyrus and Courier: both directions, each tier, moves, deletions, UIDVALIDITY, kills."""

from __future__ import annotations

import imaplib
import re
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import pytest

from hongyan import imap
from hongyan.net.blocking import BlockingDriver
from hongyan.net.channel import Channel
from hongyan.net.endpoint import Endpoint
from hongyan.sasl import Credentials
from hongyan.store import Copy, Store
from hongyan.sync.imap import synchronise
from hongyan.sync.imap_plan import Tier
from hongyan.sync.visit import Visit
from tests.live.servers import Dovecot, MailHost, User
from tests.support.program import Program
from tests.sync.imap_profile import letter, now, other_client, profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.courier import Courier
    from tests.live.cyrus import Cyrus
    from tests.sync.imap_profile import ImapProfile

USERS = count(1)


@dataclass(frozen=True)
class Setting:
    """A server, its new user, the best tier that may be used, and how its mailboxes are named."""

    server: Dovecot | Cyrus | Courier
    user: User
    best: Tier
    prefix: str
    delimiter: str

    @property
    def url(self) -> str:
        return self.server.imap_url(tls="none")

    def wire(self, name: str) -> str:
        return self.prefix + name.replace("/", self.delimiter)

    def ours(self, name: str) -> str:
        return f"Inbox/{name}" if self.prefix else name


NAMES = {"dovecot": ("", "."), "cyrus": ("", "/"), "courier": ("INBOX.", ".")}
SETTINGS = [(name, tier) for name in ("dovecot", "cyrus") for tier in Tier]


@pytest.fixture(
    params=[*SETTINGS, ("courier", Tier.PLAIN)],
    ids=lambda param: f"{param[0]}-{param[1].name.lower()}",
)
def setting(request: pytest.FixtureRequest) -> Setting:
    name, best = request.param
    user = User(f"sync{next(USERS)}@example.test", "secret")
    server = request.getfixturevalue(name)
    server.add_user(user)
    return Setting(server, user, best, *NAMES[name])


@pytest.fixture
def mine(setting: Setting, tmp_path: Path) -> Iterator[ImapProfile]:
    """A profile of the user, looking by one tier."""
    user = setting.user
    with profile(tmp_path, setting.url, user.address, user.password, best=setting.best) as opened:
        yield opened


@pytest.fixture
def theirs(setting: Setting) -> Iterator[imaplib.IMAP4]:
    """Another client of the user."""
    port = Endpoint.parse(setting.url).port
    with other_client(port, setting.user.address, setting.user.password) as client:
        yield client


def flags(client: imaplib.IMAP4, mailbox: str = "INBOX") -> dict[str, set[str]]:
    """The flags that the server has for each subject of a mailbox."""
    client.select(mailbox)
    _, data = client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    found = {}
    for each in data:
        if isinstance(each, tuple):
            told = re.search(rb"FLAGS \(([^)]*)\)", each[0])
            subject = each[1].decode().partition(":")[2].strip()
            assert told is not None
            found[subject] = set(told[1].decode().split()) - {"\\Recent"}
    return found


def test_the_command_line_over_imap(mail_host: MailHost, tmp_path: Path) -> None:
    reader = mail_host.add_user("over-imap")
    mail_host.fill(reader, [letter("the plan", "发票在附件里。\r\n")])
    program = Program(tmp_path / "profile", mail_host.environment)
    urls = ("--imap", mail_host.imap_url(), "--smtp", mail_host.smtp_url())
    program.run("account", "add", reader.address, *urls, "--password-stdin", stdin=reader.password)
    assert program.run("account", "test").count("ok ") == 2
    with Store.open(program.home, clock=now) as store:  # as an earlier submission would have told
        store.learned.set(store.accounts.list()[0].id, "sent_copy", Copy.OURS.value)
    assert "1 new" in program.run("sync")
    (listed,) = program.json("list")
    assert listed["subject"] == "the plan"
    assert program.json("search", "发票")[0]["id"] == listed["id"]
    assert "发票在附件里" in program.run("show", listed["id"])
    words = ("--to", reader.address, "--subject", "to myself", "--body", "-")
    program.run("send", *words, stdin="Hello.\n")
    mail_host.wait_for(reader, 2)
    assert "2 told" in program.run("sync"), "that the letter was read, and the copy for Sent"
    with other_client(mail_host.dovecot.imap, reader.address, reader.password) as client:
        assert flags(client, "Sent") == {"to myself": {"\\Seen"}}
    assert "nothing new" in program.run("sync")
    assert len(program.json("list", "sent")) == 1
    assert len(program.json("list")) == 2


def test_what_the_command_line_changes_is_told_to_the_server(
    mail_host: MailHost, tmp_path: Path
) -> None:
    reader = mail_host.add_user("by-hand")
    names = ("one", "two", "three", "four", "five")
    mail_host.fill(reader, [letter(name) for name in names])
    program = Program(tmp_path / "profile", mail_host.environment)
    words = ("--imap", mail_host.imap_url(), "--smtp", mail_host.smtp_url(), "--password-stdin")
    program.run("account", "add", reader.address, *words, stdin=reader.password)
    program.run("sync")
    program.run("mark", "read", "subject:one OR subject:two")
    program.run("mark", "flagged", "subject:one")
    program.run("label", "later", "subject:two")
    program.run("archive", "subject:two")
    program.run("move", "Lists", "subject:three", "--create")
    program.run("delete", "subject:four")
    program.run("delete", "subject:five", "--for-ever", "--yes")
    program.run("sync")
    with other_client(mail_host.dovecot.imap, reader.address, reader.password) as client:
        assert flags(client) == {"one": {"\\Seen", "\\Flagged"}}
        assert flags(client, "Archive") == {"two": {"\\Seen", "later"}}
        assert flags(client, "Lists") == {"three": set()}
        assert flags(client, "Trash") == {"four": set()}
        program.run("undo")
        program.run("sync")
        assert flags(client) == {"one": {"\\Seen", "\\Flagged"}, "four": set()}


def test_mail_flags_and_mailboxes_come(
    setting: Setting, mine: ImapProfile, theirs: imaplib.IMAP4
) -> None:
    theirs.append("INBOX", "(\\Seen)", "", letter("one"))
    theirs.append("INBOX", "($Work)", "", letter("two"))
    theirs.create(setting.wire("Projects"))
    theirs.create(setting.wire("Projects/&ThZ1TA-"))
    theirs.append(setting.wire("Projects/&ThZ1TA-"), "", "", letter("three"))
    synced = mine.sync()
    assert (synced.messages, synced.on_server) == (3, 3)
    assert {each.subject: set(each.keywords) for each in mine.messages()} == {
        "one": {"$seen"},
        "two": {"$work"},
    }
    assert mine.subjects(setting.ours("Projects/世界")) == ["three"]
    assert mine.sync().messages == 0


def test_flags_go_both_ways(mine: ImapProfile, theirs: imaplib.IMAP4) -> None:
    theirs.append("INBOX", "", "", letter("one"))
    mine.sync()
    ours = mine.only()
    mine.store.messages.patch_keywords(ours.id, add=["$flagged", "work"])
    theirs.select("INBOX")
    theirs.uid("STORE", "1", "+FLAGS", "(\\Answered)")
    assert mine.sync().told == 1
    assert flags(theirs) == {"one": {"\\Flagged", "work", "\\Answered"}}
    assert mine.only().keywords == {"$flagged", "work", "$answered"}
    theirs.uid("STORE", "1", "-FLAGS", "(\\Flagged)")
    mine.sync()
    assert mine.only().keywords == {"work", "$answered"}
    assert mine.only().id == ours.id


def test_what_is_removed_there_goes_here(mine: ImapProfile, theirs: imaplib.IMAP4) -> None:
    for subject in ("one", "two"):
        theirs.append("INBOX", "", "", letter(subject))
    mine.sync()
    theirs.select("INBOX")
    theirs.uid("STORE", "1", "+FLAGS", "(\\Deleted)")
    theirs.expunge()
    assert mine.sync().removed == 1
    assert mine.subjects() == ["two"]


def test_what_was_never_told_is_asked_for_when_the_numbers_do_not_add_up(
    mine: ImapProfile, theirs: imaplib.IMAP4
) -> None:
    """A letter in a mailbox whose mod-sequences say that nothing is new."""
    for subject in ("one", "two", "three"):
        theirs.append("INBOX", "", "", letter(subject))
    mine.sync()
    (two,) = [each.id for each in mine.messages() if each.subject == "two"]
    with mine.store._database.write() as db:  # as if it had never been told
        db.execute("DELETE FROM imap_messages WHERE message = ?", (int(two[1:]),))
    mine.store.messages.delete(two)
    theirs.append("INBOX", "", "", letter("four"))
    for _ in range(2):
        mine.sync()
    assert mine.subjects() == ["four", "one", "three", "two"]


def test_what_is_deleted_here_goes_there(mine: ImapProfile, theirs: imaplib.IMAP4) -> None:
    for subject in ("one", "two"):
        theirs.append("INBOX", "", "", letter(subject))
    mine.sync()
    gone = next(each for each in mine.messages() if each.subject == "one")
    mine.store.messages.delete(gone.id)
    mine.sync()
    assert set(flags(theirs)) == {"two"}
    assert mine.subjects() == ["two"]


def test_moves_keep_ids_in_both_directions(
    setting: Setting, mine: ImapProfile, theirs: imaplib.IMAP4
) -> None:
    theirs.create(archive := setting.wire("Archive"))
    for subject in ("one", "two"):
        theirs.append("INBOX", "", "", letter(subject))
    mine.sync()
    ids = {each.subject: each.id for each in mine.messages()}
    mine.store.messages.move(ids["one"], mine.mailbox(setting.ours("Archive")).id)
    theirs.select("INBOX")
    theirs.uid("COPY", "2", archive)
    theirs.uid("STORE", "2", "+FLAGS", "(\\Deleted)")
    theirs.expunge()
    mine.sync()
    assert mine.subjects() == []
    assert {each.subject: each.id for each in mine.messages(setting.ours("Archive"))} == ids
    assert set(flags(theirs, archive)) == {"one", "two"}
    assert flags(theirs) == {}
    assert mine.sync().messages == 0


@pytest.mark.parametrize("best", list(Tier), ids=lambda tier: tier.name.lower())
def test_a_new_uid_validity_downloads_nothing_and_keeps_ids(
    dovecot: Dovecot, best: Tier, tmp_path: Path
) -> None:
    user = User(f"sync{next(USERS)}@example.test", "secret")
    dovecot.add_user(user)
    dovecot.fill(user, [letter("one"), letter("two")])
    url = dovecot.imap_url(tls="none")
    with profile(tmp_path, url, user.address, user.password, best=best) as mine:
        mine.sync()
        before = {each.subject: each.id for each in mine.messages()}
        maildir = dovecot.home / "mail" / user.address / "Maildir"
        for index in maildir.glob("dovecot.index*"):
            index.unlink()
        (maildir / "dovecot-uidlist").write_text("3 V1 N90 Gabcdef\n")
        for _ in range(3):
            assert mine.sync().messages == 0
            assert {each.subject: each.id for each in mine.messages()} == before


def test_an_empty_mailbox_is_believed_the_second_time(
    mine: ImapProfile, theirs: imaplib.IMAP4
) -> None:
    theirs.append("INBOX", "", "", letter("one"))
    mine.sync()
    theirs.select("INBOX")
    theirs.uid("STORE", "1", "+FLAGS", "(\\Deleted)")
    theirs.expunge()
    mine.sync()
    assert mine.subjects() == ["one"]
    mine.sync()
    assert mine.subjects() == []


@pytest.mark.parametrize("far", [False, True])
def test_a_visit_to_a_server_far_away_is_compressed(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: bool
) -> None:
    monkeypatch.setattr(Endpoint, "on_this_machine", not far)
    user = User(f"sync{next(USERS)}@example.test", "secret")
    dovecot.add_user(user)
    letters = [
        letter(f"letter {number}", "the same again and again\r\n" * 500) for number in range(20)
    ]
    dovecot.fill(user, letters)
    url = dovecot.imap_url(tls="none")
    came: list[int] = []
    receive = Channel.receive

    def counted(channel: Channel, data: bytes) -> None:
        came.append(len(data))
        receive(channel, data)

    monkeypatch.setattr(Channel, "receive", counted)
    with (
        profile(tmp_path, url, user.address, user.password) as mine,
        BlockingDriver(Endpoint.parse(url)).connect() as driver,
    ):
        visit = Visit(mine.account, driver.channel.endpoint, mine.store, clock=now)
        conn = visit.open_imap(driver, Credentials(user.address, user.password))
        assert visit.compress(driver, conn) is far
        synced = driver.run(synchronise(conn, mine.account, mine.store, clock=now), total=60)
        driver.run(imap.logout(conn))
        assert synced.messages == len(letters)
        assert sorted(mine.store.messages.raw(each.id) for each in mine.messages()) == sorted(
            letters
        )
    octets = sum(map(len, letters))
    assert sum(came) < octets / 4 if far else sum(came) > octets
