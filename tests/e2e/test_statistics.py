"""Statistics on the page, as plots and as tables, and leaving a list from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.helpers import box, read
from tests.support.authority import Authority
from tests.support.desk import NARROW, desk, until
from tests.support.names import Internet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.support.desk import Desk


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    with pytest.MonkeyPatch.context() as environment, Internet(authority) as running:
        environment.setenv("SSL_CERT_FILE", str(authority.pem))
        running.serve_pages("slowpost.example")
        yield running


@pytest.fixture(scope="module")
def running(browser: Browser, internet: Internet) -> Iterator[Desk]:
    with desk(browser=browser, network=internet.network) as started:
        yield started


def test_what_is_counted_is_what_there_is(mail: Desk) -> None:
    page = mail.open()
    box(page, "Statistics").click()
    (account,) = mail.app.store.accounts.list()
    total = mail.app.store.search.count("")
    sent = mail.app.store.search.count("in:sent")
    figures = page.locator(".figures")
    expect(figures).to_contain_text(f"Messages{total}")
    expect(figures).to_contain_text(f"Sent{sent}")
    section = page.locator("section").filter(has_text="Mail per day")
    section.get_by_role("button", name="Show as a table").click()
    rows = section.locator("tbody tr")
    counts = [int(cell) for cell in rows.locator("td:nth-child(3)").all_inner_texts()]
    assert sum(counts) == sent
    received = [int(cell) for cell in rows.locator("td:nth-child(2)").all_inner_texts()]
    assert sum(received) == total - sent
    page.get_by_label("Period").select_option("30 days")
    expect(figures).to_contain_text("Messages")
    assert account.address not in page.locator("main").inner_text()


def test_a_list_is_left_by_one_click_after_asking(mail: Desk, internet: Internet) -> None:
    page = mail.open("#/statistics")
    page.get_by_role("button", name="Unsubscribe: The Slow Post").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("slowpost.example")
    question.get_by_role("button", name="Cancel").click()
    assert internet.posted == []
    page.get_by_role("button", name="Unsubscribe: The Slow Post").click()
    question.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_text("slowpost.example has taken you off the list.")).to_be_visible()
    ((url, _, body),) = internet.posted
    assert (url, body) == ("https://slowpost.example/leave/51c0", b"List-Unsubscribe=One-Click")
    until(lambda: mail.app.store.search.count("label:$unsubscribed") == 1)


def test_a_list_whose_host_fails_leaves_the_way_to_its_page(mail: Desk) -> None:
    page = mail.open(viewport=NARROW)
    read(page, "Paper Lantern")
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_role("dialog").get_by_role("button", name="Unsubscribe").click()
    expect(
        page.get_by_text("paperlantern.example did not confirm that you are off the list.")
    ).to_be_visible()
    expect(page.get_by_role("button", name="Open its page")).to_be_visible()
