"""A synchronising by IMAP, cut after every octet, in each direction, by FIN and by RST (FAULTS 15).

Both sides have changed: letters arrived and went there; here some were marked, moved, deleted,
written, and a mailbox was made. The oracle: after one clean run both sides are exactly what they are
where nothing was cut. By default every 37th octet is tried, HONGYAN_EVERY_OCTET=1 tries all; how
many sessions were cut is printed.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import TypeAlias

import pytest

from hongyan import imap
from hongyan.client.session import open_imap
from hongyan.errors import ConnectionLost, NetworkError, ProtocolError
from hongyan.sasl import Credentials
from hongyan.store import Role, Store
from hongyan.sync.imap import synchronise
from tests.support.minihost import CutDriver
from tests.support.relay import Cut, How, Way, stride
from tests.sync.imap_profile import letter, now
from tests.sync.toy_imap import Box, ToyImap

WHOLE = 1 << 30  # an octet that no session has
STEP = stride(37)
FLAGS = {"\\Seen": "$seen", "\\Flagged": "$flagged"}
SERVERS = {
    "that says little": ToyImap(capabilities=("IMAP4REV1", "UIDPLUS")),
    "with UIDPLUS": ToyImap(capabilities=("IMAP4REV1", "UIDPLUS", "LITERAL+"), extras=("COPYUID",)),
    "with MOVE": ToyImap(
        capabilities=("IMAP4REV1", "UIDPLUS", "MOVE", "MULTIAPPEND"), extras=("COPYUID",)
    ),
}
Mail: TypeAlias = dict[str, list[tuple[bytes, tuple[str, ...]]]]
"""By mailbox: the octets and the keywords of every letter in it."""


@contextmanager
def opened(home: Path) -> Iterator[Store]:
    """A store in memory, where there is some: nothing waits for a disk."""
    with Store.open(home, clock=now) as store:
        store._database._writer.pragma("synchronous", 0)
        yield store


def visit(store: Store, server: ToyImap, cut: Cut | None = None) -> CutDriver:
    """Synchronise once; a session that is cut ends as it may."""
    (account,) = store.accounts.list()
    driver = CutDriver("imap", server.session(), cut)
    with suppress(NetworkError, ProtocolError) if cut else driver, driver:
        conn = driver.run(open_imap(driver.channel, Credentials(account.username, "x")))
        driver.run(synchronise(conn, account, store, clock=now))
        driver.run(imap.logout(conn))
    return driver


def there(server: ToyImap) -> Mail:
    assert half_removed(server) == set(), "nothing that we deleted stays half removed"
    return {
        name.replace("INBOX", "Inbox"): sorted(
            (each.octets, tuple(sorted(FLAGS[flag] for flag in each.flags)))
            for each in box.letters.values()
        )
        for name, box in server.boxes.items()
    }


def half_removed(server: ToyImap) -> set[tuple[str, int]]:
    """The letters that are marked to be removed and are still there."""
    return {
        (name, uid)
        for name, box in server.boxes.items()
        for uid, each in box.letters.items()
        if "\\Deleted" in each.flags
    }


def here(store: Store) -> Mail:
    (account,) = store.accounts.list()
    return {
        path: sorted(
            (store.messages.raw(each.id), tuple(sorted(each.keywords)))
            for each in store.messages.page(id_, limit=100)
        )
        for id_, path in store.imap_mailboxes.paths(account.id).items()
    }


def prepare(home: Path, server: ToyImap) -> None:
    """Let both sides be the same, and then change both."""
    server.boxes["Work"] = Box()
    for name in ("marked", "moved", "deleted", "starred", "expunged", "put away"):
        server.boxes["INBOX"].put(letter(name))
    with opened(home) as store:
        account = store.accounts.add("a@example.test", secret="keychain")
        visit(store, server)
        inbox = store.mailboxes.find(account.id, Role.INBOX).id
        ids = {each.subject: each.id for each in store.messages.page(inbox, limit=100)}
        store.messages.patch_keywords(ids["marked"], add=["$seen"])
        store.messages.move(ids["moved"], store.mailboxes.find(account.id, "Work").id)
        store.messages.delete(ids["deleted"])
        store.messages.move(ids["put away"], store.mailboxes.create(account.id, "New").id)
        for name in ("written", "written too"):
            store.messages.add(account.id, inbox, letter(name), received_at=now())
    server.boxes["INBOX"].letters[4].flags.add("\\Flagged")
    del server.boxes["INBOX"].letters[5]
    server.boxes["INBOX"].put(letter("arrived"))
    server.boxes["Work"].put(letter("arrived at work"), ["\\Seen"])


def cuts(driver: CutDriver, way: Way, how: How) -> Iterator[Cut]:
    """The cuts of a session as long as the driver's; the two ways of cutting at other places."""
    for after in range(list(How).index(how) * STEP // 2, driver.passed[way] + 1, STEP):
        yield Cut(way, after, how)


@pytest.fixture
def folder() -> Iterator[Path]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


@pytest.mark.timeout(60 + 6000 // STEP)
@pytest.mark.parametrize("how", How, ids=lambda how: how.name)
@pytest.mark.parametrize("way", Way, ids=lambda way: way.name)
@pytest.mark.parametrize("kind", SERVERS)
def test_synchronising(
    folder: Path, kind: str, way: Way, how: How, capsys: pytest.CaptureFixture[str]
) -> None:
    before = copy.deepcopy(SERVERS[kind])
    prepare(folder / "before", before)
    home = folder / "home"

    def anew() -> ToyImap:
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(folder / "before", home)
        return copy.deepcopy(before)

    server = anew()
    with opened(home) as store:
        whole = visit(store, server, Cut(Way.UP, WHOLE))
        wanted = there(server), here(store)
        assert_settled(store, server)
    count = 0
    for cut in cuts(whole, way, how):
        server = anew()
        with opened(home) as store:
            visit(store, server, cut)
            visit(store, server)
            assert (there(server), here(store)) == wanted, cut
            if not count % 10:
                assert store.check() == (), cut
        count += 1
    with capsys.disabled():
        print(f"\nsynchronising by IMAP, {kind}, {way.name}, {how.name}: {count} sessions cut")


def assert_settled(store: Store, server: ToyImap) -> None:
    """What the undisturbed run comes to, and that there is nothing left to do."""
    ours = here(store)
    assert there(server) == {name: ours[name] for name in there(server)}
    subjects = {octets.split(b"\r\n")[0][9:].decode() for box in ours.values() for octets, _ in box}
    assert subjects == {
        *("marked", "moved", "starred", "put away", "written", "written too", "arrived"),
        "arrived at work",
    }
    assert ("$seen",) in [flags for octets, flags in ours["Inbox"] if b"marked" in octets]
    before = there(server), ours
    visit(store, server)
    assert (there(server), here(store)) == before


class Since(Enum):
    """What happens to what a cut left half removed, before the next visit."""

    NOTHING = "nothing"
    MARKED_THERE = "somebody marks it there: it was deleted without seeing that"
    PUT_BACK_HERE = "it is put back here"
    OTHER_UIDS = "the UIDs lose their meaning: nothing is told by them"


@pytest.mark.parametrize("since", Since, ids=lambda since: since.name)
@pytest.mark.parametrize("kind", SERVERS)
def test_what_a_cut_left_half_removed_is_removed_or_wanted_again(
    folder: Path, kind: str, since: Since
) -> None:
    """A mark of ours that stayed would let any other program's EXPUNGE take the letter."""
    server = copy.deepcopy(SERVERS[kind])
    server.boxes["Work"] = Box()
    uid = server.boxes["INBOX"].put(letter("one"))
    with opened(folder / "home") as store:
        account = store.accounts.add("a@example.test", secret="keychain")
        visit(store, server)
        inbox, work = (store.mailboxes.find(account.id, name).id for name in (Role.INBOX, "Work"))
        (only,) = store.messages.page(inbox, limit=9)
        if since is Since.PUT_BACK_HERE:  # it stays in another mailbox, or nothing were left of it
            store.messages.set_mailboxes(only.id, [inbox, work])
            visit(store, server)
            store.messages.set_mailboxes(only.id, [work])
        else:
            store.messages.delete(only.id)
        server.breaks_at = "UID EXPUNGE"
        with pytest.raises(ConnectionLost):
            visit(store, server)
        assert half_removed(server) == {("INBOX", uid)}
        server.breaks_at = ""
        if since is Since.PUT_BACK_HERE:
            store.messages.set_mailboxes(only.id, [inbox, work])
        else:
            _happens(since, server)
        for _ in range(3):
            visit(store, server)
        left = {("INBOX", uid + 10)} if since is Since.OTHER_UIDS else set()
        assert half_removed(server) == left
        assert {name: len(box.letters) for name, box in server.boxes.items()} == _WANTED[since]
        assert {
            name.replace("Inbox", "INBOX"): len(its) for name, its in here(store).items()
        } == _WANTED[since]
        assert store.learned.get(account.id, "removing") in (None, "{}")


@pytest.mark.parametrize("kind", ["that says little", "with UIDPLUS"])
def test_a_move_without_move_that_is_cut_and_taken_back(folder: Path, kind: str) -> None:
    server = copy.deepcopy(SERVERS[kind])
    server.boxes["Work"] = Box()
    server.boxes["INBOX"].put(letter("one"))
    with opened(folder / "home") as store:
        account = store.accounts.add("a@example.test", secret="keychain")
        visit(store, server)
        (only,) = store.messages.page(store.mailboxes.find(account.id, Role.INBOX).id, limit=9)
        store.messages.move(only.id, store.mailboxes.find(account.id, "Work").id)
        server.breaks_at = "UID EXPUNGE"
        with pytest.raises(ConnectionLost):
            visit(store, server)
        assert half_removed(server) != set()
        server.breaks_at = ""
        store.messages.move(only.id, store.mailboxes.find(account.id, Role.INBOX).id)
        for _ in range(3):
            visit(store, server)
        assert there(server) == here(store)
        assert server.boxes["INBOX"].letters.keys() == {1}


def test_where_nothing_can_be_removed_alone_nothing_is_marked(folder: Path) -> None:
    """Without UIDPLUS an EXPUNGE takes others too: the letter stays there, whole."""
    server = ToyImap(capabilities=("IMAP4REV1",))
    server.boxes["INBOX"].put(letter("one"))
    with opened(folder / "home") as store:
        account = store.accounts.add("a@example.test", secret="keychain")
        visit(store, server)
        (only,) = store.messages.page(store.mailboxes.find(account.id, Role.INBOX).id, limit=9)
        store.messages.delete(only.id)
        visit(store, server)
        assert half_removed(server) == set()
        assert len(server.boxes["INBOX"].letters) == 1


_WANTED = {
    Since.NOTHING: {"INBOX": 0, "Work": 0},
    Since.MARKED_THERE: {"INBOX": 1, "Work": 0},
    Since.PUT_BACK_HERE: {"INBOX": 1, "Work": 1},
    Since.OTHER_UIDS: {"INBOX": 1, "Work": 0},
}


def _happens(since: Since, server: ToyImap) -> None:
    box = server.boxes["INBOX"]
    ((uid, there_now),) = box.letters.items()
    if since is Since.MARKED_THERE:
        there_now.flags.add("\\Flagged")
    elif since is Since.OTHER_UIDS:
        box.validity += 1
        box.next_uid += 10
        box.letters = {uid + 10: there_now}
