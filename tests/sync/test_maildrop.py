"""What leaves a POP3 server, and that nothing leaves it that is not safely here."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from hongyan.demo import DemoHost
from hongyan.store import Role, UidlState
from hongyan.store.maildrops import Policy
from tests.support.scripted import ScriptedServer
from tests.sync.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LETTERS = [b"Subject: %d\r\n\r\nhi\r\n" % number for number in range(5)]
LOGIN = (
    "S: +OK hi\\r\\n\nC: CAPA\\r\\n\nS: -ERR what?\\r\\n\n"
    "C: USER yan@goose.example\\r\\n\nS: +OK\\r\\n\nC: PASS <secret>\\r\\n\nS: +OK\\r\\n\n"
)
ONE = "C: LIST\\r\\n\nS: +OK\\r\\n1 21\\r\\n.\\r\\n\nC: UIDL\\r\\n\nS: +OK\\r\\n1 u1\\r\\n.\\r\\n\n"
BODY = "C: RETR 1\\r\\n\nS: +OK\\r\\nSubject: 0\\r\\n\\r\\nhello\\r\\n.\\r\\n\n"


@pytest.fixture
def host() -> Iterator[DemoHost]:
    with DemoHost(seeded=False, require_tls=False) as running:
        for each in LETTERS:
            running.maildrop.add(each)
        yield running


@pytest.fixture
def reader(host: DemoHost, tmp_path: Path) -> Iterator[Profile]:
    profile = Profile(tmp_path / "home", password=host.password)
    yield profile
    profile.close()


def fetch(profile: Profile, host: DemoHost) -> int:
    port = urlsplit(host.pop3_url).port
    assert port
    return profile.fetch(port).removed


def there(host: DemoHost) -> list[bytes]:
    return [each.content for each in host.maildrop.letters()]


def test_without_a_policy_the_maildrop_stays(host: DemoHost, reader: Profile) -> None:
    assert fetch(reader, host) == 0
    reader.wait(days=999)
    assert fetch(reader, host) == 0
    assert there(host) == LETTERS


def test_after_some_days(host: DemoHost, reader: Profile) -> None:
    reader.store.maildrops.set_policy(reader.account.id, Policy(after_days=30))
    assert fetch(reader, host) == 0
    reader.wait(days=29)
    host.maildrop.add(b"Subject: late\r\n\r\n")
    assert fetch(reader, host) == 0
    reader.wait(days=1)
    assert fetch(reader, host) == 5
    assert there(host) == [b"Subject: late\r\n\r\n"]
    assert len(reader.stored()) == 6
    known = reader.store.maildrops.known(reader.account.id).values()
    assert [each.state for each in known].count(UidlState.GONE_FROM_SERVER) == 5
    assert fetch(reader, host) == 0


def test_at_once_and_what_is_kept_of_the_newest(host: DemoHost, reader: Profile) -> None:
    reader.store.maildrops.set_policy(reader.account.id, Policy(keep_newest=2))
    assert fetch(reader, host) == 3
    assert there(host) == LETTERS[3:]
    reader.store.maildrops.set_policy(reader.account.id, Policy(after_days=0))
    assert fetch(reader, host) == 2
    assert there(host) == []
    assert sorted(reader.stored()) == LETTERS


def test_what_is_deleted_here(host: DemoHost, reader: Profile) -> None:
    reader.store.maildrops.set_policy(reader.account.id, Policy(deleted_here=True))
    fetch(reader, host)
    box = reader.store.mailboxes.ensure(reader.account.id, Role.INBOX)
    second = reader.store.messages.page(box.id, limit=5)[-2]
    reader.store.messages.delete(second.id)
    assert fetch(reader, host) == 1
    assert there(host) == [each for each in LETTERS if each != LETTERS[1]]


def test_what_is_damaged_here_stays_there(host: DemoHost, reader: Profile) -> None:
    fetch(reader, host)
    with reader.store._database.write() as db:
        db.execute("UPDATE blobs SET encoding = 'plain', data = zeroblob(size) WHERE id = 2")
    reader.store.maildrops.set_policy(reader.account.id, Policy(after_days=0))
    assert fetch(reader, host) == 4
    assert there(host) == [LETTERS[1]]


def test_the_answer_to_quit_decides(profile: Profile) -> None:
    """No to QUIT, or no answer: the server may have them still, and the next listing tells."""
    profile.store.maildrops.set_policy(profile.account.id, Policy(after_days=0))
    marked = LOGIN + ONE + BODY + "C: DELE 1\\r\\n\nS: +OK\\r\\n\nC: QUIT\\r\\n\n"
    with ScriptedServer(marked + "S: -ERR some not removed\\r\\n\n* EOF") as server:
        assert profile.fetch(server.port).removed == 0
    assert server.errors == []
    (known,) = profile.store.maildrops.known(profile.account.id).values()
    assert known.state is UidlState.STORED
    again = LOGIN + ONE + "C: DELE 1\\r\\n\nS: +OK\\r\\n\nC: QUIT\\r\\n\n"
    with ScriptedServer(again + "* EOF") as server:
        assert profile.fetch(server.port).removed == 0
    none = "C: LIST\\r\\n\nS: +OK\\r\\n.\\r\\n\nC: UIDL\\r\\n\nS: +OK\\r\\n.\\r\\n\n"
    with ScriptedServer(LOGIN + none + "C: QUIT\\r\\n\nS: +OK\\r\\n\n* EOF") as server:
        assert profile.fetch(server.port).messages == 0
    assert server.errors == []
    (known,) = profile.store.maildrops.known(profile.account.id).values()
    assert known.state is UidlState.GONE_FROM_SERVER
    assert len(profile.stored()) == 1


def test_an_id_given_to_another_message_removes_neither(profile: Profile) -> None:
    """RFC 1939 §7 forbids it; a server that does it anyway must not cost a message unread."""
    with ScriptedServer(LOGIN + ONE + BODY + "C: QUIT\\r\\n\nS: +OK\\r\\n\n* EOF") as server:
        profile.fetch(server.port)
    profile.store.maildrops.set_policy(profile.account.id, Policy(after_days=0))
    other = ONE.replace("1 21", "1 22")
    with ScriptedServer(LOGIN + other + "C: QUIT\\r\\n\nS: +OK\\r\\n\n* EOF") as server:
        assert profile.fetch(server.port).removed == 0
    assert server.errors == []
