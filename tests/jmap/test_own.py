"""The part of our own capability that the store alone can answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hongyan import jmap
from hongyan.store import Role
from tests.contract.world import World, world

USING = [
    "urn:ietf:params:jmap:core",
    "urn:ietf:params:jmap:mail",
    "urn:ietf:params:jmap:submission",
    "urn:hongyan:jmap",
]


def ask(server: jmap.Jmap, name: str, **arguments: Any) -> Any:
    request = {"using": USING, "methodCalls": [[name, arguments, "0"]]}
    answer = jmap.handle(server, json.dumps(request).encode())["methodResponses"][0]
    assert answer[0] == name, answer
    return answer[1]


def refused(server: jmap.Jmap, name: str, **arguments: Any) -> str:
    request = {"using": USING, "methodCalls": [[name, arguments, "0"]]}
    answer = jmap.handle(server, json.dumps(request).encode())["methodResponses"][0]
    assert answer[0] == "error", answer
    kind: str = answer[1]["type"]
    return kind


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "home") as made:
        yield made


def test_what_is_advertised_is_there_and_nothing_else(here: World) -> None:
    doors = jmap.Doors(api="a", download="d", upload="u", events="e")
    told = jmap.session(here.server, doors)["capabilities"]["urn:hongyan:jmap"]
    own = ["Emails/query", "Search/parse", "Snooze/get", "Snooze/set", "Statistics/get"]
    assert told["methods"] == own
    for name in told["methods"]:
        request = {"using": USING, "methodCalls": [[name, {}, "0"]]}
        answer = jmap.handle(here.server, json.dumps(request).encode())["methodResponses"][0]
        assert answer[1].get("type") != "unknownMethod"
    assert refused(here.server, "MailAccount/get") == "unknownMethod", (
        "a store alone meets no server"
    )


def test_a_query_through_several_accounts(here: World) -> None:
    store = here.store
    first, second = store.accounts.list()[0], store.accounts.add("b@x.example", secret="keychain")
    third = store.accounts.add("c@x.example", secret="keychain")
    for day, account in enumerate((second, first, second, third), 1):
        inbox = store.mailboxes.ensure(account.id, Role.INBOX)
        at = datetime(2040, 1, day, tzinfo=UTC)
        store.messages.add(account.id, inbox.id, b"Subject: kyoto\r\n\r\n.", received_at=at)
    asked = {"accountIds": [first.id, second.id], "filter": {"search": "subject:kyoto"}}
    newest = {"sort": [{"property": "receivedAt", "isAscending": False}], "calculateTotal": True}
    found = ask(here.server, "Emails/query", **asked, **newest)
    assert found["owners"] == [second.id, first.id, second.id]
    assert found["total"] == 3
    assert found["byAccount"] == {
        first.id: found["ids"][1:2],
        second.id: [found["ids"][0], found["ids"][2]],
    }
    inboxes = [
        {"inMailbox": store.mailboxes.find(each.id, Role.INBOX).id} for each in (second, third)
    ]
    filter_ = {"operator": "OR", "conditions": inboxes}
    ids = {"accountIds": [second.id, third.id], "filter": filter_}
    assert ask(here.server, "Emails/query", **ids, **newest, position=1, limit=1)["owners"] == [
        second.id
    ]
    # what belongs to an account that was not named is not found
    mine = ask(here.server, "Emails/query", **{**ids, "accountIds": [second.id]}, **newest)
    assert set(mine["owners"]) == {second.id}
    assert refused(here.server, "Emails/query", accountIds=[]) == "invalidArguments"
    assert refused(here.server, "Emails/query", accountIds=["a99"]) == "accountNotFound"
    assert refused(here.server, "Emails/query", **asked, anchor="m99") == "anchorNotFound"


def test_searches_that_are_none_say_where(here: World) -> None:
    assert ask(here.server, "Search/parse", text="is:unread foo")["filter"] == {
        "search": "is:unread foo"
    }
    assert ask(here.server, "Search/parse", text=" ") == {"filter": None, "error": None}
    error = ask(here.server, "Search/parse", text="foo is:bogus")["error"]
    assert error["at"] == 5
    assert "is: knows" in error["words"]
