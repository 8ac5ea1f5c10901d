"""``hongyan list``: the messages of a mailbox, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hongyan.app import now
from hongyan.cli.email import HEADS, STYLES, as_json, as_objects_asked, limited, row
from hongyan.cli.mailbox import called, no_mailbox
from hongyan.cli.output import print_json, table

if TYPE_CHECKING:
    from hongyan.app import App


@click.command("list")
@click.argument("mailbox", default="inbox")
@limited
@click.option("--account", metavar="ADDRESS", help="The account's address; all of them by default.")
@as_objects_asked
@click.pass_obj
def list_(app: App, mailbox: str, *, limit: int, account: str | None, as_objects: bool) -> None:
    """Show the messages of MAILBOX (inbox, sent, … or a name), newest first.

    The marks are • unread, ★ flagged and @ attachment.
    """
    accounts = [app.accounts.choose(account)] if account else app.store.accounts.list()
    if not accounts:
        app.accounts.choose(None)
    chosen = called(app, accounts, mailbox)
    if not chosen and mailbox.lower() != "inbox":  # which is there before anything has come
        raise no_mailbox(app, accounts, mailbox)
    found = [email for box in chosen for email in app.store.messages.page(box.id, limit=limit)]
    found.sort(key=lambda email: email.received_at, reverse=True)
    if as_objects:
        print_json([as_json(email) for email in found[:limit]])
        return
    today = now()
    hint = "Nothing here. 'hongyan sync' fetches new mail."
    table(HEADS, [row(email, today) for email in found[:limit]], empty=hint, styles=STYLES)
