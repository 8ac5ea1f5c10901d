"""``hongyan check``: tell whether everything that is stored is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hongyan.app import Progress
from hongyan.cli.errors import DATA
from hongyan.cli.output import octets
from hongyan.cli.progress import progress
from hongyan.errors import NotFound, StoreError
from hongyan.guard import shown

if TYPE_CHECKING:
    from hongyan.app import App, Report
    from hongyan.store import Store
    from hongyan.store.types import Advance


def existing(app: App) -> Store:
    """Return the store of a profile that is there: of none, nothing could be said.

    Raises `NotFound`.
    """
    if not app.exists:
        raise NotFound(
            f"there is no profile in {app.home}; --home or HONGYAN_HOME says where it is"
        )
    return app.store


@click.command
@click.pass_obj
def check(app: App) -> int:
    """Check the database, every message's octets against their hash, and the search index.

    Nothing is changed, and the profile stays in use. Leaves with 65 when something is damaged.
    """
    try:
        with progress() as report:
            damage = existing(app).check(advance=advancing(report, "Checking"))
    except StoreError as error:
        damage = (str(error),)
    for line in damage:
        click.echo(shown(line, limit=400))
    if damage:
        click.echo("hongyan: damaged; 'hongyan repair' saves everything else.", err=True)
        return DATA
    leftovers = len(app.store.blobs.leftovers())
    if leftovers:
        click.echo(f"{leftovers} files belong to no message; 'hongyan repair' sets them aside.")
    count, size = app.store.blobs.totals()
    sealed = ", encrypted" if app.encryption.is_on else ""
    click.echo(f"All is whole: {count} messages, {octets(size)}{sealed}.")
    return 0


def advancing(report: Report, what: str) -> Advance:
    """Return what a long piece of work in the store tells how far it has come."""
    return lambda done, total, size, whole: report(Progress(what, done, total, size, whole))
