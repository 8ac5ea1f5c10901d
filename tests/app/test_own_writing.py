"""Answer, Person and Settings: what the page asks when somebody begins to write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hongyan import jmap
from hongyan.app import App, demo_profile
from hongyan.app.clock import now
from hongyan.app.own import EVENTS, own_methods
from hongyan.app.own.trust import _same_site
from hongyan.demo import DemoHost

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = "urn:hongyan:jmap"
ME = "yan@goose.example"


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with DemoHost() as host, demo_profile(host) as profile:
        (account,) = profile.store.accounts.list()
        profile.fetching.fetch(account)
        profile.sending.file_sent(account, host.sent)
        yield profile
        profile.workers.stop()


def server_of(app: App) -> jmap.Jmap:
    return jmap.Jmap(store=app.store, clock=now, own=own_methods(app), events=EVENTS)


def ask(app: App, method: str, **arguments: Any) -> Any:
    server = server_of(app)
    calls = {"using": ["urn:ietf:params:jmap:core", OWN], "methodCalls": [[method, arguments, "c"]]}
    ((_, answer, _),) = jmap.handle(server, json.dumps(calls).encode())["methodResponses"]
    return answer


def email(app: App, words: str) -> str:
    return str(app.store.search.find(words, limit=1)[0].id)


def draft(app: App, words: str, kind: str) -> Any:
    return ask(app, "Answer/get", accountId="a1", emailId=email(app, words), kind=kind)["draft"]


def test_a_reply_goes_to_its_author_and_joins_the_conversation(app: App) -> None:
    found = draft(app, "subject:sunday from:nils", "reply")
    assert [each["email"] for each in found["to"]] == ["nils@oar.example"]
    assert found["from"][0]["email"] == ME
    assert found["subject"].startswith("Re: ")
    assert found["inReplyTo"][0] in found["references"]
    assert "> " in found["text"]
    assert found["attachments"] == []


def test_a_forward_carries_the_attachments_by_their_blobs(app: App) -> None:
    found = draft(app, "subject:鹅的照片", "forward")
    (picture,) = found["attachments"]
    assert (picture["name"], picture["type"]) == ("大雁南飞.png", "image/png")
    assert len(jmap.blob.find(server_of(app), picture["blobId"]).octets) == picture["size"] > 1000
    assert found["to"] == []


def test_a_whole_message_can_be_forwarded(app: App) -> None:
    (whole,) = draft(app, "subject:鹅的照片", "forwardAsAttachment")["attachments"]
    assert whole["type"] == "message/rfc822"
    assert jmap.blob.find(server_of(app), whole["blobId"]).octets[:5].isascii()


def test_quoted_html_shows_nothing_from_elsewhere(app: App) -> None:
    found = draft(app, "subject:honking", "reply")
    assert "<blockquote" in found["html"]
    assert "http://" not in found["html"].replace('href="http', "")


def test_what_is_not_there_is_said(app: App) -> None:
    answer = ask(app, "Answer/get", accountId="a1", emailId="m9999", kind="reply")
    assert answer["type"] == "notFound"
    answer = ask(app, "Answer/get", accountId="a1", emailId="m1", kind="shout")
    assert answer["type"] == "invalidArguments"


def test_people_one_has_written_to_come_first(app: App) -> None:
    people = ask(app, "Person/query", text="")["list"]
    sent = app.store.mailboxes.find("a1", "Sent")
    written = {each.email for row in app.store.messages.page(sent.id, limit=500) for each in row.to}
    assert people[0]["email"] in written
    assert ME not in {each["email"] for each in people}
    (nils,) = ask(app, "Person/query", text="nils aun")["list"]
    assert nils["email"] == "nils@oar.example"


def test_settings_are_kept_and_null_takes_away(app: App) -> None:
    ask(app, "Settings/set", update={"theme": "dark", "language": "zh"})
    assert ask(app, "Settings/set", update={"theme": None})["settings"] == {"language": "zh"}
    assert ask(app, "Settings/get")["settings"] == {"language": "zh"}


def test_a_damaged_file_of_settings_is_none(app: App) -> None:
    (app.home / "settings.json").write_text("{")
    assert ask(app, "Settings/get") == {"settings": {}}


def trust(app: App, words: str) -> Any:
    return ask(app, "Trust/get", accountId="a1", emailId=email(app, words))


def test_a_link_that_lies_is_a_danger(app: App) -> None:
    found = trust(app, "subject:honking")
    assert found["verdict"] == "danger"
    (lie,) = (each for each in found["evidence"] if each["kind"] == "lyingLink")
    assert "phish.example" in lie["detail"]


def test_somebody_one_writes_to_is_known(app: App) -> None:
    found = trust(app, "subject:sunday from:nils")
    kinds = {each["kind"]: each for each in found["evidence"]}
    assert found["verdict"] == "good"
    assert kinds["address"]["detail"] == "nils@oar.example"
    assert kinds["address"]["header"].startswith("From: ")
    assert {"written", "known"} <= kinds.keys()


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ("127.0.0.1; dkim=pass header.d=bank.example", {"authenticated"}),
        ("127.0.0.1; dmarc=fail header.from=bank.example", {"authenticationFailed"}),
        ("127.0.0.1; dkim=pass header.d=evil.example", set()),
        ("127.0.0.1; spf=pass smtp.mailfrom=dmarc=pass@evil.example", set()),
        ("mx.evil.example; dmarc=pass header.from=bank.example", set()),
    ],
)
def test_what_the_own_server_confirms(app: App, said: str, kinds: set[str]) -> None:
    inbox = app.store.mailboxes.find("a1", "Inbox")
    raw = f"Authentication-Results: {said}\r\nFrom: me@bank.example\r\n\r\n{said}\r\n".encode()
    email_id = app.store.messages.add("a1", inbox.id, raw, received_at=now())
    found = ask(app, "Trust/get", accountId="a1", emailId=email_id)["evidence"]
    assert kinds == {each["kind"] for each in found if each["kind"].startswith("authenti")}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("mx.example.org", "imap.example.org", True),
        ("mx.example.co.uk", "imap.example.co.uk", True),
        ("mx.evil.co.uk", "imap.example.co.uk", False),
        ("evil.org", "example.org", False),
    ],
)
def test_the_own_server_is_of_the_same_site(one: str, other: str, *, same: bool) -> None:
    assert _same_site(one, other) is same
