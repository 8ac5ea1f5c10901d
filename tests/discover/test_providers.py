"""The table of providers: what each row must hold, and finding one."""

from __future__ import annotations

import pytest

from hongyan.discover import Provider, Providers, Service
from hongyan.discover.types import Hint
from hongyan.net.endpoint import Security

PROVIDERS = Providers.load()
NAMED = [
    "163.com",
    "126.com",
    "yeah.net",
    "qq.com",
    "foxmail.com",
    "sina.com",
    "aliyun.com",
    "gmail.com",
    "outlook.com",
    "yahoo.com",
    "icloud.com",
    "fastmail.com",
    "gmx.net",
    "web.de",
    "yandex.ru",
    "mail.ru",
    "proton.me",
    "zoho.com",
]


def test_there_are_many() -> None:
    assert len(PROVIDERS.rows) >= 40


@pytest.mark.parametrize("provider", PROVIDERS.rows, ids=lambda row: row.name)
def test_a_row(provider: Provider) -> None:
    kinds = [server.protocol for server in provider.servers]
    assert "smtp" in kinds
    assert {"imap", "pop3"} & set(kinds)
    assert len(kinds) == len(set(kinds))
    assert all(server.security is not Security.NONE for server in provider.servers)
    assert provider.source.startswith("https://")
    assert provider.domains or provider.mx
    assert all(name == name.lower() for name in (*provider.domains, *provider.mx))


def test_no_domain_stands_twice() -> None:
    for names in (
        [name for row in PROVIDERS.rows for name in row.domains],
        [name for row in PROVIDERS.rows for name in row.mx],
    ):
        assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("domain", NAMED)
def test_the_great_ones_are_there(domain: str) -> None:
    assert PROVIDERS.of_domain(domain.upper())


def test_by_mail_exchanger() -> None:
    google = PROVIDERS.of_mx("aspmx.l.google.com.")
    assert google is not None
    assert google.name == "Gmail"
    assert PROVIDERS.of_mx("mx.nobody.example") is None
    assert PROVIDERS.of_mx("notgoogle.com") is None


def test_the_login_that_a_provider_wants() -> None:
    web = PROVIDERS.of_domain("web.de")
    assert web is not None
    assert {each.usernames for each in web.candidates("gans@web.de")} == {("gans",)}
    netease = PROVIDERS.of_domain("163.com")
    assert netease is not None
    assert {each.usernames for each in netease.candidates("y@163.com")} == {("y@163.com",)}
    assert {each.service for each in netease.candidates("y@163.com")} == set(Service)
    assert netease.hint is Hint.AUTHORISATION_CODE
