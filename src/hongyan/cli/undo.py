"""``hongyan undo``: take back what a command or a rule changed of mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hongyan.app import now
from hongyan.cli.changing import messages
from hongyan.cli.output import moment, print_json, table
from hongyan.errors import NotFound
from hongyan.guard import shown

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store.rules import Run


@click.command
@click.argument("run_id", metavar="CHANGE", required=False)
@click.option("--list", "listed", is_flag=True, help="Show what can be taken back, newest first.")
@click.option("--json", "as_object", is_flag=True, help="What was done, as an object.")
@click.pass_obj
def undo(app: App, run_id: str | None, *, listed: bool, as_object: bool) -> None:
    """Take back the last change by mark, label, move, archive, delete or a rule, or CHANGE.

    What you have changed since stays. What was deleted for ever does not come back.
    """
    runs = [run for run in app.store.rules.runs() if run.messages]
    if listed:
        _list(runs, as_objects=as_object)
        return
    chosen = next((run for run in runs if run_id in (None, run.id)), None)
    if chosen is None:
        what = f"no change {run_id!r}" if run_id else "nothing"
        raise NotFound(f"there is {what} that could be undone")
    count = app.history.undo(chosen.id)
    if as_object:
        print_json({"id": chosen.id, "done": chosen.name, "undone": count})
        return
    click.echo(shown(f"Taken back ({chosen.name}): {messages(count)}.", limit=300))


def _list(runs: list[Run], *, as_objects: bool) -> None:
    if as_objects:
        print_json(
            [
                {"id": run.id, "done": run.name, "at": run.at, "messages": run.messages}
                for run in runs
            ]
        )
        return
    today = now()
    rows = [
        (
            run.id,
            moment(run.at, today),
            run.name if run.by_hand else f"rule {run.name}",
            str(run.messages),
        )
        for run in runs
    ]
    table(("CHANGE", "WHEN", "WHAT", "MESSAGES"), rows, empty="Nothing can be taken back.")
