"""``hongyan repair``: save all that can be saved of a damaged profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hongyan.app import now
from hongyan.cli.check import advancing
from hongyan.cli.progress import progress
from hongyan.guard import shown
from hongyan.store import Store

if TYPE_CHECKING:
    from hongyan.app import App


@click.command
@click.pass_obj
def repair(app: App) -> None:
    """Put right what 'hongyan check' finds, and save everything that is not damaged itself.

    What cannot be saved is listed, and what is left of it is put into the folder 'set-aside' of the
    profile. A message that was lost is fetched again when its server still has it.
    """
    with progress() as report:
        lines = Store.repair(
            app.home,
            clock=now,
            advance=advancing(report, "Repairing"),
            key=app.encryption.key,
        )
    for line in lines:
        click.echo(shown(line, limit=400))
    click.echo("All is whole now." if lines else "All is whole; nothing was changed.")
