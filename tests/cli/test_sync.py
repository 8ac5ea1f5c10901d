"""sync: what it tells people and programs, and that one trouble does not stop the rest."""

from __future__ import annotations

import json

import pytest

from hongyan.app import Progress
from hongyan.cli.progress import SECONDS_BETWEEN_LINES, progress
from hongyan.demo import DemoHost
from tests.cli.command import DEAD, Hongyan
from tests.support.scripted import ScriptedServer

LOGIN = (
    "S: +OK\\r\\n\nC: CAPA\\r\\n\nS: -ERR\\r\\n\nC: USER anna@here.example\\r\\n\nS: +OK\\r\\n\n"
    "C: PASS <secret>\\r\\n\n"
)


def test_what_it_tells(yan: Hongyan) -> None:
    (visit,) = yan.json("sync")
    assert visit.keys() == {
        "account", "fetched", "octets", "onServer", "removed", "serverKeepsDays", "notFetched",
        "outbox", "errors",
    }  # fmt: skip
    assert visit["account"] == "yan@goose.example"
    assert (visit["fetched"], visit["errors"]) == (0, [])
    assert visit["onServer"] >= 60
    assert yan.ok("sync").startswith("yan@goose.example: nothing new, ")


def test_a_first_visit(nobody: Hongyan, host: DemoHost) -> None:
    with nobody.app() as app:
        from hongyan.app import NewAccount

        app.accounts.add(
            NewAccount(
                address=host.address,
                pop3_url=host.pop3s_url,
                smtp_url=None,
                password_command=f"echo {host.password}",
            )
        )
    told = nobody.ok("sync", "--account", host.address)
    assert " new (" in told
    assert len(nobody.json("list", "--limit", "99")) >= 60


def test_one_account_in_trouble_does_not_stop_another(yan: Hongyan) -> None:
    yan.add_account("dead@here.example", pop3=DEAD.replace("smtp", "pop3"), smtp=DEAD)
    result = yan("sync")
    assert result.code == 69
    assert "yan@goose.example: nothing new" in result.out
    assert result.err.startswith("hongyan: dead@here.example: 127.0.0.1 port ")
    assert [visit["account"] for visit in json.loads(yan("sync", "--json").out)] == [
        "yan@goose.example", "dead@here.example",
    ]  # fmt: skip


def test_mail_goes_out_although_the_mailbox_is_away(yan: Hongyan, host: DemoHost) -> None:
    with yan.app() as app:
        account = app.accounts.choose(None)
        command = account.secret.removeprefix("command:")
    yan.ok("account", "remove", host.address, "--yes")
    dead = DEAD.replace("smtp", "pop3")
    yan.ok(
        "account", "add", host.address, "--pop3", dead, "--smtp", host.smtp_url,
        "--password-command", command,
    )  # fmt: skip
    with yan.app() as app:
        from hongyan.mime import Address
        from hongyan.mime.builder import Draft

        account = app.accounts.choose(None)
        app.sending.queue(
            account, Draft(from_=app.sending.identity(account), to=(Address(None, "a@b.example"),))
        )
    result = yan("sync")
    assert result.code == 69
    assert "o1 sent: a@b.example" in result.out


@pytest.mark.parametrize(
    ("refusal", "code", "advice"),
    [
        ("-ERR [AUTH] wrong\\r\\n", 77, "Check name and password"),
        ("-ERR [IN-USE] locked\\r\\n", 75, "may accept it later"),
        ("-ERR [SYS/TEMP] later\\r\\n", 75, "may accept it later"),
    ],
)
def test_refused_logins(nobody: Hongyan, refusal: str, code: int, advice: str) -> None:
    with ScriptedServer(f"{LOGIN}S: {refusal}\n") as server:
        nobody.add_account("anna@here.example", pop3=f"pop3://127.0.0.1:{server.port}?tls=none")
        line = nobody.fails(code, "sync")
    assert advice in line
    assert "open sesame" not in line


@pytest.mark.parametrize(
    "greeting", ["220 smtp here\\r\\n", "HTTP/1.1 400 Bad\\r\\n", "\\x1b]0;x\\x07\\r\\n"]
)
def test_a_server_of_another_kind(nobody: Hongyan, greeting: str) -> None:
    with ScriptedServer(f"S: {greeting}\n* EOF") as server:
        nobody.add_account("anna@here.example", pop3=f"pop3://127.0.0.1:{server.port}?tls=none")
        line = nobody.fails(76, "sync")
    assert "\x1b" not in line
    assert "\x07" not in line


def test_no_account(nobody: Hongyan) -> None:
    line = "hongyan: there is no account yet: 'hongyan account add', or 'hongyan demo'."
    assert nobody.fails(65, "sync") == line
    assert nobody.fails(65, "list") == line


def test_progress_in_a_pipe_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = iter([0.0, 1.0, SECONDS_BETWEEN_LINES, SECONDS_BETWEEN_LINES, 11.0, 12.0])
    with progress(lambda: next(seconds)) as report:
        report(Progress("Connecting"))
        report(Progress("Fetching", 3, 9, 4_200, 9_000))
        report(Progress("Fetching", 4, 9, 5_200, 9_000))
    assert capsys.readouterr().err == "Fetching 3/9 (4.2 KB)\n"
