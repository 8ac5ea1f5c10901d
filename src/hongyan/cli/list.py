"""``hongyan list``: the messages of a mailbox, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hongyan.app import now
from hongyan.cli.email import HEADS, as_json, row
from hongyan.cli.output import print_json, table
from hongyan.errors import NotFound

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store import Email


@click.command("list")
@click.argument("mailbox", default="inbox")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1), help="At most so many."
)
@click.option("--account", help="The account's address; all of them by default.")
@click.option("--json", "as_objects", is_flag=True, help="As an array of RFC 8621 Email objects.")
@click.pass_obj
def list_(app: App, mailbox: str, *, limit: int, account: str | None, as_objects: bool) -> None:
    """Show the messages of MAILBOX (inbox, sent, … or a name), newest first.

    The marks are • unread, ★ flagged and @ attachment.
    """
    accounts = [app.account(account)] if account else app.store.accounts.list()
    if not accounts:
        app.account(None)
    found: list[Email] = []
    for each in accounts:
        for known in app.store.mailboxes.list(each.id):
            if mailbox.lower() in (known.name.lower(), known.id, known.role and known.role.value):
                found += app.store.messages.page(known.id, limit=limit)
                break
        else:
            if mailbox != "inbox":
                raise NotFound(f"there is no mailbox {mailbox!r}")
    found.sort(key=lambda email: email.received_at, reverse=True)
    if as_objects:
        print_json([as_json(email) for email in found[:limit]])
        return
    today = now()
    hint = "Nothing here. 'hongyan sync' fetches new mail."
    table(HEADS, [row(email, today) for email in found[:limit]], empty=hint)
