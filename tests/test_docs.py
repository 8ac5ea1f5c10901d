"""The documents are true: their examples run, their links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hongyan.demo.host import DemoHost

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def host() -> Iterator[DemoHost]:
    with DemoHost() as running:
        yield running


def examples() -> list[tuple[str, str]]:
    return [
        (f"{page.name}-{number}", code)
        for page in PAGES
        for number, code in enumerate(EXAMPLE.findall(page.read_text("utf-8")), 1)
    ]


@pytest.mark.parametrize(("name", "code"), examples(), ids=[name for name, _ in examples()])
def test_examples_run_as_they_stand(name: str, code: str, host: DemoHost) -> None:
    """Only the server and the password are put in their place."""
    for scheme in ("pop3s", "pop3", "smtps", "smtp"):
        code = code.replace(f'"{scheme}://mail.example.org"', repr(getattr(host, f"{scheme}_url")))
    code = code.replace('"password"', repr(host.password))
    exec(compile(code, name, "exec"), {"__name__": "example"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
