"""``hongyan import``: mail comes in from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hongyan.app import now
from hongyan.cli.check import advancing
from hongyan.cli.output import octets
from hongyan.cli.progress import progress
from hongyan.guard import shown
from hongyan.transfer import Importer

if TYPE_CHECKING:
    from hongyan.app import App

_SHOWN = 20


@click.command("import")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--account", metavar="ADDRESS", help="Import into this account; needed where there are several."
)
@click.option("--mailbox", help="Put all of it into this mailbox.")
@click.option("--mboxo", is_flag=True, help="The mbox files quote 'From ' lines only once.")
@click.pass_obj
def import_(
    app: App, paths: tuple[Path, ...], *, account: str | None, mailbox: str | None, mboxo: bool
) -> None:
    """Import mbox files, Maildirs, EML files, a Thunderbird profile, or an export of Hongyan.

    What is here already is not stored twice: when an import is interrupted, run it again. An export
    goes into the accounts that it came from, unless --account is given.
    """
    accounts = app.store.accounts.list()
    owner = app.accounts.choose(account) if account or len(accounts) == 1 else None
    importer = Importer(app.store, owner, clock=now, override=account is not None)
    with progress() as report:
        found = importer.take(
            paths, mailbox=mailbox, mboxo=mboxo, advance=advancing(report, "Importing")
        )
    for line in found.passed_by[:_SHOWN]:
        click.echo(f"not imported: {shown(line, limit=300)}", err=True)
    if len(found.passed_by) > _SHOWN:
        click.echo(f"not imported: {len(found.passed_by) - _SHOWN} more", err=True)
    click.echo(
        f"{found.new} new messages ({octets(found.octets)} read), {found.known} known already"
    )
