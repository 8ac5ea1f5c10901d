"""The tables of cases in tests/sync/cases: a title, then lines of a field and what it says.

Text before the first ``==`` or title with fields is for people. A field is indented by two.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    title: str
    fields: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields[name]

    def parts(self, name: str, separator: str = ";") -> list[str]:
        """The parts of a field; none where it is not there."""
        return [each.strip() for each in self.fields.get(name, "").split(separator) if each.strip()]


def table(name: str) -> list[Case]:
    """Return the cases of a file."""
    cases: list[Case] = []
    title = ""
    for line in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
        if not line.startswith("  "):
            title = line
            continue
        field, _, value = line.strip().partition(" ")
        if not cases or cases[-1].title != title:
            cases.append(Case(title, {}))
        assert field not in cases[-1].fields, f"{title}: {field} twice"
        cases[-1].fields[field] = value.strip()
    titles = [case.title for case in cases]
    assert len(set(titles)) == len(titles), "each title says something else"
    assert all("then" in case.fields for case in cases)
    return cases
