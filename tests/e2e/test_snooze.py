"""A snoozed message leaves the inbox, is found where it waits, and comes back: by hand or at its time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from hongyan.app.clock import now
from hongyan.store import Role
from tests.e2e.helpers import box, read, row
from tests.e2e.test_handling import UNREAD, held
from tests.support.desk import NARROW, until

if TYPE_CHECKING:
    from tests.support.desk import Desk

SUBJECT = "Weekly position report"


def test_snoozed_by_key_undone_and_brought_back_by_hand(mail: Desk) -> None:
    page = mail.open()
    read(page, SUBJECT)
    page.keyboard.press("b")
    page.get_by_role("menuitem", name="Tomorrow").click()
    expect(row(page, SUBJECT)).to_have_count(0)
    until(lambda: SUBJECT in held(mail, Role.SNOOZED))
    assert SUBJECT not in held(mail, Role.INBOX)
    page.keyboard.press("z")
    expect(row(page, SUBJECT)).to_be_visible()
    until(lambda: SUBJECT in held(mail, Role.INBOX))
    read(page, SUBJECT)
    page.keyboard.press("b")
    page.get_by_role("menuitem", name="Next week").click()
    box(page, "Snoozed").click()
    row(page, SUBJECT).click(button="right")
    page.get_by_role("menuitem", name="Snooze").click()
    page.get_by_role("menuitem", name="Bring back now").click()
    expect(row(page, SUBJECT)).to_have_count(0)
    expect(page.get_by_text("Brought back.")).to_be_visible()
    until(lambda: SUBJECT in held(mail, Role.INBOX))
    page.keyboard.press("z")  # back to where it waits, until the same time
    expect(row(page, SUBJECT)).to_be_visible()
    (account,) = mail.app.store.accounts.list()
    due = mail.app.store.snoozes.next_due(account.id)
    assert due is not None
    assert due - now() > timedelta(days=1)


def test_it_comes_back_at_its_time_by_itself(mail: Desk) -> None:
    page = mail.open(viewport=NARROW)
    expect(row(page, "Welcome. Here is how to play")).to_be_visible()
    expect(row(page, SUBJECT)).to_have_count(0)
    (account,) = mail.app.store.accounts.list()
    aside = mail.app.store.mailboxes.find(account.id, Role.SNOOZED)
    (email,) = mail.app.store.messages.page(aside.id, limit=5)
    mail.app.store.snoozes.snooze(email.id, now() + timedelta(seconds=2))
    mail.app.workers.wake(account.id)
    expect(row(page, SUBJECT)).to_be_visible()
    expect(row(page, SUBJECT)).to_have_class(UNREAD)
    assert SUBJECT not in held(mail, Role.SNOOZED)
