"""``hongyan serve``: what runs in the background, for years."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from hongyan.app import SERVE, Address, Doing, serve_until
from hongyan.guard import shown

if TYPE_CHECKING:
    from hongyan.app import Activity, App, Server


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

    def stop(self) -> None:
        """End."""
        self.server.stop()


@click.command
@click.option("--port", default=0, metavar="N", help="Listen at this port, not any that is free.")
@click.pass_obj
def serve(app: App, *, port: int) -> None:
    """Fetch new mail, send what waits, and serve the page, until SIGTERM or Ctrl-C.

    The link opens the page in your browser, once. One program serves a profile at a time; all
    other commands can be used beside it.
    """
    app.activities.subscribe(Log(app))
    page = Page(app.server(Address(port=port)))
    count = len(app.store.accounts.list())
    click.echo(f"Hongyan looks after {count} account{'s' if count != 1 else ''}; Ctrl-C ends it.")
    with suppress(KeyboardInterrupt):  # SIGTERM too: see `main.Terminated`
        serve_until(app.store, [app.workers, page], threading.Event(), what=SERVE)
