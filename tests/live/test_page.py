"""The page before Dovecot and Postfix: an account by its address, mail that goes and comes, undo."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from hongyan import mime
from hongyan.app import Address, App, Config
from hongyan.store import Role, State
from tests.e2e.helpers import box, read, row, write
from tests.live.imap import inbox, make
from tests.live.post import IMAP, SMTP, Post, internet, letter, post
from tests.support.child import free_ports
from tests.support.desk import NARROW, until
from tests.support.program import ARGV, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ViewportSize

    from tests.live.servers import MailHost
    from tests.support.authority import Authority
    from tests.support.names import Internet

UNREAD = re.compile(r"\bunread\b")
# Every octet there is, and line ends of all kinds: what a careless way through would change.
OCTETS = bytes(range(256)) * 40 + b"\r\n.\r\n..\n\r\rFrom here\n" + os.urandom(2000)


@pytest.fixture(scope="module")
def names(authority: Authority, mail_host: MailHost) -> Iterator[Internet]:
    with internet(authority, mail_host) as found:
        yield found


@pytest.fixture(scope="module")
def shared(
    names: Internet, browser: Browser, mail_host: MailHost, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Post]:
    with post(tmp_path_factory.mktemp("post"), names, browser, mail_host) as opened:
        yield opened


@pytest.fixture
def office(shared: Post) -> Iterator[Post]:
    """The module's post office; a page in which anything went wrong fails the test."""
    yield shared
    shared.desk.close()


@pytest.mark.parametrize("size", [None, NARROW], ids=["wide", "phone"])
def test_from_an_address_to_mail(
    names: Internet,
    browser: Browser,
    mail_host: MailHost,
    tmp_path: Path,
    size: ViewportSize | None,
) -> None:
    """The first start: nothing is known but the address and its password."""
    person = mail_host.add_user(f"newcomer-{os.urandom(3).hex()}")
    mail_host.fill(person, [letter("Hello, newcomer", "You are in.", to=person.address)])
    with (
        App(Config(tmp_path), network=names.network) as app,
        browser.new_context(locale="en-GB", viewport=size, has_touch=size is not None) as context,
    ):
        server = app.server(Address(port=0))
        app.workers.start()
        server.start()
        page = context.new_page()
        page.goto(server.site.start_link())
        page.get_by_label("Your mail address").fill(person.address)
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text(IMAP)).to_be_visible(timeout=30_000)
        expect(page.get_by_text(SMTP)).to_be_visible()
        page.get_by_label("Password").fill("not the password")
        page.get_by_role("button", name="Connect").click()
        told = page.get_by_role("alert").first
        expect(told).to_be_visible(timeout=30_000)
        expect(told).not_to_contain_text("not the password")
        page.get_by_label("Password").fill(person.password)
        page.get_by_role("button", name="Connect").click()
        expect(row(page, "Hello, newcomer")).to_be_visible(timeout=30_000)
        read(page, "Hello, newcomer")
        expect(page.locator(".reader")).to_contain_text("You are in.")
        server.stop()
        app.workers.stop()


