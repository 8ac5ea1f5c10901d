"""``hongyan wire``: talk to a server yourself, and see every line that really crosses."""

from __future__ import annotations

import sys
from contextlib import suppress
from getpass import getpass
from typing import TYPE_CHECKING, Final, TextIO

import click

from hongyan.app import Direction, Expects, open_console
from hongyan.cli.output import columns, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.app import Line, LiveConsole

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
    kept. An IMAP command gets its tag by itself. Commands may also come through a pipe, one a line.
    """

    def show(line: Line) -> None:
        seconds = click.style(f"{line.at:7.3f}", dim=True)
        click.echo(f"{seconds} {click.style(str(line), fg=_COLOURS[line.direction])}")
        if record:
            record.write(f"{line}\n")

    with open_console(url, show) as console:
        for typed in _typed(console):
            explained = console.explain(typed)
            if explained and not plain:
                click.secho(f"        # {explained}", dim=True)
            if not console.say(typed):
                break


def _typed(console: LiveConsole) -> Iterator[str]:
    """Yield the lines that come through a pipe, or that the person types, up to Ctrl-D or Ctrl-C.

    What is typed into a login is not echoed; a secret within a command is wiped from the screen.
    """
    if not sys.stdin.isatty():
        yield from (line.rstrip("\r\n") for line in sys.stdin)
        return
    with suppress(ImportError):
        import readline  # noqa: F401  # makes input() editable
    while True:
        try:
            line = getpass("(hidden) > ") if console.expects is Expects.RESPONSE else input("> ")
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return
        if console.expects is Expects.COMMAND and console.hides(line):
            _wipe(len("> ") + width(line))
        if line or console.expects is not Expects.COMMAND:
            yield line


def _wipe(typed: int) -> None:
    """Take the line just typed, ``typed`` columns wide, from the screen and from the history."""
    rows = (typed - 1) // columns() + 1
    click.echo("\x1b[A\x1b[2K" * rows, nl=False)
    with suppress(ImportError, ValueError):
        import readline

        readline.remove_history_item(readline.get_current_history_length() - 1)
