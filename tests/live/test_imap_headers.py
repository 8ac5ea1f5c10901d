"""A large mailbox on a slow line: headers before bodies, resumed after a kill, one letter out of turn."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from hongyan.app.bodies import Bodies
from hongyan.errors import NotHereYet
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.sasl import Credentials
from hongyan.store import New, Role
from hongyan.sync import imap_fetch
from hongyan.sync.imap_arrivals import Stage
from hongyan.sync.imap_pace import Patience
from hongyan.sync.visit import Visit
from tests.live.servers import Dovecot, User
from tests.support.relay import Relay
from tests.sync.imap_profile import HEADERS_FIRST, letter, now, other_client, profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hongyan.app.servers import Servers
    from hongyan.store import Account, MessageId, Prepared
    from tests.sync.imap_profile import ImapProfile

ROOT = Path(__file__).parent.parent.parent
USERS = count(1)
MANY = 1_500
PACE = 300_000.0
SOON = Patience(seconds=5.0)
BODY = "much ado about a goose\r\n" * 430


@dataclass(frozen=True)
class Direct:
    """What `Bodies` needs of the servers of an account."""

    mine: ImapProfile

    def logged_in(self, _: Account, work: Callable[[Callable[[], Credentials]], None]) -> None:
        work(lambda: Credentials(self.mine.account.username, self.mine.password))

    def connect(self, url: str) -> BlockingDriver:
        return BlockingDriver(Endpoint.parse(url)).connect()

    def visit(self, account: Account, endpoint: Endpoint) -> Visit:
        return Visit(account, endpoint, self.mine.store, clock=now)


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    """Somebody with many letters of ten kilobytes each, 15 MB in all."""
    user = User(f"headers{next(USERS)}@example.test", "secret")
    dovecot.add_user(user)
    dovecot.fill(user, (letter(f"letter {each}", BODY) for each in range(MANY)))
    return user


@pytest.fixture
def relay(dovecot: Dovecot) -> Iterator[Relay]:
    port = Endpoint.parse(dovecot.imap_url(tls="none")).port
    with Relay(port, pace=PACE) as opened:
        yield opened


def test_the_list_is_there_long_before_the_letters_and_a_kill_loses_nothing(
    dovecot: Dovecot, user: User, relay: Relay, tmp_path: Path
) -> None:
    url = f"imap://127.0.0.1:{relay.port}?tls=none"
    words = (str(tmp_path), url, user.address, user.password, "QRESYNC", '{"seconds": 5}')
    with profile(tmp_path, url, user.address, user.password, patience=SOON) as mine:
        began = time.monotonic()
        process = subprocess.Popen([sys.executable, "-m", "tests.sync.one_visit", *words], cwd=ROOT)
        try:
            every = [f"m{row}" for row in range(1, MANY + 1)]
            wait(process, lambda: len(mine.store.messages.list(every)) == MANY)
            listed = time.monotonic() - began
            oldest = min(mine.messages(), key=lambda each: int(each.subject.split()[1]))
            assert not oldest.whole
            began = time.monotonic()
            Bodies(mine.store, cast("Servers", Direct(mine))).bring([oldest.id])
            opened = time.monotonic() - began
            assert mine.store.messages.raw(oldest.id) == letter("letter 0", BODY)
            wait(process, lambda: mine.store.messages.to_come() <= MANY - 50)
        finally:
            process.kill()
            process.wait()
        to_come = mine.store.messages.to_come()
        assert to_come > MANY / 2
        assert mine.store.check() == ()
        ids = {each.id for each in mine.messages()}
        relay.pace = None
        synced = mine.sync()
        print(f"listed after {listed:.1f} s, the oldest opened in {opened:.1f} s", end=", ")
        print(f"{to_come} of {MANY} bodies to come when it was killed")
        assert synced.messages == to_come
        assert mine.store.messages.to_come() == 0
        assert {each.id for each in mine.messages()} == ids
        kept = sorted(mine.store.messages.raw(each) for each in ids)
    assert kept == sorted(
        each.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for each in dovecot.messages(user)
    )


def test_what_is_new_on_either_side_does_not_wait_for_all_that_is_old(
    user: User, relay: Relay, tmp_path: Path
) -> None:
    url = f"imap://127.0.0.1:{relay.port}?tls=none"
    words = (
        str(tmp_path),
        url,
        user.address,
        user.password,
        "QRESYNC",
        '{"seconds": 99, "turn": 1}',
    )
    with (
        profile(tmp_path, url, user.address, user.password) as mine,
        other_client(relay.target, user.address, user.password) as client,
        subprocess.Popen([sys.executable, "-m", "tests.sync.one_visit", *words], cwd=ROOT) as visit,
    ):
        try:
            wait(visit, lambda: mine.store.imap_mailboxes.list(mine.account.id))
            wait(visit, lambda: len(mine.messages()) > 20)
            marked = mine.messages()[0]
            mine.store.messages.patch_keywords(marked.id, add=["$flagged"])
            client.append("INBOX", "", "", letter("news", "short"))
            client.select("INBOX", readonly=True)
            wait(visit, lambda: "news" in mine.subjects())
            wait(visit, lambda: client.search(None, "FLAGGED")[1] != [b""])
            assert len(mine.messages()) < MANY
        finally:
            visit.kill()


def wait(process: subprocess.Popen[bytes], until: Callable[[], object]) -> None:
    """Wait until something is so, while the process runs."""
    end = time.monotonic() + 120
    while not until():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)


def test_what_cannot_be_had_now_is_said(dovecot: Dovecot, tmp_path: Path) -> None:
    with profile(tmp_path, "imap://127.0.0.1:1?tls=none", "me@example.test", "secret") as mine:
        store = mine.store
        inbox = store.mailboxes.ensure(mine.account.id, Role.INBOX).id
        new = New(b"Subject: goose\r\n\r\n", (inbox,), now(), header_of=900)
        (id_,) = store.messages.add_all(mine.account.id, [new])
        bodies = Bodies(store, cast("Servers", Direct(mine)))
        with pytest.raises(NotHereYet, match="could not be fetched"):
            bodies.bring([id_])
        with store.transaction():
            bodies.bring([id_])  # nobody waits for the network there
        assert not store.messages.get(id_).whole


def test_on_a_quick_line_no_message_is_stored_twice(
    dovecot: Dovecot, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = dovecot.imap_url(tls="none")
    completed: list[str] = []
    with profile(tmp_path, url, user.address, user.password) as mine:
        complete = mine.store.messages.complete

        def note(its: Iterable[tuple[str, Prepared]]) -> tuple[MessageId, ...]:
            late = list(its)
            completed.extend(id_ for id_, _ in late)
            return complete(late)

        monkeypatch.setattr(mine.store.messages, "complete", note)
        assert mine.sync().messages == MANY
        assert completed == []
        assert mine.store.messages.to_come() == 0


def test_what_is_known_by_its_header_moves_and_goes_as_other_letters_do(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that is not whole is given to the server, or removed there unasked."""
    user = User(f"headers{next(USERS)}@example.test", "secret")
    dovecot.add_user(user)
    names = ["stays", "moved", "deleted", "marked and gone", "moved and gone"]
    dovecot.fill(user, [letter(each) for each in names])
    url = dovecot.imap_url(tls="none")
    each_of = imap_fetch._Fetching._each
    with (
        profile(tmp_path, url, user.address, user.password, patience=HEADERS_FIRST) as mine,
        monkeypatch.context() as headers_alone,
    ):
        headers_alone.setattr(
            imap_fetch._Fetching,
            "_each",
            lambda self, stage: each_of(self, stage) if stage is Stage.HEADERS else iter(()),
        )
        mine.sync()
        assert mine.store.messages.to_come() == len(names)
        by_name = {each.subject: each.id for each in mine.messages()}
        with pytest.raises(NotHereYet):
            mine.store.messages.raw(by_name["stays"])
        box = mine.store.imap_mailboxes.create(mine.account.id, "Work", None)
        mine.store.messages.move(by_name["moved"], box)
        mine.store.messages.move(by_name["moved and gone"], box)
        mine.store.messages.patch_keywords(by_name["marked and gone"], add=["$flagged"])
        mine.store.messages.delete(by_name["deleted"])
        with other_client(Endpoint.parse(url).port, user.address, user.password) as client:
            client.select("INBOX")
            for name in ("marked and gone", "moved and gone"):
                _, (found,) = client.search(None, f'SUBJECT "{name}"')
                client.store(found.decode(), "+FLAGS", "\\Deleted")
            client.expunge()
        synced = mine.sync()
        mine.sync()
        assert any("only the header" in each for each in synced.troubles)
        assert mine.subjects() == ["stays"]
        assert mine.subjects("Work") == ["moved"]
        headers_alone.undo()
        mine.sync()
        assert mine.store.messages.to_come() == 0
        assert mine.only("Work").id == by_name["moved"]
        assert mine.store.messages.raw(by_name["moved"]).endswith(b"Hello.\r\n")
        assert mine.store.messages.raw(by_name["stays"]) in dovecot.messages(user)
