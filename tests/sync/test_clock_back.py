"""The clock went back by a day, ten years, or to 1970: what arrives is told, and stands on top (FAULTS 30).

The rule: lists are by arrival, the newest first, and the last to be stored first among equals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hongyan import jmap
from hongyan.demo import DemoHost
from hongyan.jmap import Jmap
from hongyan.store import Store
from hongyan.sync.imap import synchronise
from tests.sync.imap_profile import letter
from tests.sync.profile import Profile
from tests.sync.toy_imap import ToyImap

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
BACK = [
    pytest.param(NOW - timedelta(days=1), id="a day"),
    pytest.param(NOW - timedelta(days=3652), id="ten years"),
    pytest.param(datetime(1970, 1, 1, tzinfo=UTC), id="1970"),
]
USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]


def ask(store: Store, name: str, **arguments: Any) -> dict[str, Any]:
    request = {"using": USING, "methodCalls": [[name, {"accountId": "a1", **arguments}, "0"]]}
    server = Jmap(store=store, clock=lambda: NOW)
    answer = jmap.handle(server, json.dumps(request).encode())["methodResponses"][0]
    assert answer[0] == name, answer
    found: dict[str, Any] = answer[1]
    return found


class Watcher:
    """A client that follows by /changes and /queryChanges alone."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.catch_up()

    def catch_up(self) -> None:
        store = self.store
        self.state = ask(store, "Email/get", ids=[])["state"]
        self.query_state = ask(store, "Email/query")["queryState"]

    def sees_one_more(self) -> str:
        """One letter is told as new, and as the first of the list; returns its id."""
        changes = ask(self.store, "Email/changes", sinceState=self.state)
        (created,) = changes["created"]
        told = ask(self.store, "Email/queryChanges", sinceQueryState=self.query_state)
        assert told["added"] == [{"id": created, "index": 0}]
        assert ask(self.store, "Email/query")["ids"][0] == created
        inbox = {"inMailbox": ask(self.store, "Mailbox/query")["ids"][0]}
        assert ask(self.store, "Email/query", filter=inbox)["ids"][0] == created
        (box,) = (each for each in self.store.mailboxes.list("a1") if each.name == "Inbox")
        assert self.store.messages.page(box.id, limit=1)[0].id == created
        self.catch_up()
        return str(created)


@pytest.fixture
def host() -> Iterator[DemoHost]:
    with DemoHost(seeded=False, require_tls=False) as running:
        yield running


def stamped(number: int, at: datetime) -> bytes:
    """Return a letter as the server stamped it."""
    return f"Received: by b; {at:%d %b %Y %H:%M:%S} GMT\r\nSubject: {number}\r\n\r\nhi\r\n".encode()


@pytest.mark.parametrize("dated", [True, False], ids=["stamped", "without any date"])
@pytest.mark.parametrize("back", BACK)
def test_what_arrives_by_pop3(
    host: DemoHost, tmp_path: Path, back: datetime, *, dated: bool
) -> None:
    profile = Profile(tmp_path / "home", password=host.password)
    port = urlsplit(host.pop3_url).port or 0
    hour = timedelta(hours=1)
    profile.now = NOW

    def arrives(number: int, at: datetime) -> None:
        host.maildrop.add(stamped(number, at) if dated else b"Subject: %d\r\n\r\nhi\r\n" % number)
        assert profile.fetch(port).messages == 1

    for number in range(3):
        arrives(number, NOW - (9 - number) * hour)
    watcher = Watcher(profile.store)
    profile.now = back
    arrives(3, NOW + hour)
    watcher.sees_one_more()
    profile.now = back + hour
    arrives(4, NOW + 2 * hour)
    watcher.sees_one_more()
    profile.now = NOW + 3 * hour
    arrives(5, NOW + 3 * hour)
    last = watcher.sees_one_more()
    assert profile.store.messages.get(last).received_at == NOW + 3 * hour
    assert profile.store.check() == ()
    profile.close()


@pytest.mark.parametrize("back", BACK)
def test_what_arrives_by_imap(tmp_path: Path, back: datetime) -> None:
    server, clock = ToyImap(), [NOW]
    with Store.open(tmp_path, clock=lambda: clock[0]) as store:
        account = store.accounts.add("a@example.test", secret="keychain")

        def arrives(number: int) -> None:
            date = f"14-Mar-2026 {10 + number}:00:00 +0000"
            server.boxes["INBOX"].put(letter(f"letter {number}"), date=date)
            flow = synchronise(server.connection(), account, store, clock=lambda: clock[0])
            assert server.run(flow).messages == 1

        arrives(1)
        watcher = Watcher(store)
        clock[0] = back
        arrives(3)
        id_ = watcher.sees_one_more()
        store.messages.patch_keywords(id_, add=["$seen"])
        watcher.catch_up()
        arrives(4)
        watcher.sees_one_more()
        assert server.boxes["INBOX"].letters[2].flags == {"\\Seen"}, "what is changed then is told"
        assert store.check() == ()
