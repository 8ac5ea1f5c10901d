"""Accounts: where the password goes, what a test of the servers tells, what removing takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hongyan.demo import DemoHost
from tests.cli.command import DEAD, Hongyan
from tests.support.scripted import ScriptedServer

PASSPHRASE = {"HONGYAN_PASSPHRASE": "correct horse"}
ADDRESS = "anna@here.example"


def test_an_account_is_added_listed_and_removed(nobody: Hongyan) -> None:
    told = nobody.ok(
        "account", "add", f"Anna Ng <{ADDRESS}>", "--pop3", "pop3s://pop.here.example",
        "--smtp", "smtps://smtp.here.example", "--username", "anna", "--password-command", "echo x",
    )  # fmt: skip
    assert told == f"Added {ADDRESS}. Next: 'hongyan account test', then 'hongyan sync'.\n"
    assert nobody.json("account", "list") == [
        {
            "id": "a1",
            "address": ADDRESS,
            "name": "Anna Ng",
            "username": "anna",
            "imap": None,
            "pop3": "pop3s://pop.here.example",
            "smtp": "smtps://smtp.here.example",
        }
    ]
    assert nobody.ok("account", "list").split("\t")[1] == "anna"
    assert nobody.ok("account", "remove", ADDRESS, stdin="y\n").endswith(f"Removed {ADDRESS}.\n")
    assert nobody.json("account", "list") == []


def test_nothing_is_removed_without_a_yes(anna: Hongyan) -> None:
    for answer in ("n\n", ""):
        assert anna("account", "remove", ADDRESS, stdin=answer).code == 130
    assert len(anna.json("account", "list")) == 1
    assert anna.ok("account", "remove", ADDRESS, "--yes") == f"Removed {ADDRESS}.\n"


def test_a_password_lies_encrypted(nobody: Hongyan) -> None:
    nobody.environment |= PASSPHRASE
    nobody.ok("account", "add", ADDRESS, "--smtp", DEAD, "--password-stdin", stdin="s3cr3t word\n")
    with nobody.app() as app:
        assert "s3cr3t" not in repr(app.accounts.choose(None))
    for file in nobody.home.rglob("*"):
        assert not file.is_file() or b"s3cr3t" not in file.read_bytes()
    tested = nobody("account", "test")
    assert tested.code == 69
    assert "s3cr3t" not in tested.out + tested.err


def test_a_wrong_passphrase(nobody: Hongyan) -> None:
    nobody.environment |= PASSPHRASE
    nobody.ok("account", "add", ADDRESS, "--smtp", DEAD, "--password-stdin", stdin="s3cr3t\n")
    nobody.environment["HONGYAN_PASSPHRASE"] = "wrong"
    line = nobody.fails(74, "account", "remove", ADDRESS, "--yes")
    assert line.endswith("Type it again, or set HONGYAN_PASSPHRASE.")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["anna", "--smtp", DEAD], "address: "),
        ([ADDRESS, "--smtp", "http://x"], "'http' is none of pop3s"),
        ([ADDRESS, "--smtp", "pop3s://x"], "--smtp: pop3s://x is no address of smtp"),
        ([ADDRESS, "--pop3", "pop3s://u@x"], "carries a user"),
        ([ADDRESS, "--smtp", "smtp://x\r\ny"], "contains the control character"),
        ([ADDRESS, "--smtp", DEAD, "--username", "a\r\nb"], "contains the control character"),
        ([ADDRESS, "--smtp", DEAD, "--name", "a\r\nBcc: x"], "contains the control character"),
    ],
)
def test_an_account_that_cannot_be(nobody: Hongyan, words: list[str], told: str) -> None:
    line = nobody.fails(64, "account", "add", *words, "--password-command", "echo x")
    assert told in line
    assert nobody.json("account", "list") == []


def test_a_password_must_come_from_somewhere(nobody: Hongyan) -> None:
    add = ["account", "add", ADDRESS, "--smtp", DEAD]
    assert "--password-stdin or --password-command" in nobody.fails(64, *add)
    assert "standard input held none" in nobody.fails(64, *add, "--password-stdin")
    line = nobody.fails(77, *add, "--password-stdin", stdin="x\n")
    assert "set HONGYAN_PASSPHRASE" in line
    assert nobody.json("account", "list") == [], "no half account stays"


def test_the_same_address_twice(anna: Hongyan) -> None:
    again = ["account", "add", ADDRESS, "--smtp", DEAD, "--password-command", "echo x"]
    assert "has an account already" in anna.fails(64, *again)


def test_a_test_of_the_servers(yan: Hongyan, nobody: Hongyan, host: DemoHost) -> None:
    lines = yan.ok("account", "test").splitlines()
    assert [line.split()[0] for line in lines] == ["ok", "ok"]
    assert all("TLSv1.3" in line for line in lines)
    nobody.add_account(host.address, pop3=host.pop3s_url, smtp=host.smtps_url)
    result = nobody("account", "test")
    assert result.code == 77
    assert [line.split()[0] for line in result.lines] == ["FAIL", "FAIL"]
    assert "open sesame" not in result.out + result.err


def test_a_test_of_servers_that_are_not_there(anna: Hongyan) -> None:
    result = anna("account", "test")
    assert result.code == 69
    assert result.out.startswith("FAIL")


def test_a_certificate_that_is_not_trusted(nobody: Hongyan, host: DemoHost) -> None:
    nobody.add_account("anna@here.example", pop3=host.pop3_url.partition("?")[0])
    line = nobody.fails(69, "sync")
    assert "is not trusted" in line
    assert "Nothing was sent" in line


def test_a_password_command_that_fails(nobody: Hongyan, host: DemoHost, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    add = ["account", "add", ADDRESS, "--pop3", host.pop3s_url, "--password-command"]
    nobody.ok(*add, f"cat {secret}")
    assert nobody.fails(65, "sync").endswith("ended with exit code 1. Try it in a terminal first.")


def test_what_a_server_lays_down_is_told_and_kept_to(nobody: Hongyan) -> None:
    """RFC 2449 §6.5, §6.7: EXPIRE, and LOGIN-DELAY also for the program's next start."""
    lines = (
        "S: +OK", "C: CAPA", "S: +OK", "S: EXPIRE 31", "S: LOGIN-DELAY 900", "S: .",
        "C: USER anna@here.example", "S: +OK", "C: PASS x", "S: +OK",
        "C: STAT", "S: +OK 0 0", "C: QUIT", "S: +OK",
    )  # fmt: skip
    with ScriptedServer("".join(f"{line}\\r\\n\n" for line in lines), linger=0.2) as server:
        url = f"pop3://127.0.0.1:{server.port}?tls=none"
        nobody.ok("account", "add", ADDRESS, "--pop3", url, "--password-command", "echo x")
        told = nobody.ok("account", "test")
    assert "the server removes fetched mail after 31 days, one login in 900 seconds" in told
    assert server.errors == []
    for words in (["account", "test"], ["sync"]):
        outcome = nobody(*words)
        assert outcome.code == 75
        assert "127.0.0.1 allows no login yet" in outcome.out + outcome.err


