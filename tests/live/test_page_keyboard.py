"""All of it by keyboard alone: from the first screen to a rule taken back; no mouse is ever used."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from hongyan import mime
from hongyan.app import Address, App, Config
from tests.e2e.helpers import row
from tests.live.imap import inbox, make
from tests.live.post import internet, letter
from tests.support.desk import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.live.servers import MailHost, User
    from tests.support.authority import Authority

# What a person who only types hears of the focus, from where a screen reader hears it.
FOCUSED = """() => {
  const at = document.activeElement;
  const labels = [...(at.labels ?? [])].map((each) => each.textContent).join(" ");
  const by = (at.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  return (at.getAttribute("aria-label") || labels || by.trim() || at.textContent || at.title || "").trim();
}"""
MOUSE = "addEventListener('pointerdown', () => (window.pointed = true), true)"


@dataclass(frozen=True)
class Keys:
    """A person at a keyboard."""

    page: Page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)

    def tab_to(self, name: str, *, back: bool = False) -> None:
        """Go on with Tab to what is called ``name``."""
        for _ in range(80):
            if self.page.evaluate(FOCUSED).startswith(name):
                return
            self.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"Tab never comes to {name!r}")

    def choose(self, words: str) -> None:
        """Give a command of the palette."""
        self.press("Control+k")
        expect(self.page.get_by_role("dialog", name="Commands")).to_be_visible()
        self.type(words)
        self.press("Enter")


pytestmark = pytest.mark.timeout(300)  # of which setting up, before real servers, is the most


@pytest.fixture(scope="module")
def person(mail_host: MailHost) -> User:
    someone = mail_host.add_user(f"typist-{os.urandom(3).hex()}")
    make(mail_host.dovecot.imap, someone, "Archive")
    letters = (("Question", "Where are you?"), ("Newsletter", "Read me."), ("发票", "十一月的账。"))
    mail_host.fill(
        someone,
        [letter(*each, to=someone.address, sender=f"Ye <{someone.address}>") for each in letters],
    )
    return someone


@pytest.fixture(scope="module")
def keys(
    authority: Authority,
    mail_host: MailHost,
    person: User,
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Keys]:
    """The page of a program that has no account yet."""
    home = tmp_path_factory.mktemp("typist")
    with (
        internet(authority, mail_host) as names,
        App(Config(home), network=names.network) as app,
        browser.new_context(locale="en-GB") as context,
    ):
        server = app.server(Address(port=0))
        app.workers.start()
        server.start()
        page = context.new_page()
        page.add_init_script(MOUSE)
        page.on("filechooser", lambda _: None)  # from now on all are caught, also by a slow driver
        page.goto(server.site.start_link())
        yield Keys(page)
        assert page.evaluate("window.pointed") is None, "a mouse was used"
        server.stop()
        app.workers.stop()


@pytest.fixture(scope="module")
def mail(keys: Keys, person: User) -> Keys:
    """The same, set up by keyboard."""
    expect(keys.page.get_by_label("Your mail address")).to_be_focused()
    keys.type(person.address)
    keys.press("Enter")
    expect(keys.page.get_by_label("Password")).to_be_focused(timeout=60_000)
    keys.type(person.password)
    keys.press("Enter")
    expect(row(keys.page, "Question")).to_be_visible(timeout=60_000)
    return keys


def test_read_and_answer_with_an_attachment(
    mail: Keys, mail_host: MailHost, person: User, tmp_path: Path
) -> None:
    page = mail.page
    mail.press("j", "j", "Enter")
    title = page.locator(".reader h1")
    while "Question" not in (shown := title.inner_text()):
        mail.press("j")
        expect(title).not_to_have_text(shown)
    mail.press("r")
    expect(page.get_by_label("Text of the message")).to_be_focused()
    mail.type("Here, with a list.")
    mail.tab_to("Attach files")
    with page.expect_file_chooser() as chooser:
        mail.press("Enter")
    sheet = tmp_path / "list.txt"
    sheet.write_bytes(b"one\ntwo\n")
    chooser.value.set_files(sheet)
    expect(page.get_by_role("dialog").last).to_contain_text("list.txt")
    mail.press("Control+Enter")
    expect(page.get_by_text("Sending in")).to_be_visible()
    mail.press("z")
    expect(page.get_by_text("Not sent. Here is your draft.")).to_be_visible()
    expect(page.get_by_label("Text of the message")).to_be_focused()
    mail.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    answer = next(
        each
        for each in mail_host.wait_for(person, 4, seconds=60)
        if mime.parse(each).subject == "Re: Question"
    )
    (part,) = mime.parse(answer).body.attachments
    assert part.filename == "list.txt"


def test_send_later_by_its_menu(mail: Keys, person: User) -> None:
    page = mail.page
    mail.press("c")
    expect(page.get_by_label("To", exact=True)).to_be_focused()
    mail.type(person.address)
    mail.press("Enter")
    mail.tab_to("Subject")
    mail.type("Tomorrow's letter")
    mail.tab_to("Text of the message")
    mail.type("Good morning.")
    mail.tab_to("When to send")
    mail.press("Enter", "ArrowUp", "ArrowUp", "Enter")
    expect(page.get_by_text("To be sent")).to_be_visible()
    mail.press("g", "o")
    expect(page.locator("main")).to_contain_text("Tomorrow's letter")
    mail.tab_to("Do not send")
    mail.press("Enter")
    expect(page.locator("main")).to_contain_text("Cancelled")


def test_file_search_and_the_commands(mail: Keys, mail_host: MailHost, person: User) -> None:
    page = mail.page
    mail.choose("go to inbox")
    expect(page.locator(".listing h1")).to_have_text("Inbox")
    mail.press("/")
    expect(page.locator("#search")).to_be_focused()
    mail.type("十一")
    mail.press("Enter", "j", "Enter")  # what is pressed before it is found waits for it
    expect(page.locator(".reader h1")).to_contain_text("发票")
    mail.press("s")
    expect(row(page, "发票").locator(".star.on")).to_have_count(1)
    mail.press("e")
    server = mail_host.dovecot.imap
    until(lambda: subjects(inbox(server, person, "Archive")) == {"发票"}, seconds=30)
    mail.press("z")
    until(lambda: not inbox(server, person, "Archive"), seconds=30)
    mail.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Archive")
    mail.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_rule_tried_applied_and_taken_back(mail: Keys, mail_host: MailHost, person: User) -> None:
    page, server = mail.page, mail_host.dovecot.imap
    mail.press("g", "r")
    mail.tab_to("New rule")
    mail.press("Enter")
    expect(page.get_by_label("For messages that match")).to_be_focused()
    mail.type("subject:newsletter")
    mail.tab_to("Then")
    mail.type("Move to Trash")
    mail.tab_to("Try it")
    mail.press("Enter")
    expect(page.locator("main form").get_by_role("status")).to_contain_text(
        "It would change one message"
    )
    mail.tab_to("Apply")
    mail.press("Enter")
    until(lambda: subjects(inbox(server, person, "Trash")) == {"Newsletter"}, seconds=30)
    mail.press("z")
    until(lambda: "Newsletter" in subjects(inbox(server, person)), seconds=30)


def test_every_view_is_reached_and_its_heading_said(mail: Keys) -> None:
    page = mail.page
    views = {
        "g o": "Outbox",
        "g y": "Activity",
        "g w": "The wire",
        "g r": "Rules",
        "g ,": "Settings",
    }
    for pressed, heading in views.items():
        mail.press(*pressed.split())
        expect(page.locator("main h1")).to_have_text(heading)
    mail.tab_to("Language")
    mail.press("ArrowDown", "ArrowDown")
    expect(page.locator("main h1")).to_have_text("设置")
    mail.tab_to("语言")
    mail.press("ArrowUp")
    expect(page.locator("main h1")).to_have_text("Settings")


def subjects(messages: list[bytes]) -> set[str]:
    """The subjects of messages."""
    return {mime.parse(each).subject for each in messages}
