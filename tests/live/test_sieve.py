"""Rules installed on Dovecot by ManageSieve, and applied there by Pigeonhole to what arrives."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hongyan import SMTP, managesieve
from hongyan.app import App, Config, NewAccount
from hongyan.client.session import open_sieve
from hongyan.errors import AuthenticationRefused, InvalidArgument, Refused
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.sasl import Credentials
from hongyan.store import Role
from hongyan.store.rule import Action, Do, Rule
from tests.app.test_own import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live.servers import Dovecot, MailHost, User

pytestmark = pytest.mark.usefixtures("trusted")


def connect(dovecot: Dovecot) -> BlockingDriver:
    return BlockingDriver(Endpoint.parse(f"sieve://127.0.0.1:{dovecot.sieve}")).connect()


@pytest.fixture(scope="module")
def user(mail_host: MailHost) -> User:
    return mail_host.add_user("sieve")


@pytest.fixture
def app(mail_host: MailHost, user: User, tmp_path: Path) -> Iterator[App]:
    with App(Config(tmp_path / "home")) as opened:
        opened.accounts.add(
            NewAccount(
                address=user.address,
                pop3_url=None,
                imap_url=mail_host.imap_url(),
                smtp_url=mail_host.smtp_url(),
                password_command=f"echo {user.password}",
            )
        )
        yield opened


def test_scripts_live(dovecot: Dovecot, user: User) -> None:
    with connect(dovecot) as driver:
        conn = driver.run(open_sieve(driver.channel, Credentials(user.address, user.password)))
        assert {"fileinto", "imap4flags", "body", "copy"} <= conn.capabilities.extensions
        driver.run(managesieve.put(conn, 'od"d 鸿雁', b"keep;\r\n"))
        assert driver.run(managesieve.get(conn, 'od"d 鸿雁')) == b"keep;\r\n"
        with pytest.raises(Refused, match="line 1"):
            driver.run(managesieve.check(conn, b"keep"))
        driver.run(managesieve.delete(conn, 'od"d 鸿雁'))
        assert driver.run(managesieve.list_scripts(conn)) == ()
        driver.run(managesieve.logout(conn))
    with connect(dovecot) as driver, pytest.raises(AuthenticationRefused):
        driver.run(open_sieve(driver.channel, Credentials(user.address, "wrong")))


def test_rules_are_applied_by_the_server(
    app: App, mail_host: MailHost, dovecot: Dovecot, user: User
) -> None:
    account = app.accounts.choose(None)
    sent = app.store.mailboxes.ensure(account.id, Role.SENT).id
    app.store.rules.add(
        Rule(
            name="Filed",
            query='subject:"to be filed" -body:never',
            actions=(Action(Do.MARK, "$flagged"), Action(Do.MOVE, sent)),
        )
    )
    app.store.rules.add(Rule(name="Ours", query="x", actions=(Action(Do.RUN, "true"),)))
    url = f"sieve://127.0.0.1:{dovecot.sieve}"
    exported = app.ruling.install(account, url=url)
    assert [rule.name for rule, _ in exported.left] == ["Ours"]
    # A second time, and from the page, is the same.
    answer = Page(app)("Rule/install", accountId=account.id, port=dovecot.sieve)
    assert answer["script"] == exported.script
    assert [each["id"] for each in answer["left"]] == ["r2"]
    with SMTP(mail_host.smtp_url(), user.address, user.password) as smtp:
        for subject in ("To be filed", "To be kept"):
            content = f"From: {user.address}\r\nSubject: {subject}\r\n\r\nhi\r\n".encode()
            smtp.send(content, sender=user.address, recipients=[user.address])
    (kept,) = mail_host.wait_for(user, 1)
    assert b"To be kept" in kept
    folder = dovecot.home / "mail" / user.address / "Maildir" / ".Sent"
    deadline = time.monotonic() + 10
    while not (filed := [*folder.glob("new/*"), *folder.glob("cur/*")]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert b"To be filed" in filed[0].read_bytes()
    assert filed[0].name.endswith("F"), "flagged"


def test_a_script_of_somebody_else_is_left_active(app: App, dovecot: Dovecot, user: User) -> None:
    with connect(dovecot) as driver:
        conn = driver.run(open_sieve(driver.channel, Credentials(user.address, user.password)))
        driver.run(managesieve.put(conn, "vacation", b"keep;\r\n"))
        driver.run(managesieve.activate(conn, "vacation"))
        app.store.rules.add(Rule(name="x", query="from:x", actions=(Action(Do.TRASH),)))
        url = f"sieve://127.0.0.1:{dovecot.sieve}"
        with pytest.raises(InvalidArgument, match="'vacation' is active there"):
            app.ruling.install(app.accounts.choose(None), url=url)
        driver.run(managesieve.activate(conn, ""))
        driver.run(managesieve.delete(conn, "vacation"))
