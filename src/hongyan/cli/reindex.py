"""``hongyan reindex``: make the search index anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hongyan.cli.check import advancing, existing
from hongyan.cli.progress import progress

if TYPE_CHECKING:
    from hongyan.app import App


@click.command
@click.pass_obj
def reindex(app: App) -> None:
    """Make the search index anew, in place; mail can be read and found meanwhile."""
    with progress() as report:
        existing(app).reindex(advance=advancing(report, "Indexing"))
    click.echo("The index is new.")
