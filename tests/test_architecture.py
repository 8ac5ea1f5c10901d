"""The import table of ARCHITECTURE.md, and the rule that effects are only yielded from."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SRC = Path(__file__).parent.parent / "src" / "hongyan"

ROOT_VALUES = {"errors", "guard", "reasons"}
WIRE = {"flow", "buffer", "dots", "sasl", *ROOT_VALUES}
MAY_IMPORT: dict[str, set[str]] = {
    "reasons": set(),
    "errors": {"reasons"},
    "guard": {"errors"},
    "flow": {"errors", "reasons"},
    "dots": set(),
    "buffer": {"errors", "dots"},
    "config": ROOT_VALUES,
    "keychain": ROOT_VALUES,
    "sasl": ROOT_VALUES,
    "pop3": WIRE,
    "smtp": WIRE,
    "imap": WIRE,
    "managesieve": WIRE,
    "mime": ROOT_VALUES,
    "net": {"flow", *ROOT_VALUES},
    "store": {"mime", *ROOT_VALUES},
    "transfer": {"store", "mime", *ROOT_VALUES},
    "discover": {"net", *ROOT_VALUES},
    "oauth": ROOT_VALUES,
    "doctor": ROOT_VALUES,
    "client": {"flow", "pop3", "smtp", "imap", "managesieve", "sasl", "net", *ROOT_VALUES},
    "aio": {"client"},
    "": {"client", "cli"},
    "sync": {
        "client",
        "flow",
        "smtp",
        "pop3",
        "imap",
        "sasl",
        "net",
        "mime",
        "store",
        "keychain",
        *ROOT_VALUES,
    },
    "demo": {"smtp", "pop3", "sasl", "mime", "dots", "buffer", *ROOT_VALUES},
    "jmap": {"store", "mime", *ROOT_VALUES},
    "server": {"jmap", "store", "mime", *ROOT_VALUES},
    "cli": {"app", "jmap", "demo", "mime", "store", "transfer", "config", "", *ROOT_VALUES},
}
OWNED = {
    "socket": {"net", "demo", "server"},
    "ssl": {"net", "demo"},
    "selectors": {"net"},
    "asyncio": {"net", "server"},
    "apsw": {"store"},
    "threading": {"net", "store", "transfer", "sync", "demo", "server", "keychain", "cli", "app"},
    "click": {"cli"},
}
FORBIDDEN = {"smtplib", "poplib", "imaplib", "email", "mailbox"}


@cache
def modules() -> tuple[tuple[str, Path, ast.Module], ...]:
    found = []
    for path in sorted(SRC.rglob("*.py")):
        parts = path.relative_to(SRC).with_suffix("").parts
        room = parts[0] if parts[0] not in ("__init__", "__main__") else ""
        found.append((room, path, ast.parse(path.read_text("utf-8"))))
    return tuple(found)


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            if node.module == "hongyan":
                yield from (f"hongyan.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize(
    ("room", "path", "tree"), [pytest.param(*m, id=str(m[1].relative_to(SRC))) for m in modules()]
)
def test_imports_follow_the_table(room: str, path: Path, tree: ast.Module) -> None:
    for name in imported(tree):
        top, _, rest = name.partition(".")
        if top == "hongyan":
            other = rest.partition(".")[0]
            other = "" if other.startswith("__") else other
            if room in MAY_IMPORT and other != room:
                assert other in MAY_IMPORT[room], f"{path}: {room} may not import hongyan.{other}"
        else:
            assert top not in FORBIDDEN, f"{path}: {top} is what Hongyan replaces"
            if top in OWNED:
                assert room in OWNED[top], f"{path}: {top} belongs to {sorted(OWNED[top])}"


@cache
def flow_functions() -> frozenset[str]:
    """The names of functions that return a Flow, by name alone."""
    return frozenset(
        node.name
        for _, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.returns
        and "Flow[" in ast.unparse(node.returns)
    )


EFFECTS = {"Write", "Read", "Wait", "StartTLS", "Compress"}


@pytest.mark.parametrize(
    ("room", "path", "tree"), [pytest.param(*m, id=str(m[1].relative_to(SRC))) for m in modules()]
)
def test_effects_are_yielded_only_by_flow(room: str, path: Path, tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Call):
            name = ast.unparse(node.value.func)
            if name in EFFECTS:
                assert room == "flow", f"{path}:{node.lineno} yields {name} outside flow.py"


@pytest.mark.parametrize(
    ("room", "path", "tree"), [pytest.param(*m, id=str(m[1].relative_to(SRC))) for m in modules()]
)
def test_no_flow_is_called_and_dropped(room: str, path: Path, tree: ast.Module) -> None:
    """A flow called as a bare statement does nothing: a lost ``yield from``."""
    flows = flow_functions()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = ast.unparse(node.value.func).rpartition(".")[2]
            if room in {"pop3", "smtp", "imap", "sasl"}:
                assert name not in flows, f"{path}:{node.lineno}: {name}(...) lacks its yield from"


def table_of_the_page() -> dict[str, set[str]]:
    """The import table of ARCHITECTURE.md: what stands before a semicolon counts."""
    page = (SRC.parent.parent / "ARCHITECTURE.md").read_text("utf-8")
    section = page.partition("## Who may import whom")[2].partition("\n## ")[0]
    table: dict[str, set[str]] = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0] not in ("room", "---", "app"):
            allowed = cells[1].partition(";")[0]
            names = set() if allowed == "nothing" else set(allowed.split(", "))
            table |= dict.fromkeys(cells[0].split(", "), names)
    return table


def test_the_page_says_what_the_code_does() -> None:
    here = {room for room, _, _ in modules() if room} - {"app"}
    expected = {room: MAY_IMPORT[room] - {""} for room in here}
    assert table_of_the_page() == expected
