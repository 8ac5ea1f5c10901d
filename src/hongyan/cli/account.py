"""``hongyan account``: add, list, test and remove accounts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from hongyan.app import NewAccount
from hongyan.cli.errors import explain
from hongyan.cli.output import print_json, server, table
from hongyan.cli.record import record_option
from hongyan.errors import InvalidArgument

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store import Account


@click.group
def account() -> None:
    """Add, list, test and remove accounts."""


@account.command(short_help="Add an account.")
@click.argument("address")
@click.option(
    "--pop3", "pop3_url", metavar="URL", help="pop3s://host, or pop3://host for STARTTLS."
)
@click.option(
    "--smtp", "smtp_url", metavar="URL", help="smtps://host, or smtp://host for STARTTLS."
)
@click.option("--username", default="", help="The login, where it is not the address.")
@click.option("--name", default="", help="Your name, as others should see it.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--password-command", metavar="CMD", help="A command that prints the password.")
@click.pass_obj
def add(
    app: App,
    address: str,
    *,
    pop3_url: str | None,
    smtp_url: str | None,
    username: str,
    name: str,
    password_stdin: bool,
    password_command: str | None,
) -> None:
    """Add an account for ADDRESS.

    The password goes into the system's keyring, or into a file encrypted with a passphrase; with
    --password-command it stays where it is.
    """
    if not pop3_url and not smtp_url:
        raise click.UsageError("give --pop3 URL, --smtp URL or both")
    password = None
    if not password_command:
        password = _read_password(password_stdin=password_stdin)
    added = app.accounts.add(
        NewAccount(
            address=address,
            pop3_url=pop3_url,
            smtp_url=smtp_url,
            username=username,
            name=name,
            password=password,
            password_command=password_command,
        )
    )
    click.echo(f"Added {added.address}. Next: 'hongyan account test', then 'hongyan sync'.")


def _read_password(*, password_stdin: bool) -> str:
    if password_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise InvalidArgument("password", "standard input held none")
        return given
    if not sys.stdin.isatty():
        raise click.UsageError("give --password-stdin or --password-command")
    answer: str = click.prompt("Password", hide_input=True, err=True)
    return answer


@account.command("list")
@click.option("--json", "as_objects", is_flag=True, help="As an array of objects.")
@click.pass_obj
def list_(app: App, *, as_objects: bool) -> None:
    """List the accounts."""
    accounts = app.store.accounts.list()
    if as_objects:
        print_json(
            [
                {
                    "id": each.id,
                    "address": each.address,
                    "name": each.name,
                    "username": each.username,
                    "pop3": each.pop3_url,
                    "smtp": each.smtp_url,
                }
                for each in accounts
            ]
        )
        return
    rows = [
        (each.address, _login(each), server(each.pop3_url), server(each.smtp_url))
        for each in accounts
    ]
    hint = "No account yet. 'hongyan account add', or 'hongyan demo' to try things."
    table(("ADDRESS", "LOGIN", "POP3", "SMTP"), rows, empty=hint)


@account.command(short_help="Log in to its servers, to see that all is right.")
@click.argument("address", required=False)
@click.option(
    "--anew", is_flag=True, help="Accept what the servers offer now, though it was more before."
)
@record_option
@click.pass_obj
def test(app: App, address: str | None, *, anew: bool) -> int:
    """Log in to each server of an account and leave again; nothing is fetched or sent."""
    worst = 0
    found = app.accounts.choose(address)
    if anew:
        app.store.offers.forget(found.id)
    for check in app.servers.check(found):
        where = server(str(check.endpoint))
        if check.error is None:
            click.echo(f"ok    {where}  {', '.join(check.words)}")
        else:
            line, code = explain(check.error, command="account")
            click.echo(f"FAIL  {where}  {line.removeprefix('hongyan: ')}")
            worst = worst or code
    return worst


@account.command(short_help="Remove an account and its mail from this profile.")
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(app: App, address: str, *, yes: bool) -> None:
    """Remove an account and its mail from this profile; the server keeps what it has."""
    found = app.accounts.choose(address)
    if not yes:
        click.confirm(f"Remove {found.address} and its mail from this profile?", abort=True)
    app.accounts.remove(found)
    click.echo(f"Removed {found.address}.")


def _login(account: Account) -> str:
    """Return the login where it is not the address, which is the rule."""
    return account.username if account.username != account.address else "-"
