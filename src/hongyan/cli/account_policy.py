"""``hongyan account policy``: what may leave a POP3 server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from hongyan.cli.output import octets
from hongyan.guard import shown
from hongyan.store.maildrops import Policy

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store import Account

_SHOWN: Final = 20  # messages that are named one by one


@click.command(short_help="Say what may leave its POP3 server.")
@click.argument("address", required=False)
@click.option("--leave", is_flag=True, help="Leave everything there.")
@click.option(
    "--after", "after_days", type=click.IntRange(0), metavar="DAYS", help="So long after fetching."
)
@click.option("--deleted-here", is_flag=True, help="What you have deleted here for ever.")
@click.option(
    "--keep-newest", type=click.IntRange(0), metavar="N", help="All but so many of the newest."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def policy(
    app: App,
    address: str | None,
    *,
    leave: bool,
    after_days: int | None,
    deleted_here: bool,
    keep_newest: int | None,
    yes: bool,
) -> None:
    """Say what may leave an account's POP3 server, or show what was said.

    What would leave it now is shown before anything is deleted. Only what is safely here ever goes.
    """
    chosen = app.accounts.choose(address)
    wanted = Policy(after_days=after_days, deleted_here=deleted_here, keep_newest=keep_newest)
    if wanted.leaves_all and not leave:
        click.echo(f"{chosen.address}: {_in_words(app.store.maildrops.policy(chosen.id))}")
        return
    if leave and not wanted.leaves_all:
        raise click.UsageError("--leave goes alone")
    if not leave:
        _show_leaving(app, chosen, wanted)
        if not yes:
            click.confirm("Let this leave the server, from the next sync on?", abort=True)
    app.store.maildrops.set_policy(chosen.id, wanted)
    click.echo(f"{chosen.address}: {_in_words(wanted)}")


def _show_leaving(app: App, chosen: Account, wanted: Policy) -> None:
    leaving = app.fetching.leaving(chosen, wanted)
    for each in leaving[:_SHOWN]:
        words = shown(f"{each.identity}: {octets(each.entry.size)}, {each.why}")
        click.echo(f"  message {each.entry.number} {words}")
    if len(leaving) > _SHOWN:
        click.echo(f"  and {len(leaving) - _SHOWN} more")
    size = octets(sum(each.entry.size for each in leaving))
    click.echo(f"{len(leaving)} messages ({size}) would leave the server.")


def _in_words(policy: Policy) -> str:
    parts = [
        f"what was fetched {policy.after_days} days ago" if policy.after_days is not None else "",
        "what is deleted here" if policy.deleted_here else "",
        f"all but the newest {policy.keep_newest}" if policy.keep_newest is not None else "",
    ]
    words = "; ".join(filter(None, parts))
    return f"leaves the server: {words}" if words else "everything stays on the server"
