"""Mail in and out on the page: files that are chosen, jobs that are watched, a file that is saved."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from hongyan.store import Role
from tests.e2e.helpers import box
from tests.e2e.test_handling import held
from tests.support.desk import NARROW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.desk import Desk

LETTER = (
    b"From x@x Thu Jan  1 00:00:00 2026\nFrom: a@x.example\nSubject: from the %s %d\n\nBody.\n\n"
)


def mbox(place: bytes, count: int) -> bytes:
    return b"".join(LETTER % (place, number) for number in range(count))


def test_a_file_comes_in_and_all_mail_goes_out(mail: Desk, tmp_path: Path) -> None:
    page = mail.open()
    box(page, "Settings").click()
    page.get_by_label("Import mail that you have").set_input_files(
        {"name": "Attic.mbox", "mimeType": "application/mbox", "buffer": mbox(b"attic", 12)}
    )
    expect(page.get_by_text("12 messages imported.")).to_be_visible()
    expect(box(page, "Attic")).to_be_visible()
    (account,) = mail.app.store.accounts.list()
    attic = mail.app.store.mailboxes.find(account.id, "Attic")
    assert attic.total == 12

    page.get_by_label("Only what this search finds").fill("subject:attic")
    page.get_by_role("combobox", name="As files of this kind").select_option("mbox files")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_text("12 messages exported.")).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save", exact=True).click()
    saving.value.save_as(tmp_path / "mail.zip")
    with zipfile.ZipFile(tmp_path / "mail.zip") as saved:
        mboxes = [name for name in saved.namelist() if name.endswith(".mbox")]
        assert sum(saved.read(name).count(b"from the attic") for name in mboxes) == 12
    assert saving.value.suggested_filename.endswith("-mbox.zip")


def test_a_list_of_any_length_is_scrolled_and_only_what_is_near_is_kept(mail: Desk) -> None:
    """More rows than the page keeps: those that were let go are fetched again when one is back."""
    page = mail.open("#/settings")
    page.get_by_label("Import mail that you have").set_input_files(
        {"name": "Loft.mbox", "mimeType": "application/mbox", "buffer": mbox(b"loft", 800)}
    )
    box(page, "Loft").click()
    expect(page.locator(".listing header")).to_contain_text("800")
    rows = page.locator("[role=option][data-key]")
    expect(rows.first).to_contain_text("from the loft")
    first = page.locator("[aria-posinset='1']").inner_text()

    def shown(number: int) -> None:
        page.locator(".list").evaluate("(list, top) => list.scrollTo(0, top)", 78 * (number - 1))
        expect(page.locator(f"[aria-posinset='{number}']")).to_contain_text("from the loft")

    for number in range(1, 800, 40):
        shown(number)
    with page.expect_request(lambda asked: "Email/get" in (asked.post_data or "")):
        shown(1)
    expect(page.locator("[aria-posinset='1']")).to_have_text(first, use_inner_text=True)


def test_a_job_that_fails_says_why_where_it_is_watched(mail: Desk) -> None:
    page = mail.open("#/settings", viewport=NARROW)
    broken = io.BytesIO()
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("x.eml", "Subject: x\n\n")
    octets = broken.getvalue().replace(b"Subject: x", b"Subject: y")  # its checksum is wrong now
    page.get_by_label("Import mail that you have").set_input_files(
        {"name": "broken.zip", "mimeType": "application/zip", "buffer": octets}
    )
    expect(page.get_by_text("It did not work: Activity says why.")).to_be_visible()
    page.goto(f"{mail.origin}/#/activity")
    card = page.get_by_role("listitem").filter(has_text="Import of broken.zip")
    expect(card).to_contain_text("Failed")
    expect(card).to_contain_text("Bad CRC-32")
    assert "y" not in held(mail, Role.INBOX)
