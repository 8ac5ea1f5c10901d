"""``hongyan encrypt``, ``hongyan decrypt``: how a profile lies on the disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from hongyan.cli.check import advancing
from hongyan.cli.output import octets
from hongyan.cli.progress import progress
from hongyan.guard import shown

if TYPE_CHECKING:
    from hongyan.app import App

command_option = click.option(
    "--key-command",
    default="",
    metavar="CMD",
    help="Use the key that CMD prints, 64 hexadecimal digits, instead of one in the keyring.",
)


@click.command
@command_option
@click.pass_obj
def encrypt(app: App, *, key_command: str) -> None:
    """Encrypt everything that the profile keeps, under a random key in your keyring.

    Where there is no keyring, a passphrase protects the key. End all other programs of the profile
    first. A profile that does not exist yet is encrypted from its beginning.
    """
    _tell_room(app)
    with progress() as report:
        place = app.encryption.encrypt(command=key_command, advance=advancing(report, "Encrypting"))
    click.echo(f"{app.home} is encrypted. Its key is {_where(place.name, place.command)}.")
    click.echo(
        "Without it nobody can read the mail, you included. Keep a copy: 'hongyan key show'."
    )
    click.echo(
        "What was deleted in clear before may still be found on the disk until it is reused."
    )


@click.command
@click.pass_obj
def decrypt(app: App) -> None:
    """Turn an encrypted profile into one in clear; its key stays where it is, for backups."""
    _tell_room(app)
    with progress() as report:
        app.encryption.decrypt(advance=advancing(report, "Decrypting"))
    click.echo(f"{app.home} is not encrypted any more.")


@click.group
def key() -> None:
    """See, restore or change the key of an encrypted profile."""


@key.command
@click.pass_obj
def show(app: App) -> None:
    """Print the key, to be kept in a safe place.

    Whoever has it can read the mail.
    """
    click.echo(app.encryption.show())


@key.command(name="set")
@click.pass_obj
def set_(app: App) -> None:
    """Put a key that you have into the keyring.

    It is asked for.
    """
    given = click.prompt("The key", hide_input=True, err=True)
    app.encryption.restore(given)
    click.echo("It opens this profile, and is in the keychain now.")


@key.command
@command_option
@click.pass_obj
def change(app: App, *, key_command: str) -> None:
    """Make a new key, and keep the earlier one.

    It is done at once. Earlier backups open with the earlier key.

    The mail is not encrypted anew for that. If somebody may have had the earlier key together with
    the files: 'hongyan decrypt', then 'hongyan encrypt'.
    """
    place = app.encryption.change(command=key_command)
    click.echo(f"The key is {_where(place.name, place.command)} now.")


def _tell_room(app: App) -> None:
    if not (app.home / "mail.db").exists():
        return
    free = shutil.disk_usage(app.home).free
    room = octets(app.encryption.room_needed())
    click.echo(f"Needs {room} on the disk meanwhile; {octets(free)} are free.", err=True)


def _where(name: str, command: str) -> str:
    if command:
        return f"what '{shown(command, limit=200)}' prints"
    return f"'encryption key {name}' of hongyan in the keychain"
