"""What goes wrong is said in the page's language; what a server said stays as it was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from hongyan.app.accounts import AccountChange
from hongyan.mime import builder
from hongyan.store.rule import Action, Do, Rule
from tests.cli.command import DEAD
from tests.support.desk import NARROW, desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.support.desk import Desk


@pytest.fixture(scope="module")
def running(browser: Browser) -> Iterator[Desk]:
    """A desk that has its mail already, and whose servers are then gone."""
    with desk(browser=browser) as started:
        (account,) = started.app.store.accounts.list()
        dead = DEAD.replace("smtp", "pop3")
        started.app.accounts.update(
            account, AccountChange(imap_url=None, pop3_url=dead, smtp_url=DEAD)
        )
        yield started


def test_activity_in_chinese(mail: Desk) -> None:
    page = mail.open(viewport=NARROW, locale="zh-CN")
    expect(page.locator("[role=option][data-key]").first).to_be_visible(timeout=30_000)
    page.goto(f"{mail.origin}/#/activity")
    page.get_by_role("button", name="立即收取新邮件").click()
    card = page.locator("main li.card")
    expect(card).to_contain_text("127.0.0.1 拒绝在端口", timeout=20_000)
    expect(card).not_to_contain_text("refused")
    expect(card.get_by_text("等待中")).to_be_visible()


def test_the_outbox_in_chinese(mail: Desk) -> None:
    (account,) = mail.app.store.accounts.list()
    letter = builder.Draft(
        from_=mail.app.sending.identity(account),
        to=builder.parse_recipients("bo@there.example", field="to"),
        subject="plan",
        text="hello",
    )
    mail.app.sending.queue(account, letter)
    mail.app.workers.wake(account.id)
    page = mail.open("#/outbox", locale="zh-CN")
    expect(page.locator("main li.card")).to_contain_text("127.0.0.1 拒绝在端口", timeout=20_000)


def test_a_test_of_servers_and_a_wrong_rule_in_chinese(mail: Desk) -> None:
    page = mail.open("#/settings", locale="zh-CN")
    page.get_by_role("button", name="测试", exact=True).click()
    expect(page.locator(".result.bad").first).to_contain_text("拒绝在端口", timeout=20_000)
    page.goto(f"{mail.origin}/#/rules")
    page.get_by_role("button", name="新规则").click()
    form = page.locator("main form")
    form.locator("input.mono").fill("(build")
    form.get_by_role("button", name="试一试，不做更改").click()
    expect(form.get_by_role("alert")).to_have_text("搜索条件在第 1 个字符处有误：这个括号没有闭合")
    page.get_by_label("搜索邮件").fill("before:soon")
    missing = page.get_by_text("搜索条件在第 1 个字符处有误：before: 后面要写日期")
    expect(missing).to_be_visible(timeout=20_000)


def test_what_a_server_cannot_do_in_chinese(mail: Desk) -> None:
    mail.app.store.rules.add(
        Rule(name="星标", query="is:flagged", actions=(Action(Do.MARK, "$seen"),))
    )
    page = mail.open("#/rules", locale="zh-CN")
    page.get_by_role("button", name="转为 Sieve").click()
    expect(page.get_by_text("星标: Sieve 无法表达 is:flagged")).to_be_visible()


def test_the_same_in_english(mail: Desk) -> None:
    page = mail.open("#/activity")
    expect(page.locator("main li.card")).to_contain_text(
        "127.0.0.1 refuses connections", timeout=20_000
    )
