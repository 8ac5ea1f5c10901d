"""Leaving a list by one click: what is sent, where, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hongyan.app import App, Config, NewAccount
from hongyan.app.clock import now
from hongyan.net.resolve import outside
from hongyan.store import Role
from tests.app.test_own import Page
from tests.cli.command import DEAD
from tests.support.authority import Authority
from tests.support.names import Internet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"


@pytest.fixture
def internet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pem))
    monkeypatch.setenv("HONGYAN_PASSPHRASE", "correct horse")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with Internet(authority) as running:
        running.serve_pages("lists.example")
        yield running


@pytest.fixture
def app(tmp_path: Path, internet: Internet) -> Iterator[App]:
    with App(Config(tmp_path / "home"), network=internet.network) as profile:
        profile.accounts.add(
            NewAccount(address="me@example.org", smtp_url=DEAD, password_command="echo x")
        )
        yield profile


def arrives(app: App, *fields: str) -> str:
    inbox = app.store.mailboxes.ensure("a1", Role.INBOX).id
    octets = "\r\n".join(["From: list@lists.example", *fields, "", "."]).encode()
    return app.store.messages.add("a1", inbox, octets, received_at=now())


def test_it_is_the_post_of_the_rfc_and_nothing_else(app: App, internet: Internet) -> None:
    email = arrives(
        app,
        "List-Unsubscribe: <mailto:leave@lists.example>, <https://lists.example/leave?id=a%20b>",
        ONE_CLICK,
    )
    answer = Page(app)("Unsubscribe/oneClick", accountId="a1", emailId=email)
    assert answer == {"accountId": "a1", "emailId": email, "host": "lists.example"}
    ((url, headers, body),) = internet.posted
    assert (url, body) == (
        "https://lists.example/leave?id=a%20b",
        b"List-Unsubscribe=One-Click",
    )
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)
    assert "$unsubscribed" in app.store.messages.get(email).keywords


@pytest.mark.parametrize(
    "fields",
    [
        ("List-Unsubscribe: <https://lists.example/leave>",),
        ("List-Unsubscribe: <http://lists.example/leave>", ONE_CLICK),
        ("List-Unsubscribe: <mailto:leave@lists.example>", ONE_CLICK),
        (
            "List-Unsubscribe: <https://lists.example/leave>",
            "List-Unsubscribe-Post: List-Unsubscribe=Two-Clicks",
        ),
        (ONE_CLICK,),
    ],
)
def test_what_is_not_offered_is_not_done(
    app: App, internet: Internet, fields: tuple[str, ...]
) -> None:
    email = arrives(app, *fields)
    refused = Page(app).fails("Unsubscribe/oneClick", accountId="a1", emailId=email)
    assert refused["type"] == "forbidden"
    assert internet.posted == []


@pytest.mark.parametrize("status", [302, 404, 500])
def test_no_redirect_is_followed_and_no_failure_hidden(
    app: App, internet: Internet, status: int
) -> None:
    internet.answers["/leave"] = status
    email = arrives(app, "List-Unsubscribe: <https://lists.example/leave>", ONE_CLICK)
    failed = Page(app).fails("Unsubscribe/oneClick", accountId="a1", emailId=email)
    assert (failed["type"], failed["status"], failed["host"]) == (
        "serverUnavailable",
        status,
        "lists.example",
    )
    assert len(internet.posted) == 1
    assert "$unsubscribed" not in app.store.messages.get(email).keywords


def test_a_host_that_is_not_there(app: App) -> None:
    email = arrives(app, "List-Unsubscribe: <https://nowhere.example/leave>", ONE_CLICK)
    failed = Page(app).fails("Unsubscribe/oneClick", accountId="a1", emailId=email)
    assert failed["type"] == "serverUnavailable"
    assert "nowhere.example" in failed["description"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "::1"])
def test_mail_does_not_reach_what_only_this_machine_can(host: str) -> None:
    assert outside(host, 443) == []
