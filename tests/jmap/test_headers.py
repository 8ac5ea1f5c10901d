"""Messages of which only the header is here, as a client of JMAP sees them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hongyan import jmap
from hongyan.errors import NotHereYet
from hongyan.store import New, Role, Store

AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
HEADER = b"Message-ID: <late@x>\r\nFrom: Ann <ann@x>\r\nX-Goose: grey\r\nSubject: the goose\r\n\r\n"
WHOLE = HEADER + b"comes with a heron\r\n"
USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, clock=lambda: AT) as opened:
        for address in ("me@x", "other@x"):
            account = opened.accounts.add(address, secret="keychain")
            opened.mailboxes.ensure(account.id, Role.INBOX)
        opened.messages.add_all("a1", [New(HEADER, ("b1",), AT, header_of=len(WHOLE))])
        yield opened


def ask(
    store: Store, method: str, arguments: Any, bring: Callable[[Sequence[str]], None]
) -> list[Any]:
    server = jmap.Jmap(store=store, clock=lambda: AT, bring=bring)
    request = {"using": USING, "methodCalls": [[method, {"accountId": "a1"} | arguments, "c"]]}
    answers = jmap.handle(server, json.dumps(request).encode())["methodResponses"]
    found: list[Any] = answers[0]
    return found


def never(ids: Sequence[str]) -> None:
    raise AssertionError(f"{ids} were asked for")


def unreachable(ids: Sequence[str]) -> None:
    raise NotHereYet("the server cannot be reached", message_id=ids[0])


def coming(store: Store) -> Callable[[Sequence[str]], None]:
    def bring(ids: Sequence[str]) -> None:
        assert not store.is_writing
        blob = store.blobs.hold(WHOLE)
        store.messages.complete((each, store.messages.prepare(blob)) for each in ids)

    return bring


def test_what_a_list_shows_is_told_without_its_body(store: Store) -> None:
    names = [
        "from",
        "to",
        "cc",
        "replyTo",
        "subject",
        "size",
        "preview",
        "blobId",
        "header:X-Goose",
    ]
    _, answer, _ = ask(store, "Email/get", {"ids": ["m1"], "properties": names}, never)
    (email,) = answer["list"]
    assert email["subject"] == "the goose"
    assert (email["size"], email["preview"], email["cc"]) == (len(WHOLE), "", None)
    assert email["header:X-Goose"] == " grey"


def test_a_body_is_fetched_before_it_is_told(store: Store) -> None:
    wish = {"ids": ["m1"], "properties": ["bodyValues", "textBody"], "fetchTextBodyValues": True}
    _, answer, _ = ask(store, "Email/get", wish, coming(store))
    (email,) = answer["list"]
    (part,) = email["textBody"]
    assert email["bodyValues"][part["partId"]]["value"] == "comes with a heron\n"


def test_no_body_is_told_that_is_not_its_own(store: Store) -> None:
    wish = {"ids": ["m1"], "properties": ["textBody"]}
    name, answer, _ = ask(store, "Email/get", wish, unreachable)
    assert (name, answer["type"], answer["code"]) == ("error", "serverUnavailable", "NotHereYet")


def test_the_name_of_its_octets_stays_good(store: Store) -> None:
    _, before, _ = ask(store, "Email/get", {"ids": ["m1"], "properties": ["blobId"]}, never)
    (email,) = before["list"]
    _, parsed, _ = ask(store, "Email/parse", {"blobIds": [email["blobId"]]}, coming(store))
    assert parsed["parsed"][email["blobId"]]["preview"] == "comes with a heron"
    server = jmap.Jmap(store=store, clock=lambda: AT)
    assert bytes(jmap.blob.find(server, email["blobId"]).octets[:]) == WHOLE


def test_it_is_copied_to_another_account_whole_or_not_at_all(store: Store) -> None:
    wish = {
        "accountId": "a2",
        "fromAccountId": "a1",
        "create": {"c": {"id": "m1", "mailboxIds": {"b2": True}}},
    }
    name, _, _ = ask(store, "Email/copy", wish, unreachable)
    assert name == "error"
    assert store.messages.list(["m2"]) == ()
    _, answer, _ = ask(store, "Email/copy", wish, coming(store))
    assert store.messages.raw(answer["created"]["c"]["id"]) == WHOLE
