"""``hongyan backup``: one file with everything that is stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hongyan.cli.check import advancing, existing
from hongyan.cli.output import octets
from hongyan.cli.progress import progress

if TYPE_CHECKING:
    from hongyan.app import App


@click.command
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Replace an earlier backup, once this one is whole.")
@click.pass_obj
def backup(app: App, file: Path, *, replace: bool) -> None:
    """Write all mail, accounts and the outbox into the ZIP FILE, while the profile is in use.

    Unpacked into an empty folder it is a profile again: 'hongyan --home FOLDER list'. Passwords
    are not in it. The backup of an encrypted profile is encrypted under the same key, which is not
    in it either.
    """
    with progress() as report:
        existing(app).backup(file, replace=replace, advance=advancing(report, "Backing up"))
    click.echo(f"{file} ({octets(file.stat().st_size)})")
    if app.encryption.is_on:
        click.echo("It is encrypted, and opens with the profile's key alone: 'hongyan key show'.")
