"""``hongyan outbox``: what waits to be sent, and what became of what was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from hongyan.cli.errors import REFUSED, TRY_LATER, explain
from hongyan.cli.output import print_json, table
from hongyan.cli.progress import progress
from hongyan.errors import HongyanError
from hongyan.guard import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.app import App
    from hongyan.store import Account, Item, OutboxId

_ADVICE: Final = {
    "held": "'hongyan outbox release' sends it",
    "uncertain": "it may have arrived: ask; then 'hongyan outbox arrived' or 'retry'",
    "queued": "'hongyan sync' sends it",
    "deferred": "'hongyan sync' tries again",
    "refused": "'hongyan outbox retry' tries again, 'cancel' gives up",
}


def as_json(item: Item) -> dict[str, object]:
    """Return an outbox item as an object."""
    return {
        "id": item.id,
        "accountId": item.account_id,
        "state": item.state.value,
        "sendAt": item.send_at,
        "emailId": item.email_id,
        "sender": item.sender,
        "messageId": item.message_id,
        "attempts": item.attempts,
        "nextTry": item.next_try,
        "words": item.words,
        "recipients": [
            {
                "email": each.address,
                "state": each.state.value,
                "words": each.words,
                "delivery": each.delivery.value,
                "deliveryWords": each.delivery_words,
                "displayed": each.displayed,
            }
            for each in item.recipients
        ],
    }


def describe(item: Item) -> str:
    """Return one line on what became of an item, for each group of recipients alike."""
    groups: dict[tuple[str, str], list[str]] = {}
    for each in item.recipients:
        groups.setdefault((each.state.value, each.words), []).append(each.address)
    parts = [
        f"{state}: {', '.join(addresses)}" + (f" ({words})" if words else "")
        for (state, words), addresses in groups.items()
    ]
    advice = _ADVICE.get(item.state.value)
    return shown(f"{item.id} {'; '.join(parts)}") + (f" - {advice}" if advice else "")


def exit_code(items: Iterable[Item]) -> int:
    """Return 0 when all are sent or wait in peace, else the sysexits code of the worst."""
    states = {item.state.value for item in items}
    if "refused" in states:
        return REFUSED
    return TRY_LATER if states & {"deferred", "uncertain", "queued", "sending"} else 0


def send_now(app: App, account: Account, item_id: OutboxId) -> int:
    """Try to send one item now and tell what became of it; return the exit code.

    When the server cannot be reached, or does not let us in, the item waits on: that is told as
    well, so that nobody writes the message again.
    """
    try:
        with progress() as report:
            settled = app.sending.send_due(account, report, only=item_id)
    except HongyanError as error:
        line, code = explain(error)
        waits = f"{item_id} waits in the outbox; 'hongyan sync' sends it."
        click.echo(f"hongyan: {waits} {line.removeprefix('hongyan: ')}", err=True)
        return code
    for each in settled:
        click.echo(describe(each))
    return exit_code(settled)


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
            _remark(item),
        )
        for item in items
    ]
    table(("ID", "STATE", "TO", "THE SERVER'S WORDS"), rows, empty="The outbox is empty.")


def _remark(item: Item) -> str:
    """Return what there is to know: the server's words, what came back, when it goes, or advice."""
    reports = [
        f"{each.address}: {each.delivery.value} {each.delivery_words}".rstrip()
        for each in item.recipients
        if each.delivery.value != "unknown"
    ]
    unsent = [each.words for each in item.recipients if each.state.value != "sent" and each.words]
    words = "; ".join(filter(None, (*dict.fromkeys(unsent or [item.words]), *reports)))
    if item.send_at and item.state.value == "queued":
        return f"goes at {item.send_at.astimezone():%Y-%m-%d %H:%M}"
    return words or _ADVICE.get(item.state.value, "")


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
    return send_now(app, app.store.accounts.get(item.account_id), item.id)


@outbox.command
@click.argument("item_id", metavar="ID")
@click.pass_obj
def cancel(app: App, item_id: str) -> None:
    """Give ID up; it will not be sent."""
    app.store.outbox.cancel(item_id)
    click.echo(f"{item_id} is cancelled.")


@outbox.command
@click.argument("item_id", metavar="ID")
@click.pass_obj
def hold(app: App, item_id: str) -> None:
    """Keep ID back until you release it."""
    app.store.outbox.hold(item_id)
    click.echo(f"{item_id} is held; 'hongyan outbox release {item_id}' sends it.")


@outbox.command
@click.argument("item_id", metavar="ID")
@click.pass_obj
def release(app: App, item_id: str) -> int:
    """Send ID now, which is held, or waits for its time."""
    item = app.store.outbox.let_go(item_id)
    return send_now(app, app.store.accounts.get(item.account_id), item.id)


@outbox.command
@click.argument("item_id", metavar="ID")
@click.pass_obj
def arrived(app: App, item_id: str) -> None:
    """Take the uncertain ID for sent: you know that it has arrived."""
    app.store.outbox.believe_sent(item_id, "you said that it has arrived")
    click.echo(f"{item_id} is sent.")
