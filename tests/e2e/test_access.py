"""For everybody: what axe finds in each view, language and theme; and that no words are cut off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.scenes import SCENES, VIEWS, leave
from tests.support.desk import NARROW, WIDE

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.desk import Desk

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
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


def findings(page: Page, within: str) -> list[str]:
    """What axe calls serious or critical."""
    options: Any = {"runOnly": {"type": "tag", "values": TAGS}, "iframes": False}
    found = page.evaluate("([within, options]) => axe.run(within, options)", [within, options])
    return [
        f"{each['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:4]
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("locale", "theme", "size"),
    [
        ("en-GB", "light", WIDE),
        ("en-GB", "dark", NARROW),
        ("zh-CN", "dark", WIDE),
        ("zh-CN", "light", NARROW),
    ],
)
def test_every_scene_is_for_everybody(mail: Desk, locale: str, theme: Any, size: Any) -> None:
    """Views, dialogues, menus, forms: nothing serious for axe, no words that are cut off."""
    page = mail.open(locale=locale, color_scheme=theme, viewport=size)
    page.evaluate(AXE.read_text("utf-8"))
    wrong: dict[str, list[str]] = {}
    for name, (scene, within) in SCENES.items():
        leave(page)
        scene(page)
        page.locator(within).first.wait_for()
        page.wait_for_timeout(200)  # what fades in
        wrong[name] = [*findings(page, within), *cut_off(page)]
    mail.forgive("ERR_INTERNET_DISCONNECTED")
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_no_words_are_cut_off_on_a_tablet(mail: Desk, locale: str) -> None:
    page = mail.open(locale=locale, viewport={"width": 800, "height": 1000})
    wrong: dict[str, list[str]] = {}
    for name in VIEWS:
        SCENES[name][0](page)
        page.wait_for_timeout(150)
        wrong[name] = cut_off(page)
    assert {name: words for name, words in wrong.items() if words} == {}
