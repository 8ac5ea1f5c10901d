"""``hongyan reply``: answer a message."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import click

from hongyan import mime
from hongyan.cli.record import record_option
from hongyan.cli.send import attach_option, attachments, body_option, hand_over, text_above
from hongyan.mime import answer

if TYPE_CHECKING:
    from pathlib import Path

    from hongyan.app import App


@click.command
@click.argument("message_id", metavar="ID")
@click.option("--all", "everybody", is_flag=True, help="Answer everybody, not the sender alone.")
@body_option
@attach_option
@record_option
@click.pass_obj
def reply(
    app: App,
    message_id: str,
    *,
    everybody: bool,
    body: BinaryIO | None,
    attach: tuple[Path, ...],
) -> int:
    """Answer the message ID. What it says is quoted below your text."""
    email = app.store.messages.get(message_id)
    account = app.store.accounts.get(email.account_id)
    message = mime.parse(app.raw(message_id))
    answering = answer.reply_all if everybody else answer.reply
    draft = answering(message, [app.sending.identity(account)])
    draft = replace(draft, attachments=(*draft.attachments, *attachments(attach)))
    app.sending.try_out(account, draft)
    draft = replace(draft, text=text_above(body, draft.text))
    code = hand_over(app, account, draft)
    app.store.messages.patch_keywords(email.id, add=("$answered", "$seen"))
    return code
