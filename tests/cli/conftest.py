"""The command line with the demo host as its server, and profiles that are quick to make."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hongyan.app import App, Config, NewAccount
from hongyan.demo import DemoHost
from tests.cli.command import DEAD, Hongyan, copied

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER = "yan@goose.example"


@pytest.fixture(scope="session")
def host() -> Iterator[DemoHost]:
    with DemoHost() as running:
        yield running


@pytest.fixture(scope="session")
def template(host: DemoHost, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile that has fetched the samples."""
    folder = tmp_path_factory.mktemp("template")
    secret = folder / "password"
    secret.write_text(host.password)
    with App(Config(folder / "home")) as app:
        account = app.accounts.add(
            NewAccount(
                address=host.address,
                name="Yan Su",
                pop3_url=host.pop3_url,
                smtp_url=host.smtp_url,
                password_command=f"cat {shlex.quote(str(secret))}",
            )
        )
        app.fetching.fetch(account)
        app.sending.file_sent(account, host.sent)
    return folder / "home"


@pytest.fixture
def yan(template: Path, tmp_path: Path) -> Hongyan:
    """The owner of the demo host's mailbox, who has fetched the samples."""
    return Hongyan(copied(template, tmp_path / "yan"))


@pytest.fixture
def nobody(tmp_path: Path) -> Hongyan:
    """Someone without an account."""
    return Hongyan(tmp_path / "nobody")


@pytest.fixture
def anna(tmp_path: Path) -> Hongyan:
    """Someone whose SMTP server is down, and who has no mail."""
    user = Hongyan(tmp_path / "anna")
    user.add_account("anna@here.example", smtp=DEAD)
    return user
