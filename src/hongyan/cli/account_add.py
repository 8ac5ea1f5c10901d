"""``hongyan account add``: from an address to an account whose servers have been tried."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click

from hongyan.app import NewAccount
from hongyan.cli.output import server
from hongyan.errors import InvalidArgument, NotFound, Unsafe
from hongyan.guard import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.app import App, Device, Proof, Setup, SignIn

_SECRET_VARIABLE = "HONGYAN_CLIENT_SECRET"  # noqa: S105  # a name


@dataclass(frozen=True, slots=True)
class Secrets:
    """How the person proves who they are: one of a password, a command, and a sign-in."""

    password: str | None = None
    command: str | None = None
    sign_in: SignIn | None = None


class SignInOptions(TypedDict):
    """What `sign_in_options` ask for."""

    provider: str | None
    client_id: str | None
    device: bool


class Given(SignInOptions):
    """What was typed after ``account add ADDRESS``."""

    imap_url: str | None
    pop3_url: str | None
    smtp_url: str | None
    use: str | None
    yes: bool
    username: str
    name: str
    password_stdin: bool
    password_command: str | None


def sign_in_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options by which one signs in by OAuth."""
    for option in (
        click.option("--client-id", metavar="ID", help="The program's id at the provider."),
        click.option("--device", is_flag=True, help="Sign in with another device's browser."),
    ):
        command = option(command)
    return command


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where the servers are."""
    for kind in ("smtp", "pop3", "imap"):
        words = f"{kind}s://host, or {kind}://host (STARTTLS)."
        command = click.option(f"--{kind}", f"{kind}_url", metavar="URL", help=words)(command)
    return command


def password_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options by which a password comes from elsewhere than the keyboard."""
    for option in (
        click.option("--password-command", metavar="CMD", help="A command that prints it."),
        click.option(
            "--password-stdin", is_flag=True, help="Read the password from standard input."
        ),
    ):
        command = option(command)
    return command


@click.command(short_help="Add an account.")
@click.argument("address")
@server_options
@click.option(
    "--use", type=click.Choice(["imap", "pop3"]), help="Which kind of server to look for."
)
@click.option("--yes", is_flag=True, help="Use what was found without asking.")
@click.option("--username", default="", help="The login, where it is not the address.")
@click.option("--name", default="", help="Your name, as others should see it.")
@password_options
@click.option(
    "--sign-in", "provider", metavar="WHERE", help="google, microsoft, … or an issuer's https URL."
)
@sign_in_options
@click.pass_obj
def add(app: App, /, address: str, **given: Unpack[Given]) -> None:
    """Add an account for ADDRESS.

    Without --imap, --pop3 and --smtp the servers are looked for, and each is tried before it is
    used. The password goes into the system's keyring, or into a file encrypted with a passphrase;
    with --password-command it stays where it is.
    """
    new = NewAccount(
        address=address,
        imap_url=given["imap_url"],
        pop3_url=given["pop3_url"],
        smtp_url=given["smtp_url"],
        username=given["username"],
    )
    app.accounts.vet(new)
    if given["imap_url"] or given["pop3_url"] or given["smtp_url"]:
        secrets = _secrets(app, address, given, oauth="")
    else:
        new, secrets = _found(app, address, given)
    added = app.accounts.add(
        replace(
            new,
            name=given["name"],
            password=secrets.password,
            password_command=secrets.command,
            sign_in=secrets.sign_in,
        )
    )
    click.echo(f"Added {added.address}. Next: 'hongyan account test', then 'hongyan sync'.")


