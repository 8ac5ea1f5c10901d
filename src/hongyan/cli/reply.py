"""``hongyan reply``: answer a message."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

import click

from hongyan import mime
from hongyan.cli.send import attach_option, attachments, body_option, hand_over, text_of
from hongyan.mime import answer

if TYPE_CHECKING:
    from pathlib import Path

    from hongyan.app import App


@click.command
@click.argument("message_id", metavar="ID")
@click.option("--all", "everybody", is_flag=True, help="Answer everybody, not the sender alone.")
@body_option
@attach_option
@click.pass_obj
def reply(
    app: App,
    message_id: str,
    *,
    everybody: bool,
    body: TextIO | None,
    attach: tuple[Path, ...],
) -> int:
    """Answer the message ID. The text it answers is quoted below yours."""
    email = app.store.messages.get(message_id)
    account = app.store.accounts.get(email.account_id)
    message = mime.parse(app.store.messages.raw(message_id))
    answering = answer.reply_all if everybody else answer.reply
    draft = answering(message, [app.identity(account)])
    given = text_of(body, "\n\n" + draft.text)
    text = given if draft.text and draft.text in given else f"{given.rstrip()}\n\n{draft.text}"
    draft = replace(draft, text=text, attachments=(*draft.attachments, *attachments(attach)))
    code = hand_over(app, account, draft)
    app.store.messages.patch_keywords(email.id, add=("$answered", "$seen"))
    return code
