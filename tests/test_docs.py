"""The documents are true: examples run, links lead somewhere, and what they name exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import mypy.api
import pytest

from hongyan.cli.main import cli
from hongyan.demo.host import DemoHost

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)
CODE = re.compile(r"`([^`]+)`")
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ANCHOR = re.compile(r"\[[^\]]*\]\(([^)#:]*)#([^)]+)\)")
STANDARDS = [ROOT / "STANDARDS.md", *sorted(ROOT.glob("docs/standards/*.md"))]
CORPUS = ROOT.parent / "shared/corpus"
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


HERE = [(name, code) for name, code in examples() if "imap" not in code.lower()]


@pytest.mark.parametrize(("name", "code"), HERE, ids=[name for name, _ in HERE])
def test_examples_run_as_they_stand(name: str, code: str, host: DemoHost) -> None:
    """Only the server and the password are put in their place; IMAP's run in ``tests/live``."""
    for scheme in ("pop3s", "pop3", "smtps", "smtp"):
        code = code.replace(f'"{scheme}://mail.example.org"', repr(getattr(host, f"{scheme}_url")))
    code = code.replace('"password"', repr(host.password))
    exec(compile(code, name, "exec"), {"__name__": "example"})


def test_examples_are_typed(tmp_path: Path) -> None:
    """As a stranger's program that uses the package, which has to be typed to the outside too."""
    for number, (_, example) in enumerate(examples()):
        (tmp_path / f"example{number}.py").write_text(example, "utf-8")
    told, trouble, code = mypy.api.run(
        ["--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}", str(tmp_path)]
    )
    assert (code, trouble) == (0, ""), told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def slug(heading: str) -> str:
    """Return the anchor that a heading gets in a rendered page."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_anchors_lead_to_a_heading(page: Path) -> None:
    for target, anchor in ANCHOR.findall(page.read_text("utf-8")):
        text = (page.parent / target if target else page).read_text("utf-8")
        assert anchor in map(slug, HEADING.findall(text)), f"{page.name}: {target}#{anchor}"


def cells(page: Path) -> Iterator[tuple[str, str]]:
    """Yield each cell of a page's tables with the name of its column."""
    columns: list[str] = []
    for line in page.read_text("utf-8").splitlines():
        if not line.startswith("|"):
            columns = []
        elif not columns:
            columns = [each.strip() for each in line.strip("|").split("|")]
        else:
            yield from zip(
                columns, (each.strip() for each in line.strip("|").split("|")), strict=True
            )


def named(page: Path, column: str) -> list[str]:
    """Return what the columns of that name hold between backticks, under their own folder."""
    found = []
    for title, cell in cells(page):
        word, _, rest = title.partition(" ")
        if word.removesuffix("s") == column:
            folder = "".join(CODE.findall(rest))
            found += [f"{folder}{each}" for each in CODE.findall(cell)]
    return found


def is_module(name: str) -> bool:
    path = ROOT / "src/hongyan" / name
    return path.exists() or path.with_name(f"{path.name}.py").exists()


def is_test(name: str, functions: frozenset[str]) -> bool:
    """Whether that is a path, a file of tests, a test function, a corpus or a transcript."""
    tests = ROOT / "tests"
    return (
        name in functions
        or (ROOT / name).exists()
        or (CORPUS / name).exists()
        or any(tests.rglob(name if name.endswith(".py") else f"{name}.py"))
        or any(tests.glob(f"{name}.txt"))
        or any(tests.glob(f"transcripts/*/{name}.*"))
    )


@pytest.fixture(scope="module")
def functions() -> frozenset[str]:
    texts = (path.read_text("utf-8") for path in ROOT.glob("tests/**/*.py"))
    return frozenset(name for text in texts for name in re.findall(r"def (test_\w+)", text))


@pytest.mark.parametrize("page", [*STANDARDS, ROOT / "docs/faults.md"], ids=lambda page: page.name)
def test_every_module_and_test_that_a_table_names_exists(
    page: Path, functions: frozenset[str]
) -> None:
    assert [each for each in named(page, "module") if not is_module(each)] == []
    assert [each for each in named(page, "test") if not is_test(each, functions)] == []


def test_the_standards_name_something() -> None:
    """So that the test above cannot pass by finding no table."""
    assert "pop3/wire.py" in named(ROOT / "STANDARDS.md", "module")
    assert "tests/sasl/test_scram.py" in named(ROOT / "STANDARDS.md", "test")
    assert "closed_after_dot" in named(ROOT / "docs/faults.md", "test")


def commands() -> list[str]:
    """Return each command that a page shows, in a block or in a line."""
    found: list[str] = []
    for page in PAGES:
        text = page.read_text("utf-8")
        found += [line for block in SHELL.findall(text) for line in block.splitlines()]
        found += [code for code in CODE.findall(text) if code.startswith("hongyan ")]
    return sorted({line for line in found if line.startswith(("hongyan ", "make "))})


@pytest.mark.parametrize("line", commands())
def test_every_command_shown_exists(line: str) -> None:
    program, *words = shlex.split(line, comments=True)
    if program == "make":
        assert f"\n{words[0]}:" in (ROOT / "Makefile").read_text("utf-8")
        return
    command: click.Command = cli
    while isinstance(command, click.Group) and words:
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None
        command = found
    command.make_parser(click.Context(command)).parse_args(words)  # raises what it does not know


def test_each_decision_has_a_number_of_its_own() -> None:
    pages = sorted(ROOT.glob("docs/decisions/*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert len(set(numbers)) == len(pages) > 15
    for page, number in zip(pages, numbers, strict=True):
        assert page.read_text("utf-8").startswith(f"# {number}. "), page.name