def test_an_account_is_changed_and_its_mail_stays(yan: Hongyan, host: DemoHost) -> None:
    before = yan.json("list")
    told = yan.ok("account", "change", "--name", "Yan", "--password-command", "echo wrong")
    assert told == "Changed yan@goose.example. Next: 'hongyan account test'.\n"
    assert yan("sync").code == 77
    yan.ok("account", "change", host.address, "--password-command", f"echo '{host.password}'")
    assert yan("account", "test").code == 0
    yan.ok("account", "change", "--smtp", DEAD)
    (account,) = yan.json("account", "list")
    assert (account["name"], account["pop3"], account["smtp"]) == ("Yan", host.pop3_url, DEAD)
    assert yan.json("list") == before


def test_a_password_is_changed(nobody: Hongyan) -> None:
    nobody.environment |= PASSPHRASE
    nobody.ok("account", "add", ADDRESS, "--smtp", DEAD, "--password-stdin", stdin="one\n")
    nobody.ok("account", "change", "--password-stdin", stdin="two\n")
    with nobody.app() as app, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        patch.setenv("HONGYAN_PASSPHRASE", PASSPHRASE["HONGYAN_PASSPHRASE"])
        assert app.accounts.credentials(app.accounts.choose("a1")).password == "two"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "say what to change. See 'hongyan account change --help'."),
        (["--password-stdin"], "standard input held none"),
        (["--imap", "imaps://x"], "reads its mail by another protocol"),
        (["--smtp", "pop3s://x"], "is no address of smtp"),
    ],
)
def test_a_change_that_cannot_be(yan: Hongyan, words: list[str], told: str) -> None:
    before = yan.json("account", "list")
    assert told in yan.fails(64, "account", "change", *words)
    assert yan.json("account", "list") == before


def test_nobody_is_asked_for_the_password_of_an_account_that_cannot_be(anna: Hongyan) -> None:
    add = ("account", "add")
    assert "'http' is none of" in anna.fails(64, *add, "x@here.example", "--smtp", "http://x")
    assert "'hongyan account change'" in anna.fails(64, *add, ADDRESS, "--smtp", DEAD)
    assert anna.fails(64, *add, "nobody").startswith("hongyan: address: ")
    assert "no account 'nobody'" in anna.fails(65, "list", "--account", "nobody")
