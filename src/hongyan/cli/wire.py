"""``hongyan wire``: talk to a server yourself, and see every line that really crosses."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, TextIO

import click

from hongyan.app import Direction, open_console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.app import Line

_COLOURS: Final = {Direction.CLIENT: "cyan", Direction.SERVER: "green", Direction.NOTE: "yellow"}


@click.command
@click.argument("url")
@click.option("--plain", is_flag=True, help="Show the dialogue alone, without explanations.")
@click.option(
    "--record", type=click.File("w", encoding="utf-8"), help="Keep the dialogue as a transcript."
)
def wire(url: str, *, plain: bool, record: TextIO | None) -> None:
    """Connect to URL (pop3s://host, smtp://host, imaps://host …) and type commands.

    TLS is set up as the URL demands before you type. Passwords are blotted out in what is shown and
    kept. Commands may also come through a pipe, one a line.
    """

    def show(line: Line) -> None:
        seconds = click.style(f"{line.at:7.3f}", dim=True)
        click.echo(f"{seconds} {click.style(str(line), fg=_COLOURS[line.direction])}")
        if record:
            record.write(f"{line}\n")

    with open_console(url, show) as console:
        for typed in _typed():
            explained = console.explain(typed)
            if explained and not plain:
                click.secho(f"        # {explained}", dim=True)
            if not console.say(typed):
                break


def _typed() -> Iterator[str]:
    """Yield the lines that the person types, or that come through a pipe."""
    if not sys.stdin.isatty():
        yield from (line.rstrip("\r\n") for line in sys.stdin)
        return
    while True:
        try:
            line: str = click.prompt(
                "", prompt_suffix="> ", default="", show_default=False, err=True
            )
        except click.Abort:
            return
        if line:
            yield line
