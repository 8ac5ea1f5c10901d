"""``hongyan service``: have ``hongyan serve`` start with your session."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hongyan.app.service import Manager, Plan, plan

if TYPE_CHECKING:
    from hongyan.app import App


@click.group
def service() -> None:
    """Have 'hongyan serve' start with your session, or no more."""


@service.command
@click.option("--print", "only_print", is_flag=True, help="Show the file; change nothing.")
@click.pass_obj
def install(app: App, *, only_print: bool) -> None:
    """Start 'hongyan serve' now and with every session from now on."""
    wanted = _plan(app)
    if only_print:
        click.echo(f"# {wanted.path}")
        click.echo(wanted.content.decode("utf-16" if wanted.path.suffix == ".xml" else "utf-8"))
        return
    troubles = Manager(wanted).install()
    click.echo(f"Written: {wanted.path}")
    for each in troubles:
        click.echo(f"hongyan: not done: {each}", err=True)
    if app.needs_passphrase:
        words = "Passwords in a file with a passphrase cannot be read in the background:"
        click.echo(f"{words} use the system's keyring, or --password-command.", err=True)


@service.command
@click.pass_obj
def remove(app: App) -> None:
    """Stop it, and start it no more."""
    wanted = _plan(app)
    for each in Manager(wanted).remove():
        click.echo(f"hongyan: not done: {each}", err=True)
    click.echo(f"Removed: {wanted.path}")


def _plan(app: App) -> Plan:
    command = (sys.executable, "-m", "hongyan", "--home", str(app.home.absolute()), "serve")
    return plan(sys.platform, command, person=Path.home(), environment=os.environ)
