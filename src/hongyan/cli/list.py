"""``hongyan list``: the messages of a mailbox, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hongyan.app import now
from hongyan.cli.email import HEADS, STYLES, as_json, as_objects_asked, limited, row
from hongyan.cli.output import print_json, table
from hongyan.errors import NotFound

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store import Mailbox


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
    known = [box for each in accounts for box in app.store.mailboxes.list(each.id)]
    chosen = [box for box in known if _is_called(box, mailbox.lower())]
    if not chosen and mailbox.lower() != "inbox":  # which is there before anything has come
        names = ", ".join(dict.fromkeys(box.name for box in known)) or "none yet"
        raise NotFound(f"there is no mailbox {mailbox!r}; there are: {names}")
    found = [email for box in chosen for email in app.store.messages.page(box.id, limit=limit)]
    found.sort(key=lambda email: email.received_at, reverse=True)
    if as_objects:
        print_json([as_json(email) for email in found[:limit]])
        return
    today = now()
    hint = "Nothing here. 'hongyan sync' fetches new mail."
    table(HEADS, [row(email, today) for email in found[:limit]], empty=hint, styles=STYLES)


def _is_called(box: Mailbox, name: str) -> bool:
    return name in (box.name.lower(), box.id, box.role and box.role.value)
