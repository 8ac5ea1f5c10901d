"""The page in Chromium on a large store, by the browser's own clock.

The store is that of `bench.million`: it is opened as it is, and nothing in it is marked. The page marks when its first
list and a message are there (`performance.mark`); the rest is timed inside the page, to the frame that shows it.
"""

from __future__ import annotations

import gzip
import statistics
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from tools import page as built

from bench import million
from bench.table import Bar, Table
from hongyan.app import Address, App, Config
from tests.support.browser import chromium
from tests.support.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from bench.plan import Plan
    from bench.site import Site

OPENED = 1_000
HEADS = ("what", "median", "longest", "times")
LISTED = "performance.getEntriesByName('hongyan:list')[0]?.startTime ?? 0"
STAGES = (
    "  until its script runs",
    "  until it is let in",
    "  until the mailboxes are there",
    "  until the rows are there",
    "  until they are painted",
)
SPENT = """() => {
  const ends = path => performance.getEntriesByType("resource").filter(each => new URL(each.name).pathname === path).map(each => each.responseEnd);
  const calls = ends("/jmap/api").sort((a, b) => a - b);
  const entered = Math.max(...ends("/session"), ...ends("/session/start"), ...ends("/.well-known/jmap"));
  const moments = [performance.getEntriesByName("hongyan:start")[0].startTime, entered, calls[0], calls[1], performance.getEntriesByName("hongyan:list")[0].startTime];
  return moments.map((each, index) => each - (moments[index - 1] ?? 0));
}"""
NEXT = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
PRESS = """async key => {
  const start = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""
OPEN = """async () => {
  const list = document.querySelector("[role=listbox][aria-multiselectable]");
  list.scrollTop += 300;
  await new Promise(done => setTimeout(done, 300));  // the rows there, none of them opened before, are fetched
  const rows = [...document.querySelectorAll("[role=option][data-key]")];
  const row = rows[rows.length >> 1];
  const start = performance.now();
  performance.clearMarks("hongyan:message");
  row.click();
  while (!performance.getEntriesByName("hongyan:message").length || !document.querySelector(".reader .plain, .reader iframe"))
    await new Promise(done => setTimeout(done));
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""
SEARCH = """async words => {
  const field = document.querySelector("#search");
  field.focus();
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  setter.call(field, words);
  const start = performance.now();
  field.dispatchEvent(new InputEvent("input", {bubbles: true}));
  const found = () => location.hash.startsWith("#/search/" + encodeURIComponent(words)) && document.querySelector(".list:not([aria-busy=true]) [data-key]");
  await new Promise(done => setTimeout(done));  // by now the search has begun
  while (!found() && performance.now() - start < 10000) await new Promise(done => setTimeout(done));
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""
SCROLL = """async steps => {
  const list = document.querySelector("[role=listbox][aria-multiselectable]");
  const frames = [];
  let before = performance.now();
  for (let step = 0; step < steps; step++) {
    list.scrollTop += step % 50 === 49 ? 400000 : 240;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - before);
    before = now;
  }
  return frames;
}"""


def run(site: Site, plan: Plan) -> Iterator[Table]:
    """Measure."""
    built.build()
    home = million.profile(site, plan)
    with ExitStack() as stack:
        app = stack.enter_context(App(Config(home)))
        server = app.server(Address(port=0))
        server.start()
        stack.callback(server.stop)
        browser = stack.enter_context(chromium())
        desk = Desk(app=app, browser=browser, server=server)
        yield _table(desk, plan)
        desk.close()


def _table(desk: Desk, plan: Plan) -> Table:
    times = plan.scaled(40, least=5)
    cold = [_listed(desk.open()) for _ in range(plan.scaled(5, least=2))]
    page = desk.open()
    page.evaluate("localStorage.setItem('hongyan.settings', JSON.stringify({markRead: 'never'}))")
    warm, spent = [], []
    for _ in range(plan.scaled(5, least=2)):
        warm.append(_listed(page, again=True))
        spent.append(page.evaluate(SPENT))
    stages = dict(zip(STAGES, map(list, zip(*spent, strict=True)), strict=True))
    keys = _pressed(page, times)
    opened = [page.evaluate(OPEN) for _ in range(times)]
    frames = page.evaluate(SCROLL, plan.scaled(400, least=100))[1:]
    searches = [
        page.evaluate(SEARCH, words) for words in ("river", "estuary", "鸿雁", "late train", "reed")
    ]
    growth = _growth(page, plan.scaled(OPENED, least=60))
    total = sum(
        each.total for each in desk.app.store.mailboxes.list(desk.app.store.accounts.list()[0].id)
    )
    rows = {"first list, cold (ms)": cold, "first list, warm (ms)": warm, **stages, "j or k to its frame (ms)": keys,
            "open to its text (ms)": opened, "search to its results (ms)": searches, "a frame of scrolling (ms)": frames}  # fmt: skip
    bars = (
        Bar("first list, cold, ms", statistics.median(cold), 600),
        Bar("first list, warm, ms", statistics.median(warm), 250),
        Bar("opening a message to its text, ms", statistics.median(opened), 80),
        Bar("j and k, ms", statistics.median(keys), 30),
        Bar("first search results, ms", statistics.median(searches), 120),
        Bar("the longest frame of scrolling, ms", max(frames), 50),
        Bar("JavaScript loaded at first, KB gzipped", _javascript(desk), 150),
        Bar(
            f"growth of memory over {plan.scaled(OPENED, least=60)} opened messages, MB", growth, 5
        ),
    )
    return Table(
        f"The page on {total:,} messages",
        HEADS,
        tuple(_row(name, of) for name, of in rows.items()),
        bars=bars,
    )


def _row(name: str, times: list[float]) -> tuple[str, ...]:
    return name, f"{statistics.median(times):.1f}", f"{max(times):.1f}", str(len(times))


def _listed(page: Page, *, again: bool = False) -> float:
    """Return when the first list was painted, after the page's beginning."""
    if again:
        page.reload()
    page.locator("[role=option][data-key]").first.wait_for()
    page.evaluate(NEXT)
    return float(page.evaluate(LISTED))


def _pressed(page: Page, times: int) -> list[float]:
    page.locator("[role=option][data-key]").first.click()
    page.locator(".reader article").first.wait_for()
    took = [page.evaluate(PRESS, "j" if at % 4 < 3 else "k") for at in range(times)]
    page.keyboard.press("u")
    return took


def _growth(page: Page, opened: int) -> float:
    """Return by how many megabytes the heap grew over so many messages, the first tenth aside."""
    page.goto(page.url.partition("#")[0] + "#/mail/all/inbox")
    page.locator("[role=option][data-key]").first.click()
    session = page.context.new_cdp_session(page)

    def heap() -> float:
        session.send("HeapProfiler.collectGarbage")
        return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6

    def read(count: int) -> None:
        for _ in range(count):
            page.keyboard.press("j")
            page.wait_for_timeout(25)

    read(opened // 10)
    before = heap()
    read(opened - opened // 10)
    return heap() - before


def _javascript(desk: Desk) -> float:
    page = desk.open()
    page.locator("[role=option][data-key]").first.wait_for()
    names: list[Any] = page.evaluate(
        "performance.getEntriesByType('resource').map(each => new URL(each.name).pathname)"
    )
    first = {name for name in names if name.endswith(".js")}
    octets = [len(gzip.compress((built.PAGE / name.lstrip("/")).read_bytes())) for name in first]
    return sum(octets) / 1000
