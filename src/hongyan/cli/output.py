"""What the command line prints: tables for a terminal, plain lines for a pipe, JSON for programs.

Foreign words pass through `guard` first, so that no escape sequence of a stranger reaches the
terminal (FAULTS 13).
"""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING, Any, Final

import click

from hongyan.guard import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

_GAP: Final = "  "
_NARROWEST: Final = 8


def print_json(value: object) -> None:
    """Print ``value`` as JSON, ASCII only where the output cannot show more."""
    ascii_only = (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")
    click.echo(json.dumps(value, ensure_ascii=ascii_only, indent=2, default=_plain))


def _plain(value: Any) -> object:  # noqa: ANN401  # what json hands over
    if hasattr(value, "isoformat"):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Print rows in columns that fit the terminal, the last one cut; tab-separated in a pipe."""
    cells = [[shown(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            click.echo("\t".join(row))
        return
    if not cells:
        click.echo(empty)
        return
    limit = shutil.get_terminal_size().columns
    widths = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
    widths[-1] = 0
    click.secho(_row(heads, widths, limit), bold=True)
    for row in cells:
        click.echo(_row(row, widths, limit))


def _row(cells: Sequence[str], widths: Sequence[int], limit: int) -> str:
    padded = [
        cell + " " * max(0, size - width(cell)) for cell, size in zip(cells, widths, strict=True)
    ]
    return cut(_GAP.join(padded), max(limit, _NARROWEST))


def width(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """Return ``text`` cut to ``columns``, with an ellipsis where something is missing."""
    if width(text) <= columns:
        return text.rstrip()
    used = 0
    for index, char in enumerate(text):
        used += _columns(char)
        if used > columns - 1:
            return text[:index].rstrip() + "…"
    return text


def moment(when: datetime, now: datetime) -> str:
    """Return a date as people read it in a list: the time today, the day this year, else all."""
    local, today = when.astimezone(), now.astimezone()
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:%d %b}" if local.year == today.year else f"{local:%Y-%m-%d}"


def octets(size: int) -> str:
    """Return a size in the unit that people read."""
    amount = float(size)
    for unit in ("B", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
