"""For everybody: what axe finds in each view, language and theme; and that no words are cut off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.scenes import SCENES
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
    assert {view: found for view, found in wrong.items() if found} == {}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("locale", "theme", "size"),
    [(*look, size) for look, size in zip(LOOKS, (WIDE, NARROW, NARROW, WIDE), strict=True)],
)
def test_every_scene_is_for_everybody(mail: Desk, locale: str, theme: Any, size: Any) -> None:
    """Messages, dialogues, menus, forms: nothing serious for axe, no words that are cut off."""
    page = mail.open(locale=locale, color_scheme=theme, viewport=size)
    wrong: dict[str, list[str]] = {}
    for name, (scene, within) in SCENES.items():
        page.goto("about:blank")
        page.goto(f"{mail.origin}/#/mail/all/inbox")
        scene(page)
        page.locator(within).first.wait_for()
        page.wait_for_timeout(200)  # what fades in
        wrong[name] = findings(page, within) + page.evaluate(CUT_OFF)
        if page.evaluate(TOO_WIDE) > 0:
            wrong[name].append("wider than the window")
    mail.forgive("ERR_INTERNET_DISCONNECTED")
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize(
    "size", [WIDE, {"width": 800, "height": 1000}, NARROW], ids=["wide", "tablet", "phone"]
)
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_no_words_are_cut_off(mail: Desk, locale: str, size: Any) -> None:
    page = mail.open(locale=locale, viewport=size)
    cut = {}
    for view in VIEWS:
        shown(page, mail.origin, view)
        cut[view] = page.evaluate(CUT_OFF)
        assert page.evaluate(TOO_WIDE) <= 0, f"{view} is wider than the window"
    assert {view: words for view, words in cut.items() if words} == {}
