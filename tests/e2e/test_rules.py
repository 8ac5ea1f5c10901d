"""A rule on the page: tried, which changes nothing; applied; taken back; kept, changed, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from hongyan.store import Role
from hongyan.store.rule import Action, Do, Rule
from tests.e2e.helpers import box, row
from tests.e2e.test_handling import held
from tests.support.desk import NARROW, until

if TYPE_CHECKING:
    from tests.support.desk import Desk

PASSED, FAILED = "[reedbed/flightpath] Build 418 passed", "Build 417 failed"


def test_made_of_a_search_tried_applied_and_undone(mail: Desk) -> None:
    page = mail.open()
    expect(row(page, PASSED)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("subject:build")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Make a rule").click()
    before = held(mail, Role.INBOX)
    form = page.locator("main form")
    expect(form.get_by_label("For messages that match")).to_have_value("subject:build")
    form.get_by_label("Then", exact=True).first.select_option("Move to Trash")
    form.get_by_role("button", name="Try it").click()
    would = form.get_by_role("status")
    expect(would).to_contain_text("It would change")
    expect(would.get_by_role("listitem").filter(has_text=PASSED)).to_contain_text("Inbox → Trash")
    assert held(mail, Role.INBOX) == before
    form.get_by_role("button", name="Apply").click()
    until(lambda: PASSED in held(mail, Role.TRASH))
    page.get_by_role("button", name="Undo").click()
    until(lambda: held(mail, Role.INBOX) == before)
    form.get_by_role("button", name="Save").click()
    expect(page.locator("main li.card")).to_contain_text("Move to Trash")
    (rule,) = mail.app.store.rules.list()
    assert (rule.name, rule.query) == ("subject:build", "subject:build")


def test_a_wrong_query_is_told_at_its_place(mail: Desk) -> None:
    page = mail.open(viewport=NARROW)
    page.get_by_role("button", name="Mailboxes").click()
    box(page, "Rules").click()
    page.get_by_role("button", name="New rule").click()
    form = page.locator("main form")
    query = form.get_by_label("For messages that match")
    query.fill("(build")
    for press in ("Try it", "Save"):
        form.get_by_role("button", name=press).click()
        expect(query).to_have_attribute("aria-invalid", "true")
        expect(form.get_by_role("alert")).to_have_count(1)
    query.fill("no such words anywhere")
    form.get_by_role("button", name="Try it").click()
    expect(form.get_by_role("status")).to_contain_text("It would change nothing")
    expect(form.get_by_role("alert")).to_have_count(0)


def test_a_removed_rule_comes_back_to_its_place(mail: Desk) -> None:
    rules = mail.app.store.rules
    for name in ("first", "second"):
        rules.add(Rule(name=name, query=name, actions=(Action(Do.TRASH),)))
    before = [rule.name for rule in rules.list()]
    page = mail.open("#/rules")
    page.locator("main li.card").filter(has_text="first").get_by_role(
        "button", name="Delete"
    ).click()
    until(lambda: "first" not in [rule.name for rule in rules.list()])
    page.get_by_role("button", name="Undo").click()
    until(lambda: [rule.name for rule in rules.list()] == before)
