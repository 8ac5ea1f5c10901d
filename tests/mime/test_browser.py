"""The vectors in a real browser: what is sanitised asks for nothing and runs nothing.

All vectors stand in frames of one page, so they have the same time to do harm. The same vectors as
they came show that the trap sees: there it counts requests, look-ups and scripts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hongyan.mime import parse
from hongyan.mime.html import sanitise
from tests.mime.test_html import VECTORS
from tests.support.browser import Trap, chromium_at_home

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
STRICT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
ICON = "<link rel=icon href=data:,>"  # or the browser asks for one by itself
LOOK_UP = "<link rel=dns-prefetch href=http://looked-up.invalid>"
PATIENCE = 3000  # milliseconds for what waits before it does harm, such as a refresh


def vectors() -> list[str]:
    """Return the HTML of every vector: our own, and those of the shared corpus if it is there."""
    pages = list(VECTORS)
    for path in sorted((CORPUS / "leak-vectors").glob("*.eml")):
        pages += [part.text() for part in parse(path.read_bytes()).body.html]
    folder = CORPUS / "sanitizer"
    pages += [
        path.read_text("utf-8").partition("\n--\n")[0] for path in folder.glob("bleach/*.test")
    ]
    if (cases := folder / "thunderbird-android-html-sanitizer.json").exists():
        pages += [case["html"] for case in json.loads(cases.read_text("utf-8")) if case["html"]]
    return pages


@dataclass(frozen=True)
class Harm:
    """What the vectors did: requests, names looked up, scripts that ran."""

    asked: list[str]
    looked_up: list[str]
    scripts: list[str]


def render(pages: list[str], headers: dict[str, str], folder: Path) -> Harm:
    """Show all ``pages`` in frames of one document and return what came of it."""
    frames = "".join(f"<iframe src=/{number}></iframe>" for number in range(len(pages)))
    served = {f"/{number}": (headers, ICON + page) for number, page in enumerate(pages)}
    served["/"] = ({}, f"<!doctype html>{ICON}{frames}")
    net_log, scripts = folder / "net.json", list[str]()
    with Trap(served) as site, Trap({}) as world:
        with chromium_at_home(folder, elsewhere=world.host, net_log=net_log) as context:
            page = context.new_page()
            debugger = context.new_cdp_session(page)
            debugger.on("Debugger.scriptParsed", lambda event: scripts.extend(pages_own(event)))
            debugger.send("Debugger.enable")
            page.goto(f"http://{site.host}/", wait_until="load")
            page.wait_for_timeout(PATIENCE)
            assert len(page.frames) >= len(pages) + 1
        return Harm(site.asked + world.asked, looked_up(net_log, world.host), scripts)


def pages_own(event: dict[str, Any]) -> list[str]:
    """Return where a script came from, unless it is the test driver's, in a world of its own."""
    return [event["url"]] if event["executionContextAuxData"]["isDefault"] else []


def looked_up(net_log: Path, world: str) -> list[str]:
    """Return the look-ups of hosts that are the world, those made ahead of a need too."""
    log = json.loads(net_log.read_text("utf-8"))
    request = log["constants"]["logEventTypes"]["HOST_RESOLVER_MANAGER_REQUEST"]
    hosts = (
        e["params"].get("host") for e in log["events"] if e["type"] == request and "params" in e
    )
    return [host for host in hosts if host and host.endswith(world)]


@pytest.mark.parametrize("policy", [None, STRICT], ids=["sanitised alone", "with its policy"])
def test_nothing_loads_and_nothing_runs(policy: str | None, tmp_path: Path) -> None:
    headers = {"Content-Security-Policy": policy} if policy else {}
    pages = vectors()
    assert render([sanitise(page) for page in pages], headers, tmp_path) == Harm([], [], [])
    assert len(pages) > 100 or not CORPUS.is_dir()


def test_the_trap_sees_what_the_vectors_do(tmp_path: Path) -> None:
    harm = render(vectors(), {}, tmp_path)
    assert any("leak.invalid" in line for line in harm.asked)
    assert harm.scripts


def test_the_trap_sees_a_name_that_is_only_looked_up(tmp_path: Path) -> None:
    harm = render([LOOK_UP], {}, tmp_path)
    assert (harm.asked, harm.scripts) == ([], [])
    assert harm.looked_up
