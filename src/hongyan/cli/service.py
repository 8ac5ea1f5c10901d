"""``hongyan service``: have ``hongyan serve`` start with your session."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hongyan.app.service import Manager, Plan, plan
from hongyan.cli.errors import UNAVAILABLE
from hongyan.guard import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.app import App


@click.group
def service() -> None:
    """Have 'hongyan serve' start with your session, or no more."""


@service.command
@click.option("--print", "only_print", is_flag=True, help="Show the file; change nothing.")
@click.pass_obj
def install(app: App, *, only_print: bool) -> int:
    """Start 'hongyan serve' now and with every session from now on.

    Where the system takes the file and does not start it, you are told so, and it leaves with 69.
    """
    wanted = _plan(app)
    if only_print:
        click.echo(f"# {wanted.path}")
        click.echo(wanted.content.decode("utf-16" if wanted.path.suffix == ".xml" else "utf-8"))
        return 0
    troubles = Manager(wanted).install()
    click.echo(f"Written: {wanted.path}")
    if app.needs_passphrase:
        words = "Passwords in a file with a passphrase cannot be read in the background:"
        click.echo(f"{words} use the system's keyring, or --password-command.", err=True)
    if not troubles:
        click.echo("'hongyan serve' runs now, and with every session from now on.")
        return 0
    _tell(troubles)
    end = "the file stays; 'hongyan serve' in a terminal serves without it."
    click.echo(f"hongyan: it was not started: {end}", err=True)
    return UNAVAILABLE


@service.command
@click.pass_obj
def remove(app: App) -> int:
    """Stop it, and start it no more."""
    wanted = _plan(app)
    troubles = Manager(wanted).remove()
    click.echo(f"Removed: {wanted.path}")
    if not troubles:
        return 0
    _tell(troubles)
    click.echo("hongyan: it will not start again, but may run until your session ends.", err=True)
    return UNAVAILABLE


def _tell(troubles: Iterable[str]) -> None:
    for each in troubles:
        click.echo(shown(f"hongyan: not done: {each}"), err=True)


def _plan(app: App) -> Plan:
    command = (sys.executable, "-m", "hongyan", "--home", str(app.home.absolute()), "serve")
    return plan(sys.platform, command, person=Path.home(), environment=os.environ)
