"""``hongyan serve``: what runs in the background, for years."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict, Unpack

import click

from hongyan.app import SERVE, TLS, Address, Doing, serve_until_told
from hongyan.cli.rule import tell
from hongyan.errors import InvalidArgument
from hongyan.guard import shown

if TYPE_CHECKING:
    from hongyan.app import Activity, App, Server, Service


_HEADSTART: Final = 0.3  # seconds for who waits for the page, before mail is looked for
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_NO_NAMES: Final = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::")  # noqa: S104  # none is bound


class Given(TypedDict):
    """The options."""

    port: int
    listen: str
    names: tuple[str, ...]
    certificate: Path | None
    key: Path | None
    set_password: bool
    show_token: bool


class Log:
    """Prints what a person should know: a trouble once, and that it is over."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._troubles: dict[str, str] = {}

    def __call__(self, activity: Activity) -> None:
        """Take what a worker published."""
        if activity.state in (Doing.WAITING, Doing.FAILED):
            self._tell(activity.account_id, activity)
        elif activity.state is Doing.IDLE and self._troubles.pop(activity.account_id, ""):
            click.echo(f"hongyan: {self._name(activity.account_id)}: all is well again", err=True)

    def _tell(self, account_id: str, activity: Activity) -> None:
        if self._troubles.get(account_id) == activity.words:
            return
        self._troubles[account_id] = activity.words
        again = f"next try at {activity.next_at.astimezone():%H:%M}" if activity.next_at else ""
        parts = filter(None, (activity.words, activity.remedy, again))
        words = shown("; ".join(parts), limit=500)
        click.echo(f"hongyan: {self._name(account_id)}: {words}", err=True)

    def _name(self, account_id: str) -> str:
        known = {str(each.id): each.address for each in self._app.store.accounts.list()}
        return known.get(account_id, account_id)


@dataclass(frozen=True, slots=True)
class Page:
    """The local server as a service that says where it is."""

    server: Server

    def start(self) -> None:
        """Begin."""
        self.server.start()
        click.echo(f"Its page, by a link that works once: {self.server.site.start_link()}")
        time.sleep(_HEADSTART)

    def stop(self) -> None:
        """End."""
        self.server.stop()


@click.command
@click.option("--port", default=0, metavar="N", help="Listen at this port, not that of last time.")
@click.option("--listen", default="127.0.0.1", metavar="HOST", help="Let other machines come in.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="A name that they call it by.")
@click.option("--certificate", type=_FILE, help="The certificate, PEM: beyond this machine, TLS.")
@click.option("--key", type=_FILE, help="Its key, PEM.")
@click.option("--set-password", is_flag=True, help="Set the password for other machines, and end.")
@click.option("--show-token", is_flag=True, help="Print the token for other clients, and end.")
@click.pass_obj
def serve(app: App, /, **given: Unpack[Given]) -> None:
    """Fetch new mail, send what waits, and serve the page, until SIGTERM or Ctrl-C.

    The link opens the page in your browser, once; 'hongyan open' gives another. One program serves
    a profile at a time; all other commands can be used beside it.
    """
    if given["set_password"]:
        new = click.prompt("The new password", hide_input=True, confirmation_prompt=True, err=True)
        app.keys.password.set(new)
        return
    if given["show_token"]:
        click.echo(app.keys.bearer)
        return
    app.activities.subscribe(Log(app))
    app.tell = tell
    page = Page(app.server(_address(given)))
    count = len(app.store.accounts.list())
    with suppress(KeyboardInterrupt):  # SIGTERM too: see `main.Terminated`
        click.echo(f"Hongyan looks after {count} account{'s' * (count != 1)}; Ctrl-C ends it.")
        services: list[Service] = [
            page,
            app.workers,
            app.housekeeping,
            app.jobs,
        ]  # the page first: somebody waits for it
        serve_until_told(app.store, services, what=SERVE)


def _address(given: Given) -> Address:
    """Return where to listen. Raises `InvalidArgument`."""
    certificate, key = given["certificate"], given["key"]
    if (certificate is None) != (key is None):
        raise InvalidArgument("--certificate", "goes with --key")
    host = given["listen"]
    names = given["names"] or (() if host in _NO_NAMES else (host,))
    tls = TLS(certificate=certificate, key=key) if certificate and key else None
    return Address(host=host, port=given["port"], names=names, tls=tls)
