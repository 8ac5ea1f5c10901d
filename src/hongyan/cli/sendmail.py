"""``hongyan sendmail``: a drop-in for programs that expect sendmail, such as git and cron."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from hongyan.app import now
from hongyan.cli.errors import TRY_LATER, explain
from hongyan.cli.outbox import describe, exit_code
from hongyan.errors import HongyanError, InvalidArgument
from hongyan.mime import Address
from hongyan.mime.outgoing import complete
from hongyan.mime.recipients import wire_address

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store import Account, OutboxId


@click.command
@click.argument("recipients", nargs=-1)
@click.option(
    "-t", "from_fields", is_flag=True, help="Take the recipients from To, Cc and Bcc too."
)
@click.option(
    "-i",
    "ignored_dots",
    is_flag=True,
    expose_value=False,
    help="Always so: a dot alone ends nothing.",
)
@click.option("-f", "-r", "sender", help="The envelope's sender, which also chooses the account.")
@click.option("-F", "name", help="The sender's name where the message has no From.")
@click.option("-b", type=click.Choice(["m"]), expose_value=False, help="Only -bm, which is usual.")
@click.option("-o", multiple=True, expose_value=False, help="Ignored, as are -B -N -R -V.")
@click.option("-B", "-N", "-R", "-V", multiple=True, expose_value=False, hidden=True)
@click.option("-v", "verbose", is_flag=True, help="Tell what became of it.")
@click.pass_obj
def sendmail(
    app: App,
    recipients: tuple[str, ...],
    *,
    from_fields: bool,
    sender: str | None,
    name: str | None,
    verbose: bool,
) -> int:
    """Send the message on standard input to RECIPIENTS.

    Exit code 75 says that it waits in the outbox, as sendmail's own does.

    git send-email --sendmail-cmd='hongyan sendmail' …
    """
    raw = sys.stdin.buffer.read()
    account = app.accounts.of_sender(sender, raw)
    author = Address(name or app.sending.identity(account).name, account.address)
    outgoing = complete(raw, author=author, date=now().astimezone())
    wanted = [wire_address("recipient", each) for each in recipients]
    if from_fields or not wanted:
        wanted += [each for each in outgoing.recipients if each not in wanted]
    if not wanted:
        raise InvalidArgument("recipients", "there is none; give them, or -t")
    envelope_sender = account.address if sender is None else sender.strip("<>")
    item = app.sending.queue_ready(account, outgoing, sender=envelope_sender, recipients=wanted)
    return hand_over(app, account, item, verbose=verbose)


def hand_over(app: App, account: Account, item_id: OutboxId, *, verbose: bool) -> int:
    """Try to send it now; tell what became of it only when it is no plain success."""
    try:
        settled = app.sending.send_due(account, only=item_id)
    except HongyanError as error:
        words = explain(error)[0].removeprefix("hongyan: ")
        click.echo(f"hongyan: {item_id} waits in the outbox. {words}", err=True)
        return TRY_LATER
    code = exit_code(settled)
    for each in settled:
        if verbose or code:
            click.echo(describe(each), err=True)
    return code
