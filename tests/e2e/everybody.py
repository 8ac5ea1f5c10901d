"""What makes a page one for everybody, asked of the page that stands: axe, words seen whole, the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.desk import NARROW, WIDE

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES: dict[str, Any] = {"wide": WIDE, "tablet": {"width": 800, "height": 1000}, "phone": NARROW}
# Words that end in dots by design say so with this class, or have a title that holds the whole.
CUT_OFF = """() => {
  const shown = (each) => each.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
  const byDesign = ".ellipsis, .mono, input, textarea, select, iframe, pre, [data-key], .hidden, .tools";
  const {scrollWidth, clientWidth} = document.documentElement;
  const words = [...document.querySelectorAll("body *")]
    .filter((each) => each.childElementCount === 0 && each.scrollWidth > each.clientWidth + 1 && each.textContent.trim())
    .filter((each) => !each.closest(byDesign) && shown(each) && getComputedStyle(each).display !== "inline")
    .map((each) => each.textContent.trim().slice(0, 60));
  return scrollWidth > clientWidth ? [...words, "wider than the window"] : words;
}"""
# What a person can act on, what the Tab key came to, and whether one saw that it did. A text field shows its caret.
WATCH = """() => {
  const reached = new Set(), unseen = [];
  const said = (each) => each.outerHTML.replace(/(?<!^)<svg.*/s, "").slice(0, 140);
  const ringed = (each) => {
    const {outlineStyle, outlineWidth} = getComputedStyle(each);
    return outlineStyle !== "none" && outlineWidth !== "0px";
  };
  // A frame shows the focus in itself.
  const hasCaret = (each) => each.tagName === "IFRAME" || each.isContentEditable || each.matches("textarea, input:not([type=checkbox], [type=radio], [type=file])");
  addEventListener("focusin", ({target}) => {
    if (reached.has(target)) return;
    reached.add(target);
    if (!ringed(target) && !hasCaret(target) && !target.hasAttribute("aria-activedescendant")) unseen.push(said(target));
  }, true);
  const clicked = (each) => Object.getOwnPropertySymbols(each).some((key) => key.description === "events" && ("click" in each[key] || "pointerdown" in each[key]));
  const acts = (each) => each.matches("a[href], button, input, select, textarea, summary, [contenteditable=true], [role=button], [role=link], [role=option], [role^=menuitem]") || clicked(each);
  // A click beside what lies over the page closes it, as Escape does; what a picture shows stands as a list below it.
  const beside = (each) => each.matches("dialog, [role=presentation], [role=img]");
  // What a list or a menu holds is chosen by the arrow keys: its field, or the list itself, has the focus and says which it is.
  const inList = (each) => {
    const list = each.matches("[role=option], [role^=menuitem]") && each.closest("[role=listbox], [role=menu]");
    const field = list && document.querySelector(`[aria-controls="${list.id}"]`);
    return list && (list.tabIndex === 0 || list === document.activeElement || list.matches("[role=menu]") || (field && reached.has(field)));
  };
  window.missed = (within) => [...document.querySelectorAll(`${within}, ${within} *`)]
    .filter((each) => acts(each) && each.checkVisibility({checkVisibilityCSS: true}) && !each.matches(":disabled") && !beside(each))
    .filter((each) => !reached.has(each) && each !== document.activeElement && !inList(each)).map(said);
  window.unseen = () => unseen.splice(0);
  window.forget = () => (reached.clear(), unseen.splice(0));
}"""
STEPS = 20  # presses of the Tab key before the page is asked what is left
MOST = 20  # times that many


def prepare(page: Page) -> None:
    """Give the page what the questions need, once."""
    page.evaluate(AXE.read_text("utf-8"))
    page.evaluate(WATCH)


def findings(page: Page, within: str = "html") -> list[str]:
    """What axe calls serious or critical."""
    options: Any = {
        "runOnly": {"type": "tag", "values": TAGS},
        "iframes": False,
        "resultTypes": ["violations"],
    }
    found = page.evaluate("([within, options]) => axe.run(within, options)", [within, options])
    return [
        f"{each['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:4]
    ]


def findings_on_a_phone(page: Page, within: str = "html") -> list[str]:
    """Return what `findings` does of the page that stands, made as narrow as a phone."""
    before: Any = page.viewport_size
    page.set_viewport_size(SIZES["phone"])
    found = [f"phone: {each}" for each in findings(page, within)]
    page.set_viewport_size(before)
    return found


def cut_off(page: Page) -> list[str]:
    """Words that are not seen whole, and whether the window has to be scrolled sideways, at each size."""
    before: Any = page.viewport_size
    found = []
    for name, size in SIZES.items():
        page.set_viewport_size(size)
        found += [f"{name}: {words}" for words in page.evaluate(CUT_OFF)]
    page.set_viewport_size(before)
    return found


def without_mouse(page: Page, within: str) -> list[str]:
    """What the Tab key does not come to, and what it comes to without a sign of it.

    Of a menu, which the Tab key closes, this says that the arrow keys go through all of it.
    """
    if "menu" in within:
        return through_menu(page, within)
    page.evaluate("forget()")
    missed: list[str] = []
    for _ in range(MOST):
        missed = page.evaluate("within => missed(within)", within)
        if not missed:
            break
        for _ in range(STEPS):
            page.keyboard.press("Tab")
    unseen = [f"no sign of the focus: {each}" for each in page.evaluate("unseen()")]
    return [*(f"out of reach: {each}" for each in missed), *unseen]


def through_menu(page: Page, menu: str) -> list[str]:
    """The choices of a menu that the arrow keys do not come to."""
    choices = page.locator(f"{menu} [role^=menuitem], {menu} [role=option]")
    ids = {each.get_attribute("id") for each in choices.all()}
    for _ in ids.copy():
        ids.discard(page.evaluate("document.activeElement.getAttribute('aria-activedescendant')"))
        page.keyboard.press("ArrowDown")
    return [f"out of reach: {each}" for each in ids]
