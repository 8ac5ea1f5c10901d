"""``hongyan show``: read a message."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from hongyan import mime
from hongyan.cli.email import as_json, full
from hongyan.cli.output import octets, print_json, wrapped
from hongyan.guard import shown, shown_text

if TYPE_CHECKING:
    from hongyan.app import App


@click.command
@click.argument("message_id", metavar="ID")
@click.option("--raw", "form", flag_value="raw", help="The octets as they were received.")
@click.option("--headers", "form", flag_value="headers", help="The header fields as they stand.")
@click.option("--json", "form", flag_value="json", help="An RFC 8621 Email object with its text.")
@click.pass_obj
def show(app: App, message_id: str, form: str | None) -> None:
    """Show the message ID, as 'hongyan list' and 'search' name it."""
    if form is None:
        read(app, message_id)
        return
    email = app.store.messages.get(message_id)
    raw = app.raw(message_id)
    message = mime.parse(raw)
    if form == "raw":
        sys.stdout.flush()
        sys.stdout.buffer.write(raw)
    elif form == "headers":
        for name, value in message.headers:
            click.echo(shown_text((name + b": " + value.strip()).decode("utf-8", "replace")))
    else:
        print_json({**mime.email_object(message), **as_json(email)})


def read(app: App, message_id: str) -> None:
    """Print a message as a person reads it, and note that it was read."""
    message = mime.parse(app.raw(message_id))
    app.store.messages.patch_keywords(message_id, add=("$seen",))
    fields = (
        ("From", message.from_),
        ("To", message.to),
        ("Cc", message.cc),
    )
    for name, addresses in fields:
        if addresses:
            _field(name, shown(", ".join(map(full, addresses))))
    if message.date:
        _field("Date", f"{message.date:%a, %d %b %Y %H:%M %z}")
    _field("Subject", shown(message.subject))
    click.echo()
    click.echo(wrapped(shown_text(message.text).rstrip("\n")))
    if message.attachments:
        click.echo()
    for number, part in enumerate(message.attachments, 1):
        name = shown(part.filename or part.content_type)
        click.echo(f"[{number}] {name} ({octets(part.size)})")
    if message.attachments:
        click.secho(f"'hongyan save {message_id}' keeps them", dim=True)


def _field(name: str, value: str) -> None:
    line = wrapped(f"{name}: {value}").removeprefix(f"{name}:")
    click.echo(click.style(f"{name}:", bold=True) + line)
