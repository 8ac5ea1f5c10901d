"""``hongyan open``: the page of the server that runs, in the person's browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hongyan.cli.browser import open_privately

if TYPE_CHECKING:
    from hongyan.app import App


@click.command(name="open")
@click.option("--no-browser", is_flag=True, help="Only print the link of the page.")
@click.pass_obj
def open_(app: App, *, no_browser: bool) -> None:
    """Open the page that 'hongyan serve' serves, in this or another browser.

    The link works once, within two minutes.
    """
    link = app.page_link()
    click.echo(link)
    if not no_browser:
        open_privately(link, app.home)
