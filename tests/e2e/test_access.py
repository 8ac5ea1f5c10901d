"""For everybody: what axe finds in each view, language and theme; and that no words are cut off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.helpers import read
from tests.support.desk import NARROW, WIDE

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.desk import Desk

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = ("mail", "outbox", "activity", "wire", "statistics", "rules", "settings", "setup")
LOOKS = [("en-GB", "light"), ("en-GB", "dark"), ("zh-CN", "light"), ("zh-CN", "dark")]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Words that end in dots by design say so with this class, or have a title that holds the whole.
CUT_OFF = """() => {
  const shown = (each) => each.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
  const byDesign = ".ellipsis, .mono, input, textarea, select, iframe, pre, [data-key], .hidden, .tools";
  return [...document.querySelectorAll("body *")]
    .filter((each) => shown(each) && !each.closest(byDesign) && each.childElementCount === 0)
    .filter((each) => each.textContent.trim() && each.scrollWidth > each.clientWidth + 1)
    .filter((each) => getComputedStyle(each).display !== "inline")
    .map((each) => each.textContent.trim().slice(0, 60));
}"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def cut_off(page: Page) -> list[str]:
    """Words that are not seen whole, and whether the window has to be scrolled sideways."""
    wide = ["wider than the window"] if page.evaluate(TOO_WIDE) > 0 else []
    return [*page.evaluate(CUT_OFF), *wide]


def findings(page: Page, within: str = "html") -> list[str]:
    """What axe calls serious or critical."""
    page.evaluate(AXE.read_text("utf-8"))
    options: Any = {"runOnly": {"type": "tag", "values": TAGS}, "iframes": False}
    found = page.evaluate("([within, options]) => axe.run(within, options)", [within, options])
    return [
        f"{each['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:4]
    ]


def shown(page: Page, origin: str, view: str) -> None:
    """Go to a view and wait until it stands."""
    page.goto(f"{origin}/#/{view}")
    page.locator("main h1").first.wait_for()
    page.wait_for_timeout(150)


@pytest.mark.parametrize(("locale", "theme"), LOOKS)
def test_axe_finds_nothing_serious_in_any_view(mail: Desk, locale: str, theme: Any) -> None:
    page = mail.open(locale=locale, color_scheme=theme)
    wrong = {}
    for view in VIEWS:
        shown(page, mail.origin, view)
        wrong[view] = findings(page)
    shown(page, mail.origin, "mail")
    read(page, "Nils Aune")
    wrong["message"] = findings(page)
    page.keyboard.press("c")
    page.locator(".compose[role=dialog]").wait_for()
    wrong["compose"] = findings(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    wrong["keys"] = findings(page)
    assert {view: found for view, found in wrong.items() if found} == {}


@pytest.mark.parametrize(
    "size", [WIDE, {"width": 800, "height": 1000}, NARROW], ids=["wide", "tablet", "phone"]
)
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_no_words_are_cut_off(mail: Desk, locale: str, size: Any) -> None:
    page = mail.open(locale=locale, viewport=size)
    cut = {}
    for view in VIEWS:
        shown(page, mail.origin, view)
        cut[view] = cut_off(page)
    shown(page, mail.origin, "mail")
    read(page, "Nils Aune")
    cut["message"] = cut_off(page)
    assert {view: words for view, words in cut.items() if words} == {}
