"""Our own capability, on a store and on the demo host: what docs/protocols/hongyan.md says."""

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
    assert "Answer/get" in told["methods"]
    for name in told["methods"]:
        request = {"using": USING, "methodCalls": [[name, {}, "0"]]}
        answer = jmap.handle(here.server, json.dumps(request).encode())["methodResponses"][0]
        assert answer[1].get("type") != "unknownMethod"
    assert refused(here.server, "MailAccount/get") == "unknownMethod", (
        "a store alone meets no server"
    )


# -- answers, people, searches, settings


def draft(here: World, kind: str, email: str = "m3") -> Any:
    return ask(here.server, "Answer/get", accountId="a1", emailId=email, kind=kind)["draft"]


def test_a_reply_quotes_and_carries_only_the_pictures_of_the_quotation(here: World) -> None:
    reply = draft(here, "reply")
    assert reply["to"] == [{"name": "Joe Bloggs", "email": "joe@example.com"}]
    assert reply["subject"] == "Re: Dinner on Thursday?"
    assert reply["inReplyTo"] == ["3@x"]
    assert "> Dinner on Thursday?" in reply["text"]
    assert "cid:logo@x" in reply["html"]
    assert [each["name"] for each in reply["attachments"]] == ["logo.png"]
    octets = jmap.blob.find(here.store, reply["attachments"][0]["blobId"]).octets
    assert bytes(octets[:]).startswith(b"\x89PNG")


def test_forwarding_takes_all_along_or_the_whole_message(here: World) -> None:
    assert [each["type"] for each in draft(here, "forward")["attachments"]] == [
        "image/png",
        "application/pdf",
        "message/rfc822",
    ]
    whole = draft(here, "forwardAsAttachment")
    assert [(each["type"], each["name"]) for each in whole["attachments"]] == [
        ("message/rfc822", "Dinner on Thursday?.eml")
    ]
    assert whole["text"] == ""


def test_edit_as_new_is_the_message_again(here: World) -> None:
    again = draft(here, "editAsNew", "m4")
    assert again["from"] == [{"name": "Me", "email": "me@example.org"}]
    assert again["text"].strip() == "See you there."
    assert again["references"] == ["1@x", "2@x"]


def test_answers_that_cannot_be(here: World) -> None:
    assert (
        refused(here.server, "Answer/get", accountId="a1", emailId="m99", kind="reply")
        == "invalidArguments"
    )
    assert (
        refused(here.server, "Answer/get", accountId="a2", emailId="m1", kind="reply")
        == "invalidArguments"
    )
    assert (
        refused(here.server, "Answer/get", accountId="a1", emailId="m1", kind="replyList")
        == "invalidArguments"
    )
    assert (
        refused(here.server, "Answer/get", accountId="a1", emailId="m1", kind="shout")
        == "invalidArguments"
    )


def test_people_written_to_come_first(here: World) -> None:
    def found(text: str) -> list[str]:
        return [each["email"] for each in ask(here.server, "Person/query", text=text)["list"]]

    assert found("me") == ["me@example.org"]
    assert found("jo") == ["joe@example.com"]
    assert found("blo") == ["joe@example.com"]
    assert found("example.net") == ["ann@example.net"]
    assert found("nobody") == []
    joe = ask(here.server, "Person/query", text="joe")["list"][0]
    assert (joe["name"], joe["count"]) == ("Joe Bloggs", 2)


def test_searches_that_are_none_say_where(here: World) -> None:
    assert ask(here.server, "Search/parse", text="is:unread foo")["filter"] == {
        "search": "is:unread foo"
    }
    assert ask(here.server, "Search/parse", text=" ") == {"filter": None, "error": None}
    error = ask(here.server, "Search/parse", text="foo is:bogus")["error"]
    assert error["at"] == 5
    assert "is: knows" in error["words"]


def test_settings_are_kept(here: World) -> None:
    assert ask(here.server, "Settings/get") == {"settings": {}}
    update = {"language": "zh", "undoSendSeconds": 10, "page": {"wide": True, "字": [1, None]}}
    assert ask(here.server, "Settings/set", update=update)["settings"] == update
    assert ask(here.server, "Settings/set", update={"page": None})["settings"] == {
        "language": "zh",
        "undoSendSeconds": 10,
    }
    assert refused(here.server, "Settings/set", update={"": 1}) == "invalidArguments"
    assert refused(here.server, "Settings/set", update={"x": "y" * 2_000_000}) == "invalidArguments"
