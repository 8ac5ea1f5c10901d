"""``hongyan outbox``: what waits to be sent, and what became of what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hongyan.cli.errors import REFUSED, TRY_LATER
from hongyan.cli.output import print_json, table
from hongyan.guard import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.app import App
    from hongyan.store import Item

_ADVICE = {
    "uncertain": "ask the recipient, or look for it; 'hongyan outbox retry' sends it again",
    "deferred": "will be tried again by 'hongyan sync'",
    "refused": "'hongyan outbox retry' tries again, 'cancel' gives up",
}


def as_json(item: Item) -> dict[str, object]:
    """Return an outbox item as an object."""
    return {
        "id": item.id,
        "accountId": item.account_id,
        "state": item.state.value,
        "sender": item.sender,
        "messageId": item.message_id,
        "attempts": item.attempts,
        "nextTry": item.next_try,
        "words": item.words,
        "recipients": [
            {"email": each.address, "state": each.state.value, "words": each.words}
            for each in item.recipients
        ],
    }


def describe(item: Item) -> str:
    """Return one line on what became of an item."""
    line = f"{item.id} {item.state.value}: {', '.join(each.address for each in item.recipients)}"
    words = "; ".join(dict.fromkeys(each.words for each in item.recipients if each.words))
    advice = _ADVICE.get(item.state.value)
    return shown(line + (f" ({words})" if words else "")) + (f" - {advice}" if advice else "")


def exit_code(items: Iterable[Item]) -> int:
    """Return 0 when all are sent or wait in peace, else the sysexits code of the worst."""
    states = {item.state.value for item in items}
    if "refused" in states:
        return REFUSED
    return TRY_LATER if states & {"deferred", "uncertain", "queued", "sending"} else 0


@click.group
def outbox() -> None:
    """See, retry or cancel what waits to be sent."""


@outbox.command("list")
@click.option("--json", "as_objects", is_flag=True, help="As an array of objects.")
@click.pass_obj
def list_(app: App, *, as_objects: bool) -> None:
    """List what is in the outbox, the newest last."""
    items = app.store.outbox.list()
    if as_objects:
        print_json([as_json(item) for item in items])
        return
    rows = [
        (
            item.id,
            item.state.value,
            ", ".join(each.address for each in item.recipients),
            item.words or _ADVICE.get(item.state.value, ""),
        )
        for item in items
    ]
    table(("ID", "STATE", "TO", "THE SERVER'S WORDS"), rows, empty="The outbox is empty.")


@outbox.command
@click.argument("item_id", metavar="ID")
@click.pass_obj
def retry(app: App, item_id: str) -> int:
    """Try to send ID again, now. An uncertain item may then arrive twice: you are asked first."""
    item = app.store.outbox.get(item_id)
    if item.state.value == "uncertain":
        question = "It may have been delivered already. Send it again?"
        click.confirm(question, abort=True, err=True)
    app.store.outbox.retry(item_id)
    settled = app.send_due(app.store.accounts.get(item.account_id), only=item.id)
    for each in settled:
        click.echo(describe(each))
    return exit_code(settled)


@outbox.command
@click.argument("item_id", metavar="ID")
@click.pass_obj
def cancel(app: App, item_id: str) -> None:
    """Give ID up; it will not be sent."""
    app.store.outbox.cancel(item_id)
    click.echo(f"{item_id} is cancelled.")
