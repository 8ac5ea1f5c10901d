"""``hongyan account change``: other servers, another login or password for an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from hongyan.app import AccountChange
from hongyan.cli.account_add import password_options, read_password, server_options
from hongyan.errors import InvalidArgument

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store import Account


class Given(TypedDict):
    """What was typed after ``account change ADDRESS``."""

    imap_url: str | None
    pop3_url: str | None
    smtp_url: str | None
    username: str | None
    name: str | None
    password: bool
    password_stdin: bool
    password_command: str | None


@click.command(short_help="Change its servers, login, name or password.")
@click.argument("address", required=False)
@server_options
@click.option("--username", help="The login, where it is not the address.")
@click.option("--name", help="Your name, as others should see it.")
@click.option("--password", is_flag=True, help="Ask for a new password.")
@password_options
@click.pass_obj
def change(app: App, /, address: str | None, **given: Unpack[Given]) -> None:
    """Change what is given of an account, and nothing else; its mail stays."""
    account = app.accounts.choose(address)
    if not any(each is not None and each is not False for each in given.values()):
        raise click.UsageError("say what to change", click.get_current_context())
    asked = given["password"] or given["password_stdin"]
    wanted = AccountChange(
        imap_url=_same_kind("--imap", given["imap_url"], account.imap_url, account),
        pop3_url=_same_kind("--pop3", given["pop3_url"], account.pop3_url, account),
        smtp_url=given["smtp_url"] or account.smtp_url,
        name=given["name"],
        username=given["username"],
        password=read_password(from_stdin=given["password_stdin"]) if asked else None,
        password_command=given["password_command"],
    )
    app.accounts.update(account, wanted)
    click.echo(f"Changed {account.address}. Next: 'hongyan account test'.")


def _same_kind(option: str, given: str | None, now: str | None, account: Account) -> str | None:
    """Return the address to read mail at: what is known of a server is of no use for another kind.

    Raises `InvalidArgument`.
    """
    if given and not now and (account.imap_url or account.pop3_url):
        raise InvalidArgument(option, f"{account.address} reads its mail by another protocol")
    return given or now
