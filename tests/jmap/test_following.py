"""Two clients and a sync change one mailbox tree at random; each client follows by /changes and
/queryChanges alone, and in the end has what the store has.

A client looks into the store once, at the beginning, with /get and /query; afterwards it applies what
it is told, fetches the objects that were named, and nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hongyan import jmap
from hongyan.jmap import Jmap
from hongyan.store import Role, Store

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
TYPES = ("Email", "Mailbox", "Thread")
PROPERTIES = {
    "Email": ["threadId", "mailboxIds", "keywords", "subject"],
    "Mailbox": ["name", "parentId", "totalEmails", "unreadEmails", "totalThreads", "unreadThreads"],
    "Thread": ["emailIds"],
}
QUERIES: dict[str, dict[str, Any]] = {
    "inbox": {"filter": {"inMailbox": "b1"}},
    "inbox, threads": {"filter": {"inMailbox": "b1"}, "collapseThreads": True},
    "all threads": {"collapseThreads": True, "sort": [{"property": "receivedAt"}]},
    "unread": {"filter": {"notKeyword": "$seen"}},
    "flagged threads": {"filter": {"someInThreadHaveKeyword": "$flagged"}, "collapseThreads": True},
    "by subject": {"sort": [{"property": "subject"}, {"property": "receivedAt"}]},
    "found": {"filter": {"text": "goose"}},
}  # fmt: skip


def ask(server: Jmap, name: str, **arguments: Any) -> dict[str, Any]:
    request = {"using": USING, "methodCalls": [[name, {"accountId": "a1", **arguments}, "0"]]}
    answer = jmap.handle(server, json.dumps(request).encode())["methodResponses"][0]
    assert answer[0] == name, answer
    found: dict[str, Any] = answer[1]
    return found


@dataclass
class Client:
    """A copy of the account, kept equal by what the server tells."""

    server: Jmap
    most: int
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    query_states: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        for kind in ("Email", "Mailbox"):
            got = ask(self.server, f"{kind}/get", ids=None, properties=PROPERTIES[kind])
            self.objects[kind] = {each["id"]: each for each in got["list"]}
            self.states[kind] = got["state"]
        threads = sorted({each["threadId"] for each in self.objects["Email"].values()})
        got = ask(self.server, "Thread/get", ids=threads)
        self.objects["Thread"] = {each["id"]: each for each in got["list"]}
        self.states["Thread"] = got["state"]
        for name, query in QUERIES.items():
            got = ask(self.server, "Email/query", **query)
            self.lists[name], self.query_states[name] = got["ids"], got["queryState"]

    def follow(self) -> None:
        for kind in TYPES:
            more = True
            while more:
                changes = ask(
                    self.server,
                    f"{kind}/changes",
                    sinceState=self.states[kind],
                    maxChanges=self.most,
                )
                told = [*changes["created"], *changes["updated"], *changes["destroyed"]]
                assert len(told) <= self.most
                assert len(set(told)) == len(told)
                for id_ in changes["destroyed"]:
                    self.objects[kind].pop(id_, None)
                wanted = [*changes["created"], *changes["updated"]]
                got = ask(self.server, f"{kind}/get", ids=wanted, properties=PROPERTIES[kind])
                self.objects[kind] |= {each["id"]: each for each in got["list"]}
                for gone in got["notFound"]:  # destroyed in a later change, which will be told
                    self.objects[kind].pop(gone, None)
                self.states[kind], more = changes["newState"], changes["hasMoreChanges"]
        for name, query in QUERIES.items():
            self.follow_list(name, query)

    def follow_list(self, name: str, query: dict[str, Any]) -> None:
        told = ask(
            self.server,
            "Email/queryChanges",
            sinceQueryState=self.query_states[name],
            calculateTotal=True,
            **query,
        )
        kept = [id_ for id_ in self.lists[name] if id_ not in set(told["removed"])]
        for added in told["added"]:
            assert added["id"] not in kept
            assert added["index"] <= len(kept)
            kept.insert(added["index"], added["id"])
        assert len(kept) == told["total"]
        self.lists[name], self.query_states[name] = kept, told["newQueryState"]


@dataclass
class World:
    server: Jmap
    clients: list[Client]
    arrived: int = 0

    @property
    def store(self) -> Store:
        return self.server.store

    def emails(self) -> list[str]:
        return sorted(
            each["id"]
            for each in ask(self.server, "Email/get", ids=None, properties=["id"])["list"]
        )

    def boxes(self) -> list[str]:
        return [str(each.id) for each in self.store.mailboxes.list("a1")]

    # -- what happens

    def arrive(self, answer_to: int, word: str, back: int) -> None:
        self.arrived += 1
        reference = f"In-Reply-To: <{answer_to}@x>\r\n" if answer_to else ""
        octets = f"Message-ID: <{self.arrived}@x>\r\n{reference}Subject: {word}\r\n\r\n{word} text\r\n".encode()
        self.store.messages.add(
            "a1", "b1", octets, received_at=NOW + timedelta(minutes=self.arrived - back)
        )

    def update(self, client: int, at: int, patch: dict[str, Any]) -> None:
        if emails := self.emails():
            ask(self.clients[client].server, "Email/set", update={emails[at % len(emails)]: patch})

    def move(self, client: int, at: int, to: int) -> None:
        boxes = self.boxes()
        self.update(client, at, {"mailboxIds": {boxes[to % len(boxes)]: True}})

    def mark_all(self, keyword: str) -> None:
        ask(
            self.server,
            "Email/set",
            update={id_: {f"keywords/{keyword}": True} for id_ in self.emails()},
        )

    def destroy(self, at: int) -> None:
        if emails := self.emails():
            ask(self.server, "Email/set", destroy=[emails[at % len(emails)]])

    def new_box(self, name: str) -> None:
        ask(
            self.server,
            "Mailbox/set",
            create={"k": {"name": f"{name}{len(self.boxes())}", "parentId": self.boxes()[-1]}},
        )

    def drop_box(self, at: int) -> None:
        boxes = self.boxes()
        ask(
            self.server, "Mailbox/set", destroy=[boxes[at % len(boxes)]], onDestroyRemoveEmails=True
        )


WORDS = st.sampled_from(["goose", "Re: goose", "gander"])
SMALL = st.integers(0, 8)
EVENTS = st.one_of(
    st.tuples(st.just("arrive"), SMALL, WORDS, SMALL),
    st.tuples(st.just("arrive"), SMALL, WORDS, st.just(0)),
    st.tuples(st.just("update"), st.integers(0, 1), SMALL, st.sampled_from(
        [{"keywords/$seen": True}, {"keywords/$seen": None}, {"keywords/$flagged": True}, {"keywords": {}}, {"mailboxIds/b2": True}])),
    st.tuples(st.just("move"), st.integers(0, 1), SMALL, SMALL),
    st.tuples(st.just("mark_all"), st.sampled_from(["$seen", "$flagged"])),
    st.tuples(st.just("destroy"), SMALL),
    st.tuples(st.just("new_box"), st.sampled_from("ABC")),
    st.tuples(st.just("drop_box"), SMALL),
    st.tuples(st.just("follow"), st.integers(0, 1)),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(events=st.lists(EVENTS, max_size=25), most=st.integers(1, 5))
def test_each_client_ends_with_what_the_store_has(events: list[tuple[Any, ...]], most: int) -> None:
    with (
        TemporaryDirectory() as folder,
        Store.open(Path(folder) / "home", clock=lambda: NOW) as store,
    ):
        account = store.accounts.add("me@example.org", secret="keychain")
        for role in (Role.INBOX, Role.ARCHIVE, Role.TRASH):
            store.mailboxes.ensure(account.id, role)
        server = Jmap(store=store, clock=lambda: NOW)
        world = World(server, [Client(server, most), Client(server, most)])
        world.arrive(0, "goose", 0)
        for client in world.clients:
            client.begin()
        for name, *arguments in events:
            if name == "follow":
                world.clients[arguments[0]].follow()
            else:
                getattr(world, name)(*arguments)
        fresh = Client(server, most)
        fresh.begin()
        for client in world.clients:
            client.follow()
            assert client.objects == fresh.objects
            assert client.lists == fresh.lists
