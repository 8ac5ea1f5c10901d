"""``hongyan send``: write a message and send it."""

from __future__ import annotations

import mimetypes
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, TypedDict

import click

from hongyan.app import now
from hongyan.cli.outbox import send_now
from hongyan.cli.record import record_option
from hongyan.errors import Cancelled, HongyanError, InvalidArgument, NotFound
from hongyan.mime.builder import Attachment, Draft, parse_recipients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from hongyan.app import App
    from hongyan.mime import Address
    from hongyan.store import Account

body_option = click.option(
    "--body",
    type=click.File("rb"),
    metavar="FILE",
    help="A file with the text, or - for standard input; your editor by default.",
)
attach_option = click.option(
    "--attach",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="A file to send along; may be given again.",
)


def recipient_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say whom a message goes to."""
    for name, words in (
        ("--bcc", "Who gets a copy that nobody else sees."),
        ("--cc", "Who gets a copy."),
        ("--to", "A recipient; may be given again."),
    ):
        command = click.option(name, multiple=True, metavar="ADDRESS", help=words)(command)
    return command


class Moment(click.DateTime):
    """A time to come, by the clock here; an hour alone is today's."""

    def __init__(self) -> None:
        super().__init__(("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d", "%H:%M"))

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the time with its zone. Raises `click.BadParameter`."""
        try:
            given: datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no time such as '2026-12-24 18:00' or '18:00'", param, ctx)
        today = now().astimezone()
        if given.year == 1900:  # what an hour alone is read as
            given = given.replace(year=today.year, month=today.month, day=today.day)
        if (moment := given.astimezone()) <= today:
            self.fail(f"{value!r} is over", param, ctx)
        return moment


@click.command
@click.option(
    "--from",
    "sender",
    metavar="ADDRESS",
    help="The account to send from; not needed when there is one.",
)
@recipient_options
@click.option("--subject", default="", help="What it is about.")
@click.option(
    "--at",
    "send_at",
    type=Moment(),
    metavar="TIME",
    help="When it shall go out, such as '2026-12-24 18:00', by the clock here.",
)
@body_option
@attach_option
@record_option
@click.pass_obj
def send(
    app: App,
    *,
    sender: str | None,
    to: tuple[str, ...],
    cc: tuple[str, ...],
    bcc: tuple[str, ...],
    subject: str,
    send_at: datetime | None,
    body: BinaryIO | None,
    attach: tuple[Path, ...],
) -> int:
    """Write a message and send it; it waits in the outbox when the server cannot be reached."""
    whom = recipients(to, cc, bcc)
    account = app.accounts.choose(sender)
    draft = Draft(
        from_=app.sending.identity(account),
        **whom,
        subject=subject,
        attachments=attachments(attach),
    )
    app.sending.try_out(account, draft)
    draft = replace(draft, text=text_of(body, ""))
    return schedule(app, account, draft, send_at) if send_at else hand_over(app, account, draft)


def schedule(app: App, account: Account, draft: Draft, send_at: datetime) -> int:
    """Queue the draft for later."""
    with kept(draft.text):
        item = app.sending.queue(account, draft, send_at=send_at)
    click.echo(f"{item} goes out at {send_at:%Y-%m-%d %H:%M}, by 'hongyan serve' or 'sync'.")
    return 0


class Recipients(TypedDict):
    """Whom a draft goes to."""

    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]


def recipients(to: tuple[str, ...], cc: tuple[str, ...], bcc: tuple[str, ...]) -> Recipients:
    """Return whom the options name. Raises `InvalidArgument`, and where they name nobody."""
    if not (to or cc or bcc):
        raise click.UsageError("say who it is for: --to ADDRESS", click.get_current_context())
    return Recipients(to=people("to", to), cc=people("cc", cc), bcc=people("bcc", bcc))


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


def text_of(body: BinaryIO | None, template: str) -> str:
    """Return the text from the file, from a pipe, or from the person's editor."""
    if body is None and sys.stdin.isatty():
        try:
            edited = click.edit(template, extension=".txt")
        except click.ClickException as error:
            words = f"{error.format_message()}; set EDITOR, or give the text with --body"
            raise NotFound(f"the editor fails: {words}") from None
        if edited is None:
            raise Cancelled("the editor saved no text, so nothing is sent")
        return edited
    try:
        return (body or sys.stdin.buffer).read().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise InvalidArgument("body", "is not text in UTF-8; a file goes with --attach") from None


def text_above(body: BinaryIO | None, quoted: str) -> str:
    """Return the text with what it answers or sends on below it; at a terminal, as edited."""
    if body is None and sys.stdin.isatty():
        return text_of(None, "\n\n" + quoted)  # the person decides what of it stays
    return f"{text_of(body, '').rstrip()}\n\n{quoted}".lstrip("\n")


@contextmanager
def kept(text: str) -> Iterator[None]:
    """Keep what the person wrote in a file when the block fails: nobody writes a letter twice."""
    try:
        yield
    except (HongyanError, OSError):
        with NamedTemporaryFile(
            "w", encoding="utf-8", errors="replace", prefix="hongyan-", suffix=".txt", delete=False
        ) as file:
            file.write(text)
        click.echo(f"hongyan: nothing was sent; the text is kept in {file.name}", err=True)
        raise


def hand_over(app: App, account: Account, draft: Draft) -> int:
    """Queue the draft, try to send it at once, and tell what became of it."""
    with kept(draft.text):
        item = app.sending.queue(account, draft)
    return send_now(app, account, item)
