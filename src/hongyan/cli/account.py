"""``hongyan account``: add, list, test and remove accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from hongyan.cli.account_add import SignInOptions, add, sign_in, sign_in_options
from hongyan.cli.account_add import discover as look_for
from hongyan.cli.account_change import change
from hongyan.cli.account_policy import policy
from hongyan.cli.errors import UNAVAILABLE, explain
from hongyan.cli.output import print_json, server, table
from hongyan.cli.record import record_option

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store import Account


@click.group
def account() -> None:
    """Add, list, change, test and remove accounts."""


account.add_command(add)
account.add_command(change)
account.add_command(policy)


@account.command(short_help="Show which servers an address has, and try them.")
@click.argument("address")
@click.option("--use", type=click.Choice(["imap", "pop3"]), help="Which kind to look for.")
@click.pass_obj
def discover(app: App, address: str, *, use: str | None) -> int:
    """Look for the servers of ADDRESS and try each, without logging in; nothing is kept."""
    setup = look_for(app, address, use=use)
    if setup.hint:
        click.echo(f"The password: {setup.hint.value}.")
    return 0 if setup.incoming and setup.outgoing else UNAVAILABLE


@account.command("sign-in", short_help="Sign in again, where the sign-in has lapsed.")
@click.argument("address", required=False)
@click.option("--at", "provider", required=True, help="google, microsoft, … or an issuer's URL.")
@sign_in_options
@click.pass_obj
def sign_in_again(app: App, /, address: str | None, **given: Unpack[SignInOptions]) -> None:
    """Sign in by OAuth for an account that was added with --sign-in."""
    found = app.accounts.choose(address)
    app.accounts.sign_in_again(found, sign_in(app, found.address, given))
    click.echo(f"Signed in again as {found.address}.")


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
                    "imap": each.imap_url,
                    "pop3": each.pop3_url,
                    "smtp": each.smtp_url,
                }
                for each in accounts
            ]
        )
        return
    rows = [
        (
            each.address,
            _login(each),
            server(each.imap_url or each.pop3_url),
            server(each.smtp_url),
        )
        for each in accounts
    ]
    hint = "No account yet. 'hongyan account add', or 'hongyan demo' to try things."
    table(("ADDRESS", "LOGIN", "READ BY", "SEND BY"), rows, empty=hint)


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