def _found(app: App, address: str, given: Given) -> tuple[NewAccount, Secrets]:
    """Find servers, ask for what is needed, and log in; raise what keeps that from going well."""
    setup = discover(app, address, use=given["use"])
    missing = [w for w, proof in (("read", setup.incoming), ("send", setup.outgoing)) if not proof]
    if missing:
        raise NotFound(
            f"no server to {' or '.join(missing)} mail by was found; if you know them, give "
            "--imap or --pop3, and --smtp: 'hongyan account add --help'"
        )
    if not given["yes"]:
        _confirm(setup, address)
    if setup.hint:
        click.echo(f"The password: {setup.hint.value}.")
    secrets = _secrets(app, address, given, oauth=setup.oauth)
    credentials = partial(
        app.accounts.trial_credentials,
        password=secrets.password,
        command=secrets.command,
        sign_in=secrets.sign_in,
    )
    chosen = app.discovery.log_in(setup, credentials, username=given["username"])
    click.echo(f"Logged in to both as {chosen.username}.")
    by_imap = chosen.incoming_url.startswith("imap")
    new = NewAccount(
        address=address,
        imap_url=chosen.incoming_url if by_imap else None,
        pop3_url=None if by_imap else chosen.incoming_url,
        smtp_url=chosen.outgoing_url,
        username=chosen.username,
    )
    return new, secrets


def discover(app: App, address: str, *, use: str | None) -> Setup:
    """Look for the servers of ``address``, telling of each try."""
    click.echo(f"Looking for the servers of {address} …")
    return app.discovery.find(address, use=use, tell=_tell)


def _tell(proof: Proof) -> None:
    where = server(str(proof.candidate.endpoint))
    source = f"{proof.found.source.value}: {proof.found.words}"
    if proof.error is None:
        click.echo(f"  ok  {where}  ({source})  {', '.join(proof.words) or 'no login offered'}")
    else:
        click.echo(f"  no  {where}  ({source})  {shown(str(proof.error), limit=400)}")


def _confirm(setup: Setup, address: str) -> None:
    """Ask about hosts that only DNS speaks for. Raises `Unsafe` where nobody can be asked."""
    domain = address.rpartition("@")[2].lower()
    for proof in setup.proofs:
        if proof.vouched_for(domain):
            continue
        host = proof.candidate.endpoint.host
        question = f"{host} is not under {domain}; only DNS names it. Give it your password?"
        if not sys.stdin.isatty():
            raise Unsafe(f"{host} is not under {domain}, only DNS names it; --yes uses it")
        click.confirm(question, abort=True)


def _secrets(app: App, address: str, given: Given, *, oauth: str) -> Secrets:
    if given["provider"]:
        return Secrets(sign_in=sign_in(app, address, given))
    if given["password_command"]:
        return Secrets(command=given["password_command"])
    if oauth and sys.stdin.isatty() and not given["password_stdin"]:
        click.echo(f"(--sign-in {oauth} --client-id ID signs in there instead of a password.)")
    return Secrets(password=read_password(from_stdin=given["password_stdin"]))


def sign_in(app: App, address: str, given: SignInOptions) -> SignIn:
    """Sign in to the provider, in the browser or by another device."""
    if not given["client_id"]:
        raise InvalidArgument("--client-id", "is missing: the provider gives one to each program")
    signing = app.signing_in
    client = signing.client(given["client_id"], os.environ.get(_SECRET_VARIABLE, ""))
    provider = signing.provider(given["provider"] or "")
    if given["device"]:
        return signing.by_device(provider, client, show=_show_device)
    return signing.in_browser(provider, client, address=address, show=_show_page)


def _show_device(device: Device) -> None:
    click.echo(f"Open {device.page} on any device and type {device.user_code}")


def _show_page(url: str) -> None:
    click.echo(f"Your browser opens this page, to sign in:\n{url}")
    if sys.stdout.isatty():
        click.launch(url)


def read_password(*, from_stdin: bool) -> str:
    """Return the password that is typed, or comes through a pipe. Raises `InvalidArgument`."""
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise InvalidArgument("password", "standard input held none")
        return given
    if not sys.stdin.isatty():
        raise click.UsageError("give --password-stdin or --password-command")
    answer: str = click.prompt("Password", hide_input=True, err=True)
    return answer
