"""The part of our own capability that the store alone can answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hongyan import jmap
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
    assert told["methods"] == ["Search/parse", "Snooze/get", "Snooze/set", "Statistics/get"]
    for name in told["methods"]:
        request = {"using": USING, "methodCalls": [[name, {}, "0"]]}
        answer = jmap.handle(here.server, json.dumps(request).encode())["methodResponses"][0]
        assert answer[1].get("type") != "unknownMethod"
    assert refused(here.server, "MailAccount/get") == "unknownMethod", (
        "a store alone meets no server"
    )


def test_searches_that_are_none_say_where(here: World) -> None:
    assert ask(here.server, "Search/parse", text="is:unread foo")["filter"] == {
        "search": "is:unread foo"
    }
    assert ask(here.server, "Search/parse", text=" ") == {"filter": None, "error": None}
    error = ask(here.server, "Search/parse", text="foo is:bogus")["error"]
    assert error["at"] == 5
    assert "is: knows" in error["words"]
