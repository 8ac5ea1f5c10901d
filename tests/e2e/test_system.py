"""The page among the other things of a desktop: notifications, badge, previews, print, mailto:."""

from __future__ import annotations

import re
import struct
import zlib
from base64 import encodebytes
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from hongyan.app import now
from hongyan.store import Role
from tests.e2e.helpers import box, read, row
from tests.support.desk import Desk, desk, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

# What a desktop is told is written down; what the page sees of it is the browser's own.
RECORDED = """
window.told = { shown: [], badges: [], handlers: [], printed: 0 };
let isHidden = false;
Object.defineProperty(document, "hidden", { get: () => isHidden });
window.look = (away) => { isHidden = away; document.dispatchEvent(new Event("visibilitychange")); };
window.Notification = class extends Notification {
  constructor(title, options) {
    super(title, options);
    told.shown.push([title, options.body]);
    window.newest = this;
  }
};
navigator.setAppBadge = async (count) => void told.badges.push(count);
navigator.clearAppBadge = async () => void told.badges.push(0);
navigator.registerProtocolHandler = (...given) => void told.handlers.push(given);
window.print = () => told.printed++;
"""


@pytest.fixture(scope="module")
def running(browser: Browser) -> Iterator[Desk]:
    with desk(seeded=False, browser=browser) as started:
        arrive(started, b"From: Ann Lee <ann@example.org>\r\nSubject: First\r\n\r\nHello.\r\n")
        yield started


def arrive(desk: Desk, octets: bytes) -> None:
    (account,) = desk.app.store.accounts.list()
    inbox = desk.app.store.mailboxes.find(account.id, Role.INBOX)
    desk.app.store.messages.add(account.id, inbox.id, octets, received_at=now())


def unread(mail: Desk) -> int:
    (account,) = mail.app.store.accounts.list()
    return mail.app.store.mailboxes.find(account.id, Role.INBOX).unread


def recorded(mail: Desk, place: str = "", **options: object) -> Page:
    context = mail.context(**options)
    context.add_init_script(RECORDED)
    page = context.new_page()
    mail.watch(page)
    page.goto(f"{mail.origin}/{place}")
    return page


def told(page: Page, what: str) -> object:
    return page.evaluate(f"told.{what}")


def test_new_mail_is_told_to_those_who_asked_for_it(mail: Desk) -> None:
    page = recorded(mail, permissions=["notifications"])
    expect(row(page, "First")).to_be_visible()
    page.evaluate("look(true)")
    arrive(mail, b"From: Bo Chen <bo@example.org>\r\nSubject: Quietly\r\n\r\nHello.\r\n")
    expect(row(page, "Quietly")).to_be_visible()
    assert told(page, "shown") == []

    page.evaluate("look(false)")
    box(page, "Settings").click()
    page.get_by_label("Show a notification for new mail").check()
    box(page, "Inbox").click()
    with page.expect_response(lambda answer: "Email/changes" in str(answer.request.post_data)):
        arrive(
            mail, "From: 王芳 <fang@example.org>\r\nSubject: 看着的时候\r\n\r\nHello.\r\n".encode()
        )
    expect(row(page, "看着的时候")).to_be_visible()
    assert told(page, "shown") == []  # whoever looks at the page sees it there

    page.evaluate("look(true)")
    arrive(mail, "From: 王芳 <fang@example.org>\r\nSubject: 周五的会议\r\n\r\nHello.\r\n".encode())
    until(lambda: told(page, "shown") == [["王芳", "周五的会议"]])
    page.evaluate("newest.onclick()")
    expect(page.locator(".reader h1")).to_contain_text("周五的会议")
    expect(page).to_have_title("(3) Hongyan")
    until(lambda: unread(mail) == 3)


def test_the_title_and_the_badge_count_what_is_unread(mail: Desk) -> None:
    page = recorded(mail)
    before = unread(mail)
    expect(page).to_have_title(f"({before}) Hongyan")
    arrive(mail, b"From: Ann Lee <ann@example.org>\r\nSubject: One more\r\n\r\nHello.\r\n")
    expect(page).to_have_title(f"({before + 1}) Hongyan")
    until(lambda: page.evaluate("told.badges.at(-1)") == before + 1)
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("menuitem", name="Mark all as read").click()
    expect(page).to_have_title("Hongyan")
    until(lambda: page.evaluate("told.badges.at(-1)") == 0)


def test_pictures_and_pdfs_are_looked_at_in_place(mail: Desk) -> None:
    arrive(mail, with_files({"leaf.png": ("image/png", PNG), "plan.pdf": ("application/pdf", PDF)}))
    page = mail.open()
    read(page, "Two files")
    page.get_by_role("button", name="Preview leaf.png").click()
    window = page.get_by_role("dialog", name="leaf.png")
    picture = window.get_by_role("img", name="leaf.png")
    expect(picture).to_be_visible()
    until(lambda: picture.evaluate("it => [it.naturalWidth, it.naturalHeight]") == [3, 2])
    window.get_by_role("button", name="Close").click()
    expect(window).to_have_count(0)

    with page.expect_response(lambda each: "plan.pdf" in each.url) as answered:
        page.get_by_role("button", name="Preview plan.pdf").click()
    assert answered.value.headers["content-type"] == "application/pdf"
    assert answered.value.headers["content-disposition"].startswith("inline")
    window = page.get_by_role("dialog", name="plan.pdf")
    expect(window.locator("iframe")).to_be_visible()
    with page.expect_download() as saving:
        window.get_by_role("link", name="Save").click()
    assert saving.value.path().read_bytes() == PDF


