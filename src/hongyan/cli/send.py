"""``hongyan send``: write a message and send it."""

from __future__ import annotations

import mimetypes
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from hongyan.cli.outbox import describe, exit_code
from hongyan.cli.progress import progress
from hongyan.mime.builder import Attachment, Draft, parse_recipients

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hongyan.app import App
    from hongyan.mime import Address
    from hongyan.store import Account

body_option = click.option(
    "--body",
    type=click.File("r", encoding="utf-8"),
    help="A file with the text, or - for standard input; your editor by default.",
)
attach_option = click.option(
    "--attach",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file to send along; may be given again.",
)


@click.command
@click.option("--from", "sender", help="The account to send from; not needed when there is one.")
@click.option("--to", multiple=True, help="A recipient; may be given again.")
@click.option("--cc", multiple=True, help="Who gets a copy.")
@click.option("--bcc", multiple=True, help="Who gets a copy that nobody else sees.")
@click.option("--subject", default="", help="What it is about.")
@body_option
@attach_option
@click.pass_obj
def send(
    app: App,
    *,
    sender: str | None,
    to: tuple[str, ...],
    cc: tuple[str, ...],
    bcc: tuple[str, ...],
    subject: str,
    body: TextIO | None,
    attach: tuple[Path, ...],
) -> int:
    """Write a message and send it; it waits in the outbox when the server cannot be reached."""
    if not (to or cc or bcc):
        raise click.UsageError("say who it is for: --to ADDRESS")
    account = app.account(sender)
    draft = Draft(
        from_=app.identity(account),
        to=people("to", to),
        cc=people("cc", cc),
        bcc=people("bcc", bcc),
        subject=subject,
        text=text_of(body, ""),
        attachments=attachments(attach),
    )
    return hand_over(app, account, draft)


def people(field: str, values: Iterable[str]) -> tuple[Address, ...]:
    """Return the addresses in all values of an option."""
    return tuple(each for value in values for each in parse_recipients(value, field=field))


def attachments(paths: Sequence[Path]) -> tuple[Attachment, ...]:
    """Return files as attachments, typed by their names."""
    return tuple(
        Attachment(
            path.name, path, mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        )
        for path in paths
    )


def text_of(body: TextIO | None, template: str) -> str:
    """Return the text from the file, from a pipe, or from the person's editor."""
    if body is not None:
        return body.read()
    if not sys.stdin.isatty():
        return sys.stdin.read()
    edited = click.edit(template, extension=".txt")
    if edited is None:
        raise click.Abort
    return edited


def hand_over(app: App, account: Account, draft: Draft) -> int:
    """Queue the draft, try to send it at once, and tell what became of it."""
    item = app.queue(account, draft)
    with progress() as report:
        settled = app.send_due(account, report, only=item)
    for each in settled:
        click.echo(describe(each))
    return exit_code(settled)
