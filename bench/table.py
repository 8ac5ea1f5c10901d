"""Results as tables for a terminal, and the bars with a plain *met* or *NOT met*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.measure import MEGABYTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.measure import Result

HONGYAN = "hongyan"
HEADS = (
    "client", "messages", "median s", "spread s", "msg/s", "MB/s", "CPU s", "peak MB", "time x",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the issue: ``got`` must be at most, or at least, ``limit``."""

    words: str
    got: float
    limit: float
    at_most: bool = True

    @property
    def met(self) -> bool:
        """Whether it is."""
        return self.got <= self.limit if self.at_most else self.got >= self.limit

    def __str__(self) -> str:
        sign = "<=" if self.at_most else ">="
        verdict = "met" if self.met else "NOT met"
        return f"bar: {self.words}: {self.got:.2f} ({sign} {self.limit:g}) {verdict}"


@dataclass(frozen=True, slots=True)
class Table:
    """A title, rows of words under their heads, bars, and what has to be known to read them."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bars: tuple[Bar, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.heads, *self.rows, strict=True)]
        lines = [_line(row, widths) for row in (self.heads, *self.rows)]
        rule = "-" * len(lines[0])
        notes = [f"note: {note}" for note in self.notes]
        return "\n".join(
            [self.title, rule, lines[0], rule, *lines[1:], *map(str, self.bars), *notes]
        )


def compared(
    title: str,
    results: Mapping[str, Result],
    *,
    bars: Sequence[Bar] = (),
    notes: Sequence[str] = (),
) -> Table:
    """Return a table of a contest; *time x* is the time a message as a multiple of Hongyan's."""
    failed = [result.failure for result in results.values() if result.failure]
    own = results.get(HONGYAN)
    rows = tuple(_row(result, own) for result in results.values() if result.ran)
    return Table(title, HEADS, rows, tuple(bars), (*notes, *failed))


def _row(result: Result, own: Result | None) -> tuple[str, ...]:
    low, high = result.spread
    return (
        result.job.name,
        f"{result.job.messages:,}",
        f"{result.seconds:.3f}",
        f"{low:.2f}-{high:.2f}",
        f"{1 / result.each:,.0f}" if result.each < 0.1 else f"{1 / result.each:.1f}",
        f"{result.rate:.1f}",
        f"{result.cpu:.2f}",
        f"{result.peak / MEGABYTE:.0f}",
        f"{result.each / own.each:.2f}" if own and own.ran else "",
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        word.rjust(width) if at else word.ljust(width)
        for at, (word, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join((first, *others))
