"""``hongyan export``: mail leaves, in a form that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hongyan.cli.check import advancing, existing
from hongyan.cli.progress import progress
from hongyan.errors import NotHereYet
from hongyan.guard import shown
from hongyan.transfer import Format, export

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store import Email


@click.command(
    "export", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]}
)
@click.argument("query", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice([each.value for each in Format]),
    default=Format.MBOX.value,
    show_default=True,
    help="mbox and maildir for other programs; eml and zip hold the exact octets.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    help="The new folder, or file for zip; by default hongyan-FORMAT in the current one.",
)
@click.pass_obj
def export_(app: App, query: tuple[str, ...], *, form: str, target: Path | None) -> None:
    """Write all mail, or what QUERY finds (as in 'hongyan search'), to a new folder or file.

    A manifest beside the mail holds each message's SHA-256, mailboxes and keywords: 'hongyan
    verify' proves the export by it, and 'hongyan import' takes it in again, octet for octet.
    """
    suffix = ".zip" if form == Format.ZIP.value else ""
    target = target or Path(f"hongyan-{form}{suffix}")
    store = existing(app)
    store.search.check(" ".join(query))
    missing: list[Email] = []
    with progress() as report:
        count = export(
            store,
            target,
            form=Format(form),
            query=" ".join(query),
            advance=advancing(report, "Exporting"),
            leave_out=missing.append,
        )
    click.echo(f"{target}: {count} messages")
    for email in missing:
        click.echo(f"left out: {email.id} {shown(email.subject, limit=60)!r}", err=True)
    if to_come := app.store.messages.to_come():
        raise NotHereYet(f"{target} is not all: of {to_come} messages only the header is here yet")