def test_the_letter_alone_is_printed_on_white_paper(mail: Desk) -> None:
    lines = "\r\n".join(f"Line {number} of a long letter." for number in range(200))
    arrive(mail, f"From: Ann <ann@example.org>\r\nSubject: Long\r\n\r\n{lines}\r\n".encode())
    page = recorded(mail, color_scheme="dark")
    read(page, "Long")
    page.keyboard.press("Control+p")
    assert told(page, "printed") == 1

    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".reader h1")).to_be_visible()
    expect(page.get_by_text("Line 199 of")).to_be_visible()
    for other in ("nav", ".listing", "[role=toolbar]", "search", ".quick", ".toast"):
        assert page.locator(other).filter(visible=True).count() == 0, other
    assert darkness(page.locator("time").first.evaluate("it => getComputedStyle(it).color")) > 0.5
    paper = page.locator(".reader").evaluate("it => getComputedStyle(it).backgroundColor")
    assert darkness(paper) == 0, paper
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 2


def test_a_designed_letter_is_dark_on_the_screen_and_white_on_paper(mail: Desk) -> None:
    html = b'<p style="color:#123456;background:#fff">Coloured</p>'
    head = b"From: Ann <ann@example.org>\r\nSubject: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    arrive(mail, head % b"Designed" + html)
    arrive(mail, head % b"Not designed" + b"<p>Plain</p>")
    page = mail.open(color_scheme="dark")
    for subject, where in (("Designed", "main"), ("Not designed", "html")):
        page.emulate_media(media="screen")
        read(page, subject)
        inside = page.locator(".reader iframe").content_frame.locator(where)
        page.emulate_media(media="print")
        assert inside.evaluate("it => getComputedStyle(it).filter") == "none"
        assert darkness(inside.evaluate("it => getComputedStyle(it).color")) > 0.7


def test_mail_links_are_for_hongyan(mail: Desk) -> None:
    html = b'<a href="mailto:bo@example.org?subject=About%20tea&body=Green%3F">Write to Bo</a>'
    head = b"From: Ann <ann@example.org>\r\nSubject: Link\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    arrive(mail, head + html)
    page = recorded(mail, "#/settings")
    page.get_by_role("button", name="Ask the browser").click()
    ((scheme, address),) = page.evaluate("told.handlers")
    assert (scheme, address) == ("mailto", f"{mail.origin}/?mailto=%s")

    page.goto(address.replace("%s", quote("mailto:fang@example.org?subject=%E8%8C%B6", safe="")))
    window = page.get_by_role("dialog")
    expect(window).to_contain_text("fang@example.org")
    expect(window.get_by_label("Subject")).to_have_value("茶")
    window.get_by_role("button", name="Keep the draft and close").click()

    read(page, "Link")
    page.locator(".reader iframe").content_frame.get_by_role("link", name="Write to Bo").click()
    expect(window).to_contain_text("bo@example.org")
    expect(window.get_by_label("Subject")).to_have_value("About tea")
    expect(window.get_by_label("Text of the message")).to_contain_text("Green?")


# -- what is attached and looked at


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 2, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\0" + b"\xaa\x22\x22" * 3 + b"\0" + b"\x22\xaa\x22" * 3))
    + chunk(b"IEND", b"")
)


def pdf(*objects: bytes) -> bytes:
    """Return a PDF file of these objects, the first of which is its catalogue."""
    parts = [b"%PDF-1.4\n"]
    parts += [b"%d 0 obj %s endobj\n" % (number, each) for number, each in enumerate(objects, 1)]
    starts = [sum(map(len, parts[:at])) for at in range(1, len(parts) + 1)]
    table = b"".join(b"%010d 00000 n \n" % start for start, _ in pairwise(starts))
    size = len(objects) + 1
    return b"".join(parts) + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer <</Root 1 0 R /Size %d>>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, starts[-1])
    )


PDF = pdf(
    b"<</Type /Catalog /Pages 2 0 R>>",
    b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
    b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources <<>> /Contents 4 0 R>>",
    b"<</Length 32>> stream\n0.8 0.1 0.1 rg 20 20 90 90 re f  \nendstream",
)


def with_files(files: dict[str, tuple[str, bytes]]) -> bytes:
    parts = [
        b'--x\r\nContent-Type: %s; name="%s"\r\nContent-Disposition: attachment; filename="%s"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n%s"
        % (kind.encode(), name.encode(), name.encode(), encodebytes(octets))
        for name, (kind, octets) in files.items()
    ]
    head = b"From: Ann <ann@example.org>\r\nSubject: Two files\r\nMIME-Version: 1.0\r\n"
    return b"".join(
        [
            head,
            b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nSee what is attached.\r\n",
            *parts,
            b"--x--\r\n",
        ]
    )


def darkness(colour: str) -> float:
    """How dark a CSS colour is, from 0 for white to 1 for black."""
    red, green, blue = (int(each) for each in re.findall(r"\d+", colour)[:3])
    return 1 - (red + green + blue) / (3 * 255)
