"""What the commands that change mail share: which messages, the dry run, and what is told.

Everything goes through `History`, so that it is one transaction, is told to the servers by the next
'hongyan sync', and can be taken back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypedDict

import click

from hongyan.app import now
from hongyan.cli.check import advancing
from hongyan.cli.email import HEADS, STYLES, row
from hongyan.cli.output import print_json, table
from hongyan.cli.progress import progress
from hongyan.guard import shown
from hongyan.store.types import nothing_like

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hongyan.app import App
    from hongyan.store import Account
    from hongyan.store.history import Wanted

# A word after a minus is one to leave out, as in 'hongyan search'.
SETTINGS: Final = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
_ID: Final = re.compile(r"m[1-9][0-9]*")
_SHOWN: Final = 20


class Asked(TypedDict):
    """Which messages, and how."""

    query: tuple[str, ...]
    account: str | None
    dry_run: bool
    as_object: bool


def of_messages(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the argument and the options of `Asked`."""
    for option in (
        click.option("--json", "as_object", is_flag=True, help="What was done, as an object."),
        click.option("--dry-run", is_flag=True, help="Only show what would change."),
        click.option("--account", metavar="ADDRESS", help="Only in this account."),
        click.argument("query", nargs=-1, required=True),
    ):
        command = option(command)
    return command


def owners(app: App, asked: Asked) -> Sequence[Account]:
    """Return the accounts whose mail is meant. Raises `NotFound`."""
    if asked["account"]:
        return [app.accounts.choose(asked["account"])]
    return app.store.accounts.list()


def found(app: App, asked: Asked) -> list[str]:
    """Return the messages that are meant: ids, or what a query finds, the oldest first.

    Raises `NotFound`, `InvalidArgument` for the query.
    """
    words = asked["query"]
    if wrong := next((word for word in words if word.startswith("--")), None):
        raise click.NoSuchOption(wrong, ctx=click.get_current_context())
    wanted = {each.id for each in owners(app, asked)}
    if all(map(_ID.fullmatch, words)):
        ids = list(dict.fromkeys(words))
        accounts = app.store.messages.accounts(ids)
        if missing := next((each for each in ids if each not in accounts), None):
            raise nothing_like("m", missing)
    else:
        app.store.search.check(" ".join(words))
        ids = list[str](app.store.search.ids(" ".join(words)))
        accounts = app.store.messages.accounts(ids) if asked["account"] else {}
    return [each for each in ids if not accounts or accounts.get(each) in wanted]


def change(app: App, asked: Asked, done: str, wanted: Wanted) -> None:
    """Change the messages that are meant and tell how many; ``done`` is such as "archived"."""
    ids = found(app, asked)
    what = "Looking" if asked["dry_run"] else "Changing"
    with progress() as report:
        advance = advancing(report, what)
        if asked["dry_run"]:
            seen = app.history.preview(ids, wanted, limit=len(ids), advance=advance)
            changed, run = [str(marks.id) for marks, _ in seen.effects], None
        else:
            applied = app.history.apply(done, ids, wanted, by_hand=True, advance=advance)
            changed, run = list(applied.ids), applied.run
    if asked["dry_run"] and not asked["as_object"]:
        preview(app, changed)
    tell(asked, done, ids, changed, run=run)


def preview(app: App, ids: Sequence[str]) -> None:
    """Print the first messages, as lists do."""
    today = now()
    rows = [row(email, today) for email in app.store.messages.list(ids[:_SHOWN])]
    table(HEADS, rows, empty="Nothing to change.", styles=STYLES)
    if len(ids) > _SHOWN:
        click.echo(f"and {len(ids) - _SHOWN} more")


def tell(
    asked: Asked, done: str, ids: Sequence[str], changed: Iterable[str], *, run: str | None
) -> None:
    """Tell what was done, or would be; ``run`` is what takes it back."""
    its = list(changed)
    if asked["as_object"]:
        print_json(
            {
                "done": done,
                "dryRun": asked["dry_run"],
                "matched": len(ids),
                "changed": its,
                "undo": run if its else None,
            }
        )
        return
    if not ids:
        click.echo("Nothing found.")
        return
    words = f"would be {done}" if asked["dry_run"] else done
    left = len(ids) - len(its)
    rest = f"; {left} stay as they are" if left > 1 else "; 1 stays as it is" if left else ""
    hint = " 'hongyan undo' takes it back." if run and its else ""
    click.echo(shown(f"{words[:1].upper()}{words[1:]}: {messages(len(its))}{rest}.{hint}"))


def messages(count: int) -> str:
    """Return how many messages, in words."""
    return "1 message" if count == 1 else f"{count} messages"
