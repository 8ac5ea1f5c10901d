"""Draw the engines' transition tables: ``python -m tools.draw_states`` writes docs/states/*.md.

The tables are the rules (``hongyan.pop3.TRANSITIONS``, ``hongyan.smtp.TRANSITIONS``); a test of
each room compares its page with what this script makes of the table, so no diagram grows old.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from hongyan import pop3, smtp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from enum import Enum

STATES: Final = Path(__file__).parent.parent / "docs" / "states"


class Edge(NamedTuple):
    """One row of a table: in ``source``, ``outcome`` of ``command`` leads to ``target``."""

    source: Enum
    command: str
    outcome: str
    target: Enum


def pop3_edges() -> Iterator[Edge]:
    """Yield the POP3 engine's rows: a command's ``+OK`` and its ``-ERR``."""
    for (source, verb), targets in pop3.TRANSITIONS.items():
        for outcome, target in zip(("+OK", "-ERR"), targets, strict=True):
            yield Edge(source, verb.value, outcome, target)


def smtp_edges() -> Iterator[Edge]:
    """Yield the SMTP engine's rows: a command's reply by its first digit."""
    for (source, verb, digit), target in smtp.TRANSITIONS.items():
        yield Edge(source, verb.value, f"{digit}xx", target)


PAGES: Final[dict[str, tuple[str, Callable[[], Iterator[Edge]]]]] = {
    "pop3": ("POP3", pop3_edges),
    "smtp": ("SMTP", smtp_edges),
}


def page(name: str) -> str:
    """Return the page of the engine ``name``: its diagram, and its states in words."""
    title, edges_of = PAGES[name]
    edges = list(edges_of())
    states = list(dict.fromkeys(state for edge in edges for state in (edge.source, edge.target)))
    ends = [state for state in states if state not in {edge.source for edge in edges}]
    return "\n".join(
        [
            f"# The states of {title}",
            "",
            f"Drawn from `hongyan.{name}.TRANSITIONS` by `python -m tools.draw_states`.",
            "Change the table, not this page.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {states[0].name}",
            *arrows(edges),
            *(f"    {end.name} --> [*]" for end in ends),
            "```",
            "",
            "| state | in words |",
            "|---|---|",
            *(f"| {state.name} | {state.value} |" for state in states),
            "",
        ]
    )


def arrows(edges: Iterable[Edge]) -> Iterator[str]:
    """Yield one arrow for each pair of states, with all that leads from the one to the other."""
    ways: dict[tuple[Enum, Enum], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for edge in edges:
        ways[edge.source, edge.target][edge.command].append(edge.outcome)
    for (source, target), commands in ways.items():
        yield f"    {source.name} --> {target.name} : {label(commands)}"


def label(commands: dict[str, list[str]]) -> str:
    """Return ``commands`` with their outcomes; those that share all outcomes stand together.

    Mermaid ends a label at a colon or a semicolon, so there is none.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for command, outcomes in commands.items():
        alike[", ".join(sorted(set(outcomes)))].append(command)
    return "<br/>".join(f"{' '.join(names)} on {outcomes}" for outcomes, names in alike.items())


def main() -> None:
    """Write all pages."""
    STATES.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (STATES / f"{name}.md").write_text(page(name), "utf-8")


if __name__ == "__main__":
    main()
