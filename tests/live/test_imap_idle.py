"""Hearing of new mail: the watch that a worker rests in, on a line of its own."""

from __future__ import annotations

import threading
import time
from itertools import count
from typing import TYPE_CHECKING

import pytest

from hongyan.client.session import open_imap
from hongyan.errors import ConnectFailed, TimedOut
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.sasl import Credentials
from hongyan.sync.imap_idle import ImapWatch
from tests.live.servers import Dovecot, User
from tests.sync.imap_profile import letter, other_client, profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hongyan.imap import Connection
    from tests.live.courier import Courier
    from tests.live.cyrus import Cyrus

USERS = count(1)
LONG = 60.0


@pytest.fixture
def user(imap_server: Dovecot | Cyrus | Courier) -> User:
    user = User(f"idle{next(USERS)}@example.test", "secret")
    imap_server.add_user(user)
    return user


def line(url: str, user: User) -> tuple[BlockingDriver, Connection]:
    driver = BlockingDriver(Endpoint.parse(url)).connect()
    conn = driver.run(open_imap(driver.channel, Credentials(user.address, user.password)))
    return driver, conn


@pytest.fixture
def watch(imap_server: Dovecot | Cyrus | Courier, user: User) -> Iterator[ImapWatch]:
    url = imap_server.imap_url(tls="none")
    watch = ImapWatch(lambda: line(url, user), uid_next=lambda: 1)
    yield watch
    watch.close()


class Waiting(threading.Thread):
    """Waits in a thread; ``news`` is what came of it, ``seconds`` how long it took."""

    def __init__(self, watch: ImapWatch) -> None:
        super().__init__(daemon=True)
        self.watch = watch
        self.news: bool | None = None
        self.seconds = 0.0
        self.start()

    def run(self) -> None:
        begin = time.monotonic()
        self.news = self.watch.wait(LONG)
        self.seconds = time.monotonic() - begin


def rested(watch: ImapWatch) -> None:
    """Wait until the line is open and quiet."""
    while watch.wait(0.3):
        pass


def test_new_mail_is_heard_of(
    watch: ImapWatch, imap_server: Dovecot | Cyrus | Courier, user: User
) -> None:
    rested(watch)
    waiting = Waiting(watch)
    port = Endpoint.parse(imap_server.imap_url(tls="none")).port
    with other_client(port, user.address, user.password) as client:
        client.append("INBOX", "", "", letter("news"))
        waiting.join(LONG / 2)
    assert waiting.news is True, "long before the time was over"
    assert waiting.seconds < LONG / 2


def test_others_ring_too(watch: ImapWatch) -> None:
    rested(watch)
    waiting = Waiting(watch)
    watch.wake()
    waiting.join(LONG / 2)
    assert waiting.news is True


def test_a_ring_before_is_not_lost(watch: ImapWatch) -> None:
    watch.wake()
    assert watch.wait(LONG) is True


def test_mail_that_came_before_the_line_was_open_is_news(
    imap_server: Dovecot | Cyrus | Courier, user: User
) -> None:
    url = imap_server.imap_url(tls="none")
    with other_client(Endpoint.parse(url).port, user.address, user.password) as client:
        client.append("INBOX", "", "", letter("early"))
    watch = ImapWatch(lambda: line(url, user), uid_next=lambda: 1)
    assert watch.wait(LONG) is True
    watch.close()


def test_a_line_that_dies_is_news_and_one_that_cannot_be_had_is_none(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User(f"idle{next(USERS)}@example.test", "secret")
    dovecot.add_user(user)
    opened = [line(dovecot.imap_url(tls="none"), user)]

    def open_line() -> tuple[BlockingDriver, Connection]:
        if not opened:
            raise ConnectFailed("nobody is there")
        return opened.pop()

    watch = ImapWatch(open_line, uid_next=lambda: 1)
    rested(watch)

    def silent(*_: object, **__: object) -> bool:
        raise TimedOut("it did not answer in time")

    monkeypatch.setattr(BlockingDriver, "run", silent)
    assert watch.wait(LONG) is True
    assert watch.wait(0.01) is False


def test_new_mail_is_here_within_a_second(dovecot: Dovecot, tmp_path: Path) -> None:
    """Heard of and fetched. On a busy machine more may pass between, so the best of some counts."""
    user = User(f"idle{next(USERS)}@example.test", "secret")
    dovecot.add_user(user)
    url = dovecot.imap_url(tls="none")
    watch = ImapWatch(lambda: line(url, user), uid_next=lambda: 1)
    rested(watch)
    took: list[float] = []
    port = Endpoint.parse(url).port
    with (
        profile(tmp_path, url, user.address, user.password) as mine,
        other_client(port, user.address, user.password) as client,
    ):
        mine.sync()
        for number in range(5):
            waiting = Waiting(watch)
            time.sleep(0.3)  # for the line to be in IDLE again
            begin = time.monotonic()
            client.append("INBOX", "", "", letter(f"news {number}"))
            waiting.join(LONG / 2)
            assert waiting.news is True
            assert mine.sync().messages == 1
            took.append(time.monotonic() - begin)
            rested(watch)
    watch.close()
    print(f"here after {', '.join(f'{each * 1000:.0f} ms' for each in took)}")
    assert min(took) < 1.0
    assert sorted(took)[2] < 3.0
