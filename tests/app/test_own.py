"""Our own methods, as the page calls them, against the demo host."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from hongyan import jmap
from hongyan.app import App, Config, NewAccount
from hongyan.app.clock import now
from hongyan.app.jobs import Job, JobState
from hongyan.app.own import EVENTS, own_methods, relay
from hongyan.demo import DemoHost
from hongyan.errors import ConnectFailed
from hongyan.mime import builder
from hongyan.store import Role
from hongyan.store.rule import Action, Do, Rule
from tests.cli.command import DEAD
from tests.support.authority import Authority
from tests.support.names import Internet
from tests.support.oauth_provider import CLIENT, OAuthProvider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN = "urn:hongyan:jmap"
WORD = "a word that nobody may see"


@pytest.fixture(scope="module")
def host() -> Iterator[DemoHost]:
    with DemoHost() as running:
        yield running


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setenv("HONGYAN_PASSPHRASE", "correct horse")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with App(Config(tmp_path / "home")) as profile:
        yield profile
        profile.workers.stop()


class Page:
    """What the page does: one call, one answer."""

    def __init__(self, app: App) -> None:
        self.server = jmap.Jmap(store=app.store, clock=now, own=own_methods(app), events=EVENTS)

    def __call__(self, method: str, **arguments: Any) -> Any:
        request = {
            "using": ["urn:ietf:params:jmap:core", OWN],
            "methodCalls": [[method, arguments, "c"]],
        }
        ((name, answer, _),) = jmap.handle(self.server, json.dumps(request).encode())[
            "methodResponses"
        ]
        assert name == method, answer
        return answer

    def fails(self, method: str, **arguments: Any) -> Any:
        request = {
            "using": ["urn:ietf:params:jmap:core", OWN],
            "methodCalls": [[method, arguments, "c"]],
        }
        ((name, answer, _),) = jmap.handle(self.server, json.dumps(request).encode())[
            "methodResponses"
        ]
        assert name == "error", answer
        return answer


@pytest.fixture
def page(app: App) -> Page:
    return Page(app)


def servers(host: DemoHost) -> dict[str, str | None]:
    return {"imap": None, "pop3": host.pop3_url, "smtp": host.smtp_url}


def add(page: Page, host: DemoHost) -> str:
    new = {"address": host.address, "password": host.password, "servers": servers(host)}
    made = page("MailAccount/set", create={"k": new})["created"]["k"]
    return str(made["id"])


def test_what_is_there_is_advertised(page: Page) -> None:
    doors = jmap.Doors(api="", download="", upload="", events="")
    own = jmap.session(page.server, doors)["capabilities"][OWN]
    assert set(own["methods"]) >= set(page.server.own)
    nonsense = {"no such argument": 1}
    assert all(page.fails(name, **nonsense)["type"] != "unknownMethod" for name in own["methods"])
    assert set(own["events"]) >= EVENTS


def test_an_account_comes_changes_and_goes(page: Page, app: App, host: DemoHost) -> None:
    account_id = add(page, host)
    (account,) = page("MailAccount/get", ids=None)["list"]
    assert account["servers"] == servers(host)
    assert account["secret"] == "keychain"
    assert host.password not in json.dumps(account)
    page(
        "MailAccount/set",
        update={account_id: {"name": "Yan", "servers": {"pop3": DEAD.replace("smtp", "pop3")}}},
    )
    (account,) = page("MailAccount/get", ids=[account_id])["list"]
    assert (account["name"], account["servers"]["smtp"]) == ("Yan", None)
    page("MailAccount/set", update={account_id: {"password": WORD}})
    assert app.accounts.credentials(app.accounts.choose(None)).password == WORD
    assert page("MailAccount/set", destroy=[account_id])["destroyed"] == [account_id]
    assert page("MailAccount/get", ids=[account_id])["notFound"] == [account_id]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"password": None}, "invalidProperties"),
        ({"passwordCommand": "touch /tmp/owned"}, "unsafe"),
        ({"servers": {"pop3": "http://x"}}, "invalidProperties"),
        ({"servers": {"pop3": "smtps://x"}}, "invalidProperties"),
        ({"servers": 7}, "invalidProperties"),
        ({"address": "nobody"}, "invalidProperties"),
        ({"unknown": 1}, "invalidProperties"),
        ({"authorisation": "guessed"}, "notFound"),
    ],
)
def test_accounts_that_cannot_be(
    page: Page, host: DemoHost, given: dict[str, Any], kind: str
) -> None:
    new = {"address": host.address, "password": WORD, "servers": servers(host)} | given
    answer = page("MailAccount/set", create={"k": new})
    assert answer["notCreated"]["k"]["type"] == kind
    assert page("MailAccount/get", ids=None)["list"] == []


def test_servers_are_tried(page: Page, app: App, host: DemoHost) -> None:
    app.workers.stop()  # a visit of theirs would hold the maildrop meanwhile
    given = {"servers": servers(host), "username": host.address}
    good = page("MailAccount/test", password=host.password, **given)["results"]
    assert [each["ok"] for each in good] == [True, True]
    bad = page("MailAccount/test", password=WORD, **given)["results"]
    assert [each["error"]["type"] for each in bad] == ["AuthenticationRefused"] * 2
    assert WORD not in json.dumps(bad)
    account_id = add(page, host)
    known = page("MailAccount/test", id=account_id)["results"]
    assert [each["error"] for each in known] == [None, None]


def test_servers_are_looked_for(tmp_path: Path) -> None:
    """In an internet without them nothing is found, and all that is known is said."""
    with (
        Internet(Authority(tmp_path)) as internet,
        App(Config(tmp_path / "home"), network=internet.network) as app,
    ):
        page = Page(app)
        found = page("MailAccount/discover", address="yan@163.com")
        assert found["provider"]["words"].startswith("switch on IMAP/SMTP")
        first = found["candidates"][0]
        assert (first["url"], first["ok"]) == ("imaps://imap.163.com:993", False)
        assert first["isVouchedFor"]
        assert page.fails("MailAccount/discover", address="nobody")["type"] == "invalidArguments"


def test_signing_in_from_the_page(page: Page) -> None:
    with OAuthProvider("yan@goose.test") as provider:
        begun = page(
            "MailAccount/authorise",
            provider=provider.issuer,
            clientId=CLIENT,
            address="yan@goose.test",
        )
        name = begun["authorisation"]
        assert page("MailAccount/authorisation", authorisation=name)["status"] == "waiting"
        parts = urlsplit(begun["url"])
        connection = HTTPConnection(parts.netloc, timeout=5)
        connection.request("GET", f"{parts.path}?{parts.query}")
        back = urlsplit(connection.getresponse().headers["Location"])
        connection.close()
        connection = HTTPConnection(back.netloc, timeout=5)
        connection.request("GET", f"{back.path}?{back.query}")
        connection.getresponse().read()
        connection.close()
        deadline = time.monotonic() + 10
        while page("MailAccount/authorisation", authorisation=name)["status"] == "waiting":
            assert time.monotonic() < deadline
        made = page(
            "MailAccount/set",
            create={
                "k": {
                    "address": "yan@goose.test",
                    "servers": {"pop3": DEAD.replace("smtp", "pop3")},
                    "authorisation": name,
                }
            },
        )
        assert made["created"]["k"]["secret"] == "oauth"
    assert (
        "no such sign-in"
        in page.fails("MailAccount/authorisation", authorisation=name)["description"]
    )
    assert (
        page.fails("MailAccount/authorise", provider="nobody", clientId="x")["type"]
        == "serverUnavailable"
    )


def test_the_workers_are_woken_and_tell_what_they_do(page: Page, app: App, host: DemoHost) -> None:
    account_id = add(page, host)
    told: list[tuple[str, Any]] = []

    class Hub:
        def publish(self, name: str, data: Any) -> None:
            told.append((name, json.loads(json.dumps(data))))

        def wants(self, name: str) -> bool:
            return True

    relay(app.activities, app.wire, app.jobs, Hub())
    app.workers.start()
    assert page("MailAccount/sync", ids=[account_id, "a99"])["started"] == [account_id]
    deadline = time.monotonic() + 20
    while not any(name == "activity" and data["state"] == "idle" for name, data in told):
        assert time.monotonic() < deadline, told[-3:]
        time.sleep(0.02)
    (activity,) = page("Activity/get", ids=None)["list"]
    assert activity["accountId"] == account_id
    assert {data["state"] for name, data in told if name == "activity"} >= {"syncing", "idle"}
    lines = [line for name, data in told if name == "wire" for line in data["lines"]]
    assert {"sent", "received"} <= {line["direction"] for line in lines}


def test_the_wire_is_explained_and_holds_no_secret(page: Page, app: App, host: DemoHost) -> None:
    account_id = add(page, host)
    app.workers.start()
    deadline = time.monotonic() + 20
    while not app.wire.connections() or any(each.open for each in app.wire.connections()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    found = page("Wire/query", filter={"accountId": account_id, "protocol": "pop3", "text": "UIDL"})
    (connection,) = page("Wire/get", ids=found["ids"])["list"]
    assert connection["closedAt"] is not None
    assert connection["roundTrips"] >= 2
    assert connection["octetsReceived"] > connection["octetsSent"] > 0
    answer = page("Wire/lines", id=connection["id"], limit=400)
    retr = next(line for line in answer["lines"] if line["command"] == "RETR")
    assert (retr["explanation"], retr["rfc"]) == ("fetch a message whole", "RFC 1939 §5")
    assert any(line["isSecret"] for line in answer["lines"])
    assert host.password not in json.dumps(answer)
    assert page("Wire/query", filter={"text": "never said"})["ids"] == []
    assert page.fails("Wire/lines", id="w999")["type"] == "notFound"


def test_the_outbox(page: Page, app: App) -> None:
    account = app.accounts.add(NewAccount(address="anna@here.example", smtp_url=DEAD, password="x"))
    draft = builder.Draft(
        from_=app.sending.identity(account), to=builder.parse_recipients("bo@there.example", field="to"),
        subject="计划", text="hello",
    )  # fmt: skip
    item = app.sending.queue(account, draft)
    found = page("Outbox/query", filter={"accountId": account.id, "states": ["queued"]})
    assert found == {"ids": [item], "total": 1, "position": 0}
    (shown,) = page("Outbox/get", ids=[item])["list"]
    assert (shown["subject"], shown["state"]) == ("计划", "queued")
    assert shown["recipients"] == [
        {"email": "bo@there.example", "state": "queued", "words": "", "given": {}}
    ]
    assert page("Outbox/set", hold=[item])["updated"] == [item]
    assert page("Outbox/get", ids=[item])["list"][0]["state"] == "held"
    assert (
        page("Outbox/set", release=[item], cancel=["o99"])["notUpdated"]["o99"]["type"]
        == "notFound"
    )
    refused = page.fails("Outbox/resolve", id=item, outcome="sent")
    assert refused["type"] == "forbidden"
    assert (refused["code"], refused["given"]["why"]) == ("Unsafe", "NOT_NOW")
    with pytest.raises(ConnectFailed):
        app.sending.send_due(account)
    (shown,) = page("Outbox/get", ids=[item])["list"]
    assert shown["given"] == {
        "why": "PORT_REFUSES",
        "host": "127.0.0.1",
        "port": str(urlsplit(DEAD).port),
    }
    assert page("Outbox/set", cancel=[item])["updated"] == [item]
    assert page("Outbox/set", forget=[item])["destroyed"] == [item]
    assert page("Outbox/query")["ids"] == []


# -- rules


def test_rules_are_kept_tried_applied_and_taken_back(app: App) -> None:
    account = app.accounts.add(
        NewAccount(address="rule@example.org", smtp_url=DEAD, password_command="echo x")
    )
    inbox = app.store.mailboxes.ensure(account.id, Role.INBOX).id
    bills = app.store.mailboxes.ensure(account.id, "Bills").id
    email = app.store.messages.add(
        account.id, inbox, b"Subject: invoice 7\r\n\r\n", received_at=now()
    )
    page = Page(app)
    actions = [
        {"do": "move", "mailboxId": bills},
        {"do": "keyword", "keyword": "money", "value": True},
    ]
    rule = {"name": "Bills", "query": "subject:invoice", "actions": actions}
    made = page("Rule/set", create={"n": rule, "bad": {**rule, "query": "("}})
    rule_id = made["created"]["n"]["id"]
    assert made["notCreated"]["bad"]["type"] == "invalidProperties"
    running = {**rule, "actions": [{"do": "run", "command": "touch /tmp/x"}]}
    refused = page("Rule/set", create={"n": running})["notCreated"]["n"]
    assert "rule add" in refused["description"]
    (listed,) = page("Rule/get", ids=None)["list"]
    assert {**rule, "id": rule_id}.items() <= listed.items()
    seen = page("Rule/preview", rule=rule)
    assert (seen["ids"], seen["total"]) == ([email], 1)
    assert seen["matched"] == 1
    (change,) = seen["changes"]
    assert change == {
        "accountId": account.id,
        "emailId": email,
        "keywords": {"money": True},
        "mailboxIds": {bills: True, inbox: False},
    }
    assert app.store.messages.get(email).mailbox_ids == {inbox}
    applied = page("Rule/apply", id=rule_id)
    assert applied["changed"] == 1
    assert app.store.messages.get(email).mailbox_ids == {bills}
    assert page("Rule/undo", undo=applied["undo"]) == {"restored": 1}
    assert app.store.messages.get(email).mailbox_ids == {inbox}
    script = page("Rule/sieve", ids=None)
    assert 'fileinto "Bills";' in script["script"]
    assert script["left"] == []
    page("Rule/set", update={rule_id: {"isEnabled": False, "stop": True}}, order=[rule_id])
    (changed,) = page("Rule/get", ids=[rule_id])["list"]
    assert (changed["isEnabled"], changed["stop"], changed["name"]) == (False, True, "Bills")
    gone = page("Rule/set", destroy=[rule_id, "r99"])
    assert gone["destroyed"] == [rule_id]
    assert gone["notDestroyed"]["r99"]["type"] == "notFound"


def test_a_rule_is_tried_and_applied_as_a_job_that_can_be_ended(app: App) -> None:
    account = app.accounts.add(
        NewAccount(address="me@example.org", smtp_url=DEAD, password_command="echo x")
    )
    inbox = app.store.mailboxes.ensure(account.id, Role.INBOX).id
    with app.store.transaction():
        for number in range(1200):
            octets = b"Subject: invoice %d\r\n\r\nx\r\n" % number
            app.store.messages.add(account.id, inbox, octets, received_at=now())
    page = Page(app)
    flag = {"do": "keyword", "keyword": "$flagged", "value": True}
    rule = {"name": "Bills", "query": "subject:invoice", "actions": [flag]}
    told: list[Job] = []
    app.jobs.subscribe(told.append)

    def ended(call: str) -> Job:
        job_id = page(call, rule=rule, asJob=True)["jobId"]
        deadline = time.monotonic() + 60
        while not (its := [each for each in told if each.id == job_id and each.state in _ENDED]):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return its[0]

    tried = ended("Rule/preview")
    assert (tried.kind, tried.about, tried.state) == ("rulePreview", "Bills", JobState.DONE)
    assert (tried.result["matched"], tried.result["total"], len(tried.result["ids"])) == (
        1200,
        1200,
        100,
    )
    assert 0 < tried.done <= 1200
    app.jobs.cancel("j2")  # the next one, as soon as it tells how far it is
    assert ended("Rule/apply").state is JobState.CANCELLED
    assert app.store.search.count("is:flagged") == 0
    applied = ended("Rule/apply")
    assert applied.result["changed"] == 1200
    assert app.store.search.count("is:flagged") == 1200
    page.fails("Rule/preview", rule={**rule, "query": "("}, asJob=True)


_ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def test_a_rule_with_a_command_is_tried_as_it_would_be_changed(app: App) -> None:
    kept = app.store.rules.add(Rule(name="n", query="invoice", actions=(Action(Do.RUN, "true"),)))
    page = Page(app)
    (listed,) = page("Rule/get", ids=[kept.id])["list"]
    assert page("Rule/preview", rule={**listed, "query": "receipt"})["total"] == 0
    assert app.store.rules.get(kept.id) == kept


def test_whether_the_profile_is_encrypted_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONGYAN_PASSPHRASE", "correct horse")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    config = Config(tmp_path / "home")
    with App(config) as profile:
        assert Page(profile)("Profile/get") == {"isEncrypted": False, "keyIn": None}
    with App(config) as profile:
        profile.encryption.encrypt()
    with App(config) as profile:
        assert Page(profile)("Profile/get") == {"isEncrypted": True, "keyIn": "keychain"}
