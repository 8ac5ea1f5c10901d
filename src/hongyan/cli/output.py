"""What the command line prints: tables for a terminal, plain lines for a pipe, JSON for programs.

Foreign words pass through `guard` first, so that no escape sequence of a stranger reaches the
terminal (FAULTS 13).
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click

from hongyan.guard import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

Style: TypeAlias = "dict[str, Any]"

_GAP: Final = "  "
_NARROWEST: Final = 6
_QUOTE: Final = re.compile(r"[> ]*")
_PIN: Final = re.compile(r"(pin=[0-9a-f]{8})[0-9a-f]+")


# JSON escapes C0 itself; these are DEL, C1, bidi controls and lone surrogates.
_STEERING: Final = re.compile(
    r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def print_json(value: object) -> None:
    """Print ``value`` as JSON; the few characters that could steer a terminal are escaped."""
    ascii_only = (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")
    text = json.dumps(value, ensure_ascii=ascii_only, indent=2, default=_plain)
    click.echo(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def _plain(value: Any) -> object:  # noqa: ANN401  # what json hands over
    if hasattr(value, "isoformat"):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no JSON form")


def columns() -> int:
    """Return how many columns the terminal has; 80 where there is none."""
    return shutil.get_terminal_size().columns


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    empty: str,
    styles: Sequence[Style] = (),
) -> None:
    """Print rows in columns that fit the terminal; tab-separated and whole in a pipe.

    ``styles`` are click's, one a column.
    """
    cells = [[shown(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            click.echo("\t".join(row))
        return
    if not cells:
        click.echo(empty)
        return
    natural = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
    widths = fit(natural, columns() - len(_GAP) * (len(heads) - 1))
    click.echo(_row(heads, widths, [{"bold": True}] * len(heads)))
    for row in cells:
        click.echo(_row(row, widths, styles or [{}] * len(heads)))


def fit(widths: Sequence[int], room: int) -> list[int]:
    """Return ``widths`` for ``room`` columns in all: the widest give way first, all alike."""
    cap = max(widths, default=0)
    while cap > _NARROWEST and sum(min(each, cap) for each in widths) > room:
        cap -= 1
    fitted = [min(each, cap) for each in widths]
    spare = room - sum(fitted)
    for index in range(len(fitted) - 1, -1, -1):  # what the rounding left goes to the last
        if fitted[index] < widths[index] and spare > 0:
            fitted[index] += 1
            spare -= 1
    return fitted


def _row(cells: Sequence[str], widths: Sequence[int], styles: Sequence[Style]) -> str:
    drawn = ""
    blank = ""
    for cell, size, style in zip(cells, widths, styles, strict=True):
        text = cut(cell, size)
        if text:
            drawn += blank + (click.style(text, **style) if style else text)
            blank = ""
        blank += " " * (size - width(text)) + _GAP
    return drawn


def width(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """Return ``text`` cut to ``columns``, with an ellipsis where something is missing."""
    if width(text) <= columns:
        return text
    return text[: _fitting(text, columns - 1)].rstrip() + "…"


def _fitting(text: str, columns: int) -> int:
    """Return how many characters of ``text`` fit into ``columns``."""
    used = 0
    for index, char in enumerate(text):
        used += _columns(char)
        if used > columns:
            return index
    return len(text)


def wrapped(text: str) -> str:
    """Return ``text`` with lines that a terminal can show whole; as it is in a pipe."""
    if not sys.stdout.isatty():
        return text
    room = max(columns(), 2 * _NARROWEST)
    return "\n".join(piece for line in text.split("\n") for piece in wrap(line, room))


def wrap(line: str, room: int) -> Iterator[str]:
    """Yield pieces of ``line`` at most ``room`` columns wide, broken between words where possible.

    The marks of a quotation are repeated, so that it still looks like one.
    """
    found = _QUOTE.match(line)
    mark = found[0] if found and ">" in found[0] and 2 * len(found[0]) < room else ""
    at = len(mark)
    while True:
        window = line[at : at + 4 * room]  # marks of no width may make a piece longer than room
        end = _fitting(window, room - len(mark))
        if at + end >= len(line):
            break
        space = window.rfind(" ", 1, end + 1)
        end = space if space > 0 else max(end, 1)
        yield mark + window[:end].rstrip()
        at += end + len(window[end:]) - len(window[end:].lstrip(" "))
    yield mark + line[at:]


def server(url: str | None) -> str:
    """Return a server's address; on a terminal a pinned fingerprint is shortened."""
    shorter = _PIN.sub(r"\1…", url or "-")
    return shorter if sys.stdout.isatty() else url or "-"


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
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
