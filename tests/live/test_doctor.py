"""``hongyan doctor`` against servers that are well, untrusted, silent, and shut."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import DEAD, Hongyan
from tests.live.servers import ALICE, MailHost

if TYPE_CHECKING:
    from tests.support.authority import Authority


@pytest.fixture
def alice(mail_host: MailHost, tmp_path: Path, trusted: None) -> Hongyan:
    user = Hongyan(tmp_path / "alice", {"HONGYAN_PASSPHRASE": "correct horse"})
    user.ok(
        "account", "add", ALICE.address, "--imap", mail_host.imap_url(tls="implicit"),
        "--smtp", mail_host.smtp_url(), "--password-stdin", stdin=f"{ALICE.password}\n",
    )  # fmt: skip
    return user


def test_an_account_that_is_well(alice: Hongyan, mail_host: MailHost) -> None:
    report = alice.home / "report.txt"
    told = alice.ok("doctor", ALICE.address, "--report", str(report))
    assert told.count("the login works") == 2
    assert "FAIL" not in told
    assert "TLSv1.3" in told
    written = report.read_text("utf-8")
    assert ALICE.address not in written
    assert ALICE.password not in written + told
    assert len(written.splitlines()) == len(told.splitlines())


def test_a_wrong_password_is_told_apart(mail_host: MailHost, trusted: None, tmp_path: Path) -> None:
    user = Hongyan(tmp_path / "x", {"HONGYAN_PASSPHRASE": "correct horse"})
    user.ok(
        "account", "add", ALICE.address, "--imap", mail_host.imap_url(), "--password-stdin",
        stdin="wrong\n",
    )  # fmt: skip
    result = user("doctor", ALICE.address)
    assert result.code == 69
    assert "app password" in result.out
    assert result.out.count("  FAIL ") == 1


def test_a_certificate_that_nobody_knows(
    mail_host: MailHost, authority: Authority, nobody_trusts: None, tmp_path: Path
) -> None:
    """It is told how to pin it, and the pin then works."""
    user = Hongyan(tmp_path / "x")
    url = mail_host.imap_url(tls="implicit")
    result = user("doctor", url)
    assert result.code == 69
    (pin,) = re.findall(r"\?pin=([0-9a-f]{64})", result.out)
    assert len(pin) == len(hashlib.sha256().hexdigest())
    pinned = user.ok("doctor", f"{url}?pin={pin}")
    assert "FAIL" not in pinned


def test_a_port_where_nobody_listens(tmp_path: Path) -> None:
    result = Hongyan(tmp_path / "x")("doctor", DEAD)
    assert result.code == 69
    assert "cannot be reached" in result.out
    assert "clear text" in result.out


def test_a_host_that_does_not_exist(tmp_path: Path) -> None:
    result = Hongyan(tmp_path / "x")("doctor", "imaps://nowhere.invalid")
    assert result.code == 69
    assert "has no address in DNS" in result.out


@pytest.fixture
def nobody_trusts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the system's authorities alone."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
