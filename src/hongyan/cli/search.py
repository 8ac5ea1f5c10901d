"""``hongyan search``: find messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hongyan.app import now
from hongyan.cli.email import HEADS, STYLES, as_json, as_objects_asked, limited, row
from hongyan.cli.output import print_json, table

if TYPE_CHECKING:
    from hongyan.app import App


# A word after a minus is one to leave out, not an option; "-h" too.
@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("query", nargs=-1, required=True)
@limited
@click.option("--account", metavar="ADDRESS", help="Only in this account.")
@as_objects_asked
@click.pass_obj
def search(
    app: App, query: tuple[str, ...], *, limit: int, account: str | None, as_objects: bool
) -> None:
    """Find messages that hold all words of QUERY, in any script.

    Besides words: "a phrase", from: to: cc: subject: in: before: after:
    is:unread is:flagged has:attachment, -without, OR.
    """
    owner = app.accounts.choose(account).id if account else None
    app.store.search.check(" ".join(query))
    hits = app.store.search.find(" ".join(query), account=owner, limit=limit)
    emails = [app.store.messages.get(hit.id) for hit in hits]
    if as_objects:
        snippets = [
            {**as_json(email), "preview": hit.snippet.text}
            for email, hit in zip(emails, hits, strict=True)
        ]
        print_json(snippets)
        return
    today = now()
    table(HEADS, [row(email, today) for email in emails], empty="Nothing found.", styles=STYLES)
