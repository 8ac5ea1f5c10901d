"""``hongyan account add`` with an address alone, each way of discovery for real.

Dovecot and Postfix stand behind the names of a little internet on loopback; their certificates are
checked like anybody's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import Hongyan
from tests.live.conftest import started
from tests.live.servers import Dovecot, Postfix, User
from tests.support.names import Internet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.authority import Authority

YAN = User("yan@goose.test", "by wing")
KNOWN = User("yan@163.com", "kfuxhqzjsb")
NAMES = (
    "imap.goose.test",
    "pop.goose.test",
    "smtp.goose.test",
    "mail.goose.test",
    "mail.flyway.test",
    "imap.163.com",
    "smtp.163.com",
)
AUTOCONFIG = """<clientConfig version="1.1"><emailProvider id="x">
<incomingServer type="imap"><hostname>{host}</hostname><port>1993</port>
<socketType>SSL</socketType><username>%EMAILADDRESS%</username></incomingServer>
<outgoingServer type="smtp"><hostname>{host}</hostname><port>1587</port>
<socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>"""


class Host:
    """A mail host of many names."""

    def __init__(self, authority: Authority) -> None:
        self.dovecot = Dovecot(authority.issue(*NAMES))
        self.postfix = Postfix(self.dovecot, authority.issue(*NAMES))
        for user in (YAN, KNOWN):
            self.dovecot.add_user(user)

    def stop(self) -> None:
        self.postfix.stop()
        self.dovecot.stop()


@pytest.fixture(scope="module")
def host(authority: Authority) -> Iterator[Host]:
    yield from started(lambda: Host(authority))


@pytest.fixture
def internet(authority: Authority, trusted: None) -> Iterator[Internet]:
    with Internet(authority) as network:
        yield network


@pytest.fixture
def newcomer(internet: Internet, tmp_path: Path) -> Hongyan:
    """Someone without an account, in that internet."""
    environment = {"HONGYAN_PASSPHRASE": "correct horse"}
    return Hongyan(tmp_path / "newcomer", environment, internet.network)


def added(newcomer: Hongyan, user: User, *words: str) -> list[str]:
    """Add the account of ``user`` and return what was printed; both servers have let it in."""
    told = newcomer.ok(
        "account", "add", user.address, "--password-stdin", *words, stdin=f"{user.password}\n"
    )
    assert f"Logged in to both as {user.address}." in told
    assert user.password not in told
    return told.splitlines()


def test_by_the_built_in_table(newcomer: Hongyan, internet: Internet, host: Host) -> None:
    internet.hosts["imap.163.com", 993] = host.dovecot.imaps
    internet.hosts["smtp.163.com", 465] = host.postfix.smtps
    lines = added(newcomer, KNOWN)
    assert any("the built-in table of providers: NetEase 163" in line for line in lines)
    assert any("authorisation code" in line for line in lines)
    assert internet.asked == [], "the table is enough"
    (account,) = newcomer.json("account", "list")
    assert account["imap"] == "imaps://imap.163.com:993"
    assert account["smtp"] == "smtps://smtp.163.com:465"


def test_by_srv_records(newcomer: Hongyan, internet: Internet, host: Host) -> None:
    internet.records["_imaps._tcp.goose.test", "SRV"] = [
        "0 1 993 dead.goose.test.",
        "1 1 1993 mail.goose.test.",
    ]
    internet.records["_submission._tcp.goose.test", "SRV"] = ["0 1 1587 mail.goose.test."]
    internet.hosts["mail.goose.test", 1993] = host.dovecot.imaps
    internet.hosts["mail.goose.test", 1587] = host.postfix.smtp
    lines = added(newcomer, YAN)
    assert any(line.startswith("  no  imaps://dead.goose.test:993") for line in lines)
    (account,) = newcomer.json("account", "list")
    assert account["imap"] == "imaps://mail.goose.test:1993"
    assert account["smtp"] == "smtp://mail.goose.test:1587"


@pytest.mark.parametrize("at", ["autoconfig.goose.test", "goose.test"])
def test_by_autoconfig(newcomer: Hongyan, internet: Internet, host: Host, at: str) -> None:
    path = "/mail/config-v1.1.xml"
    path = path if at.startswith("autoconfig") else f"/.well-known/autoconfig{path}"
    internet.pages[path] = AUTOCONFIG.format(host="mail.flyway.test").encode()
    internet.serve_pages(at)
    internet.hosts["mail.flyway.test", 1993] = host.dovecot.imaps
    internet.hosts["mail.flyway.test", 1587] = host.postfix.smtp
    lines = added(newcomer, YAN)
    assert any(f"autoconfig file: https://{at}{path}" in line for line in lines)


def test_by_the_mail_exchanger(newcomer: Hongyan, internet: Internet, host: Host) -> None:
    internet.records["goose.test", "MX"] = ["20 x.goose.test.", "10 163mx00.mxmail.netease.com."]
    internet.hosts["imap.163.com", 993] = host.dovecot.imaps
    internet.hosts["smtp.163.com", 465] = host.postfix.smtps
    add = ["account", "add", YAN.address, "--password-stdin"]
    before = host.dovecot.log.count("Info: Login")
    line = newcomer.fails(77, *add, stdin=f"{YAN.password}\n")
    assert "imap.163.com is not under goose.test, only DNS names it" in line
    assert host.dovecot.log.count("Info: Login") == before, "the password went nowhere"
    added(newcomer, YAN, "--yes")


def test_by_the_usual_names(newcomer: Hongyan, internet: Internet, host: Host) -> None:
    internet.hosts["imap.goose.test", 143] = host.dovecot.imap
    internet.hosts["smtp.goose.test", 465] = host.postfix.smtps
    lines = added(newcomer, YAN)
    assert any("the usual names and ports" in line for line in lines)
    (account,) = newcomer.json("account", "list")
    assert account["imap"] == "imap://imap.goose.test:143"
    assert newcomer.ok("account", "test").count("ok ") == 2


def test_pop3_when_asked_for(newcomer: Hongyan, internet: Internet, host: Host) -> None:
    internet.hosts["imap.goose.test", 993] = host.dovecot.imaps
    internet.hosts["pop.goose.test", 995] = host.dovecot.pop3s
    internet.hosts["smtp.goose.test", 465] = host.postfix.smtps
    added(newcomer, YAN, "--use", "pop3")
    (account,) = newcomer.json("account", "list")
    assert (account["imap"], account["pop3"]) == (None, "pop3s://pop.goose.test:995")


def test_a_wrong_password_adds_nothing(newcomer: Hongyan, internet: Internet, host: Host) -> None:
    internet.hosts["imap.goose.test", 993] = host.dovecot.imaps
    internet.hosts["smtp.goose.test", 465] = host.postfix.smtps
    line = newcomer.fails(77, "account", "add", YAN.address, "--password-stdin", stdin="wrong\n")
    assert "Check name and password" in line
    assert newcomer.json("account", "list") == []


def test_a_certificate_for_another_name_is_no_server(
    newcomer: Hongyan, internet: Internet, host: Host
) -> None:
    internet.records["_imaps._tcp.goose.test", "SRV"] = ["0 1 993 other.goose.test."]
    internet.hosts["other.goose.test", 993] = host.dovecot.imaps
    result = newcomer("account", "discover", YAN.address)
    assert result.code == 69
    assert "no  imaps://other.goose.test:993" in result.out
    assert "is not trusted" in result.out