def test_an_answer_with_an_attachment_arrives_octet_for_octet(office: Post, tmp_path: Path) -> None:
    """From one person's page through Postfix into Dovecot, and to the other person's page."""
    yan, bo, servers = office.yan, office.bo, office.servers
    question = letter("Where to?", "Send me the map.", to=yan.address, sender=f"Bo <{bo.address}>")
    servers.fill(yan, [question])
    page = office.desk.open()
    read(page, "Where to?")
    page.keyboard.press("r")
    window = page.get_by_role("dialog").last
    expect(window.locator(".chip")).to_contain_text("Bo")
    sheet = tmp_path / "地图 map.bin"
    sheet.write_bytes(OCTETS)
    window.locator("input[type=file][multiple]").last.set_input_files(sheet)
    expect(window).to_contain_text("地图 map.bin")
    window.get_by_label("Text of the message").press_sequentially("Here is 地图.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".reader article")).to_have_count(2)
    expect(page.get_by_role("button", name="Reply to Bo…")).to_be_visible()
    expect(page.get_by_text("Sent.", exact=True)).to_be_visible(timeout=30_000)
    answer = servers.wait_for(bo, 2, seconds=30)[-1]
    parsed = mime.parse(answer)
    assert [part.filename for part in parsed.body.attachments] == ["地图 map.bin"]
    assert parsed.in_reply_to == (mime.parse(question).message_id,)
    received = office.desk.open()
    read(received, "Re: Where to?")
    with received.expect_download() as saved:
        received.get_by_role("link", name="Save 地图 map.bin").first.click()
    assert saved.value.path().read_bytes() == OCTETS
    (stored,) = (each for each in office.mail(bo, Role.INBOX) if each.subject == "Re: Where to?")
    assert office.desk.app.store.messages.raw(stored.id).replace(b"\r\n", b"\n") == answer.replace(
        b"\r\n", b"\n"
    )


def test_undo_in_time_and_nothing_leaves(office: Post) -> None:
    page = office.desk.open()
    write(page, office.bo.address, "Too early", "Not yet.")
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Not sent. Here is your draft.")).to_be_visible()
    expect(page.get_by_label("Text of the message")).to_contain_text("Not yet.")
    item = office.desk.app.store.outbox.list()[-1]
    assert (item.state, item.attempts) == (State.CANCELLED, 0)


def test_what_is_sent_later_leaves_at_its_time(office: Post) -> None:
    page = office.desk.open()
    window = write(page, office.bo.address, "For later", "Now it is later.")
    window.get_by_role("button", name="When to send").click()
    page.get_by_role("menuitem", name="Pick a day and time").click()
    asked = page.get_by_role("dialog", name="Send later")
    at = datetime.now().astimezone().replace(microsecond=0) + timedelta(seconds=6)
    asked.get_by_label("Pick a day and time").fill(f"{at:%Y-%m-%dT%H:%M:%S}")
    asked.get_by_role("button", name="Send later").click()
    expect(page.get_by_text("To be sent")).to_be_visible()
    box(page, "Outbox").click()
    expect(page.locator("main")).to_contain_text("For later")
    until(lambda: subjects(office.on_server(office.bo)) >= {"For later"}, seconds=30)
    assert datetime.now().astimezone() >= at, "it was looked for all the time"


def test_a_search_finds_chinese_of_any_encoding(office: Post) -> None:
    """Two characters, in mail that says them in GB18030 and in Base64."""
    head = f"From: 王小雁 <wang@goose.test>\r\nTo: {office.yan.address}\r\nSubject: =?gb18030?b?"
    subject = base64.b64encode("十一月的账".encode("gb18030")).decode()
    kind = "Content-Type: text/plain; charset=gb18030\r\nContent-Transfer-Encoding: base64"
    text = base64.b64encode("您的发票已经开好。".encode("gb18030")).decode()
    octets = f"{head}{subject}?=\r\nMIME-Version: 1.0\r\n{kind}\r\n\r\n{text}\r\n".encode()
    office.servers.fill(office.yan, [octets])
    page = office.desk.open(locale="zh-CN")
    expect(row(page, "十一月的账")).to_be_visible(timeout=30_000)
    page.keyboard.press("/")
    page.keyboard.type("发票")
    expect(page.locator("mark").first).to_have_text("发票")
    page.keyboard.press("Enter")
    row(page, "十一月的账").click()
    expect(page.locator(".reader article")).to_contain_text("您的发票已经开好")


def test_a_rule_is_tried_applied_and_undone_on_the_server(office: Post) -> None:
    yan = office.yan
    news = [letter(f"Newsletter {at}", "Read me.", to=yan.address) for at in (1, 2)]
    office.servers.fill(yan, news)
    wanted = {"Newsletter 1", "Newsletter 2"}
    page = office.desk.open("#/rules")
    until(lambda: wanted <= set(office.subjects(yan, Role.INBOX)), seconds=30)
    page.get_by_role("button", name="New rule").click()
    form = page.locator("main form")
    form.get_by_label("For messages that match").fill("subject:newsletter")
    form.get_by_label("Then", exact=True).select_option("Move to Trash")
    form.get_by_role("button", name="Try it").click()
    expect(form.get_by_role("status")).to_contain_text("It would change 2 messages")
    assert wanted <= subjects(office.on_server(yan))
    form.get_by_role("button", name="Apply").click()
    until(lambda: wanted <= subjects(office.on_server(yan, "Trash")), seconds=30)
    assert not wanted & subjects(office.on_server(yan))
    page.get_by_role("button", name="Undo").click()
    until(lambda: wanted <= subjects(office.on_server(yan)), seconds=30)
    assert not wanted & subjects(office.on_server(yan, "Trash"))


def test_two_windows_are_kept_equal_by_push(office: Post) -> None:
    one, two = office.desk.open(), office.desk.open()
    expect(row(two, "Welcome")).to_be_visible()
    office.servers.fill(office.yan, [letter("For both", "Hello.", to=office.yan.address)])
    for page in (one, two):
        expect(row(page, "For both")).to_be_visible(timeout=30_000)
        expect(row(page, "For both")).to_have_class(UNREAD)
    read(one, "For both")
    expect(row(two, "For both")).not_to_have_class(UNREAD)
    two.reload()
    read(two, "For both")
    two.keyboard.press("e")
    expect(row(one, "For both")).to_have_count(0)
    until(lambda: "For both" in subjects(office.on_server(office.yan, "Archive")), seconds=30)


def test_what_is_done_offline_is_done_on_the_server_later(office: Post) -> None:
    office.servers.fill(office.yan, [letter("On the train", "Hello.", to=office.yan.address)])
    page = office.desk.open()
    expect(row(page, "On the train")).to_be_visible(timeout=30_000)
    read(page, "On the train")
    page.context.set_offline(offline=True)
    page.keyboard.press("e")
    expect(page.get_by_text("Kept for when Hongyan is back.")).to_be_visible()
    assert "On the train" in subjects(office.on_server(office.yan))
    page.context.set_offline(offline=False)
    office.desk.forgive("ERR_INTERNET_DISCONNECTED")
    until(lambda: "On the train" in subjects(office.on_server(office.yan, "Archive")), seconds=30)


def test_the_page_lives_through_the_death_of_the_program(
    mail_host: MailHost, browser: Browser, tmp_path: Path
) -> None:
    """Killed without a word, and started again: the page says so, keeps what is done, goes on."""
    person = mail_host.add_user(f"steady-{os.urandom(3).hex()}")
    mail_host.fill(person, [letter(each, "Hi.", to=person.address) for each in ("One", "Two")])
    program = Program(tmp_path / "home", mail_host.environment)
    make(mail_host.dovecot.imap, person, "Archive")
    urls = ("--imap", mail_host.imap_url(), "--smtp", mail_host.smtp_url())
    program.run("account", "add", person.address, *urls, "--password-stdin", stdin=person.password)
    (port,) = free_ports(1)
    with browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        with serving(program, port) as link:
            page.goto(link)
            expect(row(page, "One")).to_be_visible(timeout=30_000)
            read(page, "One")
        # it says that Hongyan is not running, or what waits for it: that "One" was read, if quick
        away = page.locator("[data-state=away]")
        expect(away.first).to_be_visible(timeout=20_000)
        page.keyboard.press("e")
        expect(page.get_by_text("Kept for when Hongyan is back.")).to_be_visible()
        with serving(program, port):
            expect(row(page, "Two")).to_be_visible(timeout=30_000)
            expect(row(page, "One")).to_have_count(0)
            expect(away).to_have_count(0)
            server = mail_host.dovecot.imap
            until(lambda: "One" in subjects(inbox(server, person, "Archive")), seconds=30)
            mail_host.fill(person, [letter("Three", "Hi.", to=person.address)])
            expect(row(page, "Three")).to_be_visible(timeout=30_000)


@contextmanager
def serving(program: Program, port: int) -> Iterator[str]:
    """Run ``hongyan serve`` and kill it; gives the link into its page."""
    words = [*ARGV, "serve", "--port", str(port)]
    with subprocess.Popen(words, env=program.env, stdout=subprocess.PIPE) as process:
        assert process.stdout
        told = iter(process.stdout.readline, b"")
        yield next(line for line in told if b"http" in line).decode().split()[-1]
        process.kill()


def subjects(messages: list[bytes]) -> set[str]:
    """The subjects of messages."""
    return {mime.parse(each).subject for each in messages}
