"""``hongyan sync``: fetch what is new, send what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hongyan.cli.errors import explain
from hongyan.cli.outbox import as_json, describe
from hongyan.cli.output import octets, print_json
from hongyan.cli.progress import progress
from hongyan.errors import HongyanError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hongyan.app import App, Collected
    from hongyan.store import Account, Item


@click.command
@click.option("--account", help="Only this account.")
@click.option("--json", "as_objects", is_flag=True, help="As an array of objects, one an account.")
@click.pass_obj
def sync(app: App, *, account: str | None, as_objects: bool) -> int:
    """Fetch new mail and send what waits, for one account or all."""
    accounts = [app.account(account)] if account else app.store.accounts.list()
    if not accounts:
        app.account(None)
    code = 0
    results: list[dict[str, object]] = []
    for each in accounts:
        try:
            with progress() as report:
                collected = app.fetch(each, report)
                settled = app.send_due(each, report)
        except HongyanError as error:  # one account's trouble does not keep the others waiting
            line, code = explain(error)
            results.append({"account": each.address, "error": str(error)})
            click.echo(line.replace("hongyan:", f"hongyan: {each.address}:", 1), err=True)
            continue
        results.append(_as_json(each, collected, settled))
        if not as_objects:
            _tell(each, collected, settled)
    if as_objects:
        print_json(results)
    return code


def _as_json(
    account: Account, collected: Collected | None, settled: Sequence[Item]
) -> dict[str, object]:
    failures = collected.failures if collected else ()
    return {
        "account": account.address,
        "fetched": collected.messages if collected else 0,
        "octets": collected.octets if collected else 0,
        "onServer": collected.on_server if collected else None,
        "notFetched": [
            {"number": each.entry.number, "error": str(each.error)} for each in failures
        ],
        "outbox": [as_json(item) for item in settled],
    }


def _tell(account: Account, collected: Collected | None, settled: Sequence[Item]) -> None:
    if collected:
        new = f"{collected.messages} new ({octets(collected.octets)})"
        news = new if collected.messages else "nothing new"
        click.echo(f"{account.address}: {news}, {collected.on_server} on the server")
        for failure in collected.failures:
            click.echo(f"  not fetched: message {failure.entry.number}: {failure.error}")
    for item in settled:
        click.echo(f"  {describe(item)}")
