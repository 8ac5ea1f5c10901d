"""The thin thread on real servers: submitted through Postfix, fetched from Dovecot, stored, found."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hongyan import pop3, sasl, smtp
from hongyan.mime.builder import Address, Attachment, Draft, build, stamp
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint, Security
from tests.live.servers import ALICE, BOB, MailHost, Tls, User
from tests.support.generate import messages
from tests.support.program import ARGV, Program

SUBJECT = "第二季度发票与合同 — 请查收"
FIVE_MEGABYTES = bytes(range(256)) * (5 * 1024 * 1024 // 256)


def letter(subject: str = SUBJECT, content: bytes = FIVE_MEGABYTES) -> bytes:
    draft = Draft(
        from_=Address("爱丽丝", ALICE.address),
        to=(Address(None, BOB.address),),
        subject=subject,
        text="附件是发票。\n.\n..two dots\n",
        attachments=(Attachment("发票.pdf", content, "application/pdf"),),
    )
    return build(stamp(draft, datetime.now(UTC)))


def connect(url: str) -> BlockingDriver:
    return BlockingDriver(Endpoint.parse(url)).connect()


def submit(url: str, mechanism: str, content: bytes, to: str) -> smtp.Receipt:
    """Submit as Alice by the named mechanism, and by nothing else."""
    credentials = sasl.Credentials(ALICE.address, ALICE.password)
    with connect(url) as driver:
        conn = smtp.Connection()
        starttls = driver.channel.endpoint.security is Security.STARTTLS
        driver.run(
            smtp.open_session(conn, None, use_starttls=starttls, terms=sasl.Terms(disclose=True))
        )
        driver.run(smtp.authenticate(conn, sasl.mechanism(mechanism, credentials)))
        envelope = smtp.Envelope(ALICE.address, (to,), size=len(content))
        receipt = driver.run(smtp.submit(conn, envelope, [content]))
        driver.run(smtp.quit_(conn))
    return receipt


def newest(url: str, user: User, mechanism: str) -> bytes:
    """Fetch the newest message, logged in by the named mechanism, and by nothing else."""
    credentials = sasl.Credentials(user.address, user.password)
    got: list[bytes] = []
    with connect(url) as driver:
        conn = pop3.Connection()
        starttls = driver.channel.endpoint.security is Security.STARTTLS
        driver.run(
            pop3.open_session(conn, None, starttls=starttls, terms=sasl.Terms(disclose=True))
        )
        driver.run(pop3.authenticate(conn, sasl.mechanism(mechanism, credentials)))
        entries = driver.run(pop3.list_entries(conn))
        driver.run(pop3.retrieve(conn, entries[-1:], lambda _, chunk, __: got.append(chunk)))
        driver.run(pop3.quit_(conn))
    return b"".join(got)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_five_megabytes_and_a_chinese_subject_arrive_octet_for_octet(
    mail_host: MailHost, tls: Tls, mechanism: str
) -> None:
    sent = letter()
    reader = mail_host.add_user(f"five-{tls}-{mechanism}".lower())
    receipt = submit(mail_host.smtp_url(tls=tls), mechanism, sent, reader.address)
    assert receipt.sent
    mail_host.wait_for(reader, 1)
    got = newest(mail_host.pop3_url(tls=tls), reader, mechanism)
    trace, _, rest = got.partition(sent[:200])
    assert trace.startswith((b"Return-Path: ", b"Delivered-To: "))
    assert sent[:200] + rest == sent, "what the servers added stands before, nothing else differs"


@pytest.fixture
def program(mail_host: MailHost, tmp_path: Path) -> Program:
    return Program(tmp_path / "profile", mail_host.environment)


def add(program: Program, host: MailHost, user: User, *, tls: Tls = "starttls") -> None:
    urls = ("--pop3", host.pop3_url(tls=tls), "--smtp", host.smtp_url(tls=tls))
    program.run("account", "add", user.address, *urls, "--password-stdin", stdin=user.password)


def test_the_command_line_from_the_first_account_to_the_found_message(
    program: Program, mail_host: MailHost, tmp_path: Path
) -> None:
    for user in (ALICE, BOB):
        add(program, mail_host, user)
    tested = program.run("account", "test", ALICE.address)
    assert tested.count("ok ") == 2
    assert "TLSv1.3" in tested
    before = len(mail_host.messages(BOB))
    table = tmp_path / "表.csv"
    table.write_text("a,b\n1,2\n", "utf-8")
    words = (
        "--from",
        ALICE.address,
        "--to",
        f"鲍勃 <{BOB.address}>",
        "--subject",
        "会议纪要与北京行程",
    )
    program.run("send", *words, "--body", "-", "--attach", str(table), stdin="见附件。\n.\nAlice\n")
    mail_host.wait_for(BOB, before + 1)
    program.run("sync")
    (found,) = program.json("search", "行程", "--account", BOB.address)
    assert found["subject"] == "会议纪要与北京行程"
    assert found["from"] == [{"name": None, "email": ALICE.address}]
    assert found["hasAttachment"] is True
    assert program.octets("show", found["id"], "--raw") == mail_host.messages(BOB)[-1]
    assert "见附件。\n.\nAlice" in program.run("show", found["id"])
    program.run("save", found["id"], "--to", str(tmp_path / "profile"))
    assert (tmp_path / "profile" / "表.csv").read_text("utf-8") == "a,b\n1,2\n"
    (copy,) = program.json("list", "sent", "--account", ALICE.address)
    assert copy["keywords"] == {"$seen": True}
    (item,) = program.json("outbox", "list")
    assert item["state"] == "sent"
    program.run("reply", found["id"], "--body", "-", stdin="收到，谢谢！\n")
    answered = program.json("list", "sent", "--account", BOB.address)[0]
    assert answered["inReplyTo"] == found["messageId"]
    assert answered["subject"] == "Re: 会议纪要与北京行程"


def test_no_secret_is_on_the_disk(program: Program, mail_host: MailHost) -> None:
    add(program, mail_host, ALICE)
    program.run("sync")
    for path in program.home.rglob("*"):
        if path.is_file():
            assert ALICE.password.encode() not in path.read_bytes(), path


@pytest.mark.timeout(300)
def test_two_thousand_messages_and_a_kill_in_the_middle(
    program: Program, mail_host: MailHost
) -> None:
    user = mail_host.add_user("kill")
    mail_host.fill(user, messages(2000, seed=7))
    before = mail_host.messages(user)
    # POP3 ends every line: a last one without CRLF gets it from the server (RFC 1939 §3)
    given = (each if each.endswith(b"\r\n") else each + b"\r\n" for each in before)
    wanted = Counter(hashlib.sha256(each).digest() for each in given)
    add(program, mail_host, user, tls="implicit")
    kills = 0
    for share in (300, 900, 1500):
        process = program.start("sync")
        while process.poll() is None and stored(program) < share:
            time.sleep(0.05)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
        assert 0 < stored(program) <= 2000
    assert kills == 3, "each run was killed before it was done"
    program.run("sync")
    ids = [each["id"] for each in program.json("list", "--limit", "5000")]
    assert len(ids) == 2000
    assert hashes(program) == wanted
    assert "nothing new" in program.run("sync")
    assert mail_host.messages(user) == before, "the server's copies are untouched"


def stored(program: Program) -> int:
    """How many messages are committed, seen from another process."""
    from hongyan.store import Store

    if not (program.home / "mail.db").exists():
        return 0
    with Store.open(program.home, clock=lambda: datetime.now(UTC)) as store:
        accounts = store.accounts.list()
        boxes = [box for each in accounts for box in store.mailboxes.list(each.id)]
    return sum(box.total for box in boxes)


def hashes(program: Program) -> Counter[bytes]:
    """The hashes of the octets of each stored message."""
    from hongyan.store import Role, Store

    with Store.open(program.home, clock=lambda: datetime.now(UTC)) as store:
        (account,) = store.accounts.list()
        inbox = store.mailboxes.ensure(account.id, Role.INBOX)
        emails = store.messages.page(inbox.id, limit=5000)
        return Counter(hashlib.sha256(store.messages.raw(each.id)).digest() for each in emails)


def test_git_send_email_delivers_a_patch(
    program: Program, mail_host: MailHost, tmp_path: Path
) -> None:
    if not (Path(_output("git", "--exec-path").strip()) / "git-send-email").exists():
        pytest.fail("git send-email is not installed: see .ci/install-debian")
    add(program, mail_host, ALICE)
    repository = tmp_path / "repository"
    repository.mkdir()
    env = program.env | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "爱丽丝", "GIT_AUTHOR_EMAIL": ALICE.address,
        "GIT_COMMITTER_NAME": "爱丽丝", "GIT_COMMITTER_EMAIL": ALICE.address,
    }  # fmt: skip

    def git(*words: str) -> None:
        done = subprocess.run(
            ["git", *words], cwd=repository, env=env, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()

    git("init", "-q")
    (repository / "鸿雁.txt").write_text("大雁北归。\n.\n", "utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "Say where the geese went\n\n雁过留声。")
    before = len(mail_host.messages(BOB))
    git(
        "send-email", f"--sendmail-cmd={shlex.join([*ARGV, 'sendmail'])}", f"--to={BOB.address}",
        "--confirm=never", "--no-validate", f"--from={ALICE.address}", "-1",
    )  # fmt: skip
    arrived = mail_host.wait_for(BOB, before + 1)[-1]
    assert b"Subject: [PATCH] Say where the geese went" in arrived
    mailbox = repository / "patch.eml"
    mailbox.write_bytes(arrived)
    git("checkout", "-q", "--orphan", "empty")
    git("rm", "-rfq", ".")
    git("commit", "-q", "--allow-empty", "-m", "empty")
    git("am", "-q", "--no-scissors", str(mailbox))
    assert (repository / "鸿雁.txt").read_text("utf-8") == "大雁北归。\n.\n"


def _output(*words: str) -> str:
    program = shutil.which(words[0])
    assert program, f"{words[0]} is not installed"
    return subprocess.run([program, *words[1:]], capture_output=True, check=True).stdout.decode()


def test_a_wrong_password_is_one_clear_line(program: Program, mail_host: MailHost) -> None:
    wrong = User(ALICE.address, "not the password")
    add(program, mail_host, wrong)
    told = program.run("sync", code=77)
    assert told.count("\n") == 1
    assert "Check name and password" in told
    assert "not the password" not in told


@pytest.mark.usefixtures("mail_host")
def test_a_certificate_of_another_name_is_one_clear_line(
    program: Program, impostor: object
) -> None:
    port = getattr(impostor, "pop3s")  # noqa: B009  # the fixture's class is not imported here
    url = f"pop3s://127.0.0.1:{port}"
    program.run("account", "add", ALICE.address, "--pop3", url, "--password-stdin", stdin="x")
    told = program.run("sync", code=69)
    assert told.count("\n") == 1
    assert "certificate" in told
    assert "Nothing was sent" in told
