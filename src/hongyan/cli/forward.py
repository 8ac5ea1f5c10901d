"""``hongyan forward``: send a message on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import click

from hongyan import mime
from hongyan.cli.record import record_option
from hongyan.cli.send import (
    attach_option,
    attachments,
    body_option,
    hand_over,
    recipient_options,
    recipients,
    text_above,
)
from hongyan.mime import answer

if TYPE_CHECKING:
    from pathlib import Path

    from hongyan.app import App


@click.command
@click.argument("message_id", metavar="ID")
@recipient_options
@body_option
@attach_option
@record_option
@click.pass_obj
def forward(
    app: App,
    message_id: str,
    *,
    to: tuple[str, ...],
    cc: tuple[str, ...],
    bcc: tuple[str, ...],
    body: BinaryIO | None,
    attach: tuple[Path, ...],
) -> int:
    """Send the message ID on, with its attachments. What it says stands below your text."""
    whom = recipients(to, cc, bcc)
    email = app.store.messages.get(message_id)
    account = app.store.accounts.get(email.account_id)
    message = mime.parse(app.raw(message_id))
    draft = answer.forward(message, [app.sending.identity(account)])
    files = (*draft.attachments, *attachments(attach))
    draft = replace(draft, **whom, attachments=files)
    app.sending.try_out(account, draft)
    code = hand_over(app, account, replace(draft, text=text_above(body, draft.text)))
    app.store.messages.patch_keywords(email.id, add=("$forwarded", "$seen"))
    return code
