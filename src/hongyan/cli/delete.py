"""``hongyan delete``: messages into the trash; for ever only where that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from hongyan.cli.changing import (
    SETTINGS,
    Asked,
    change,
    found,
    messages,
    of_messages,
    preview,
    tell,
)
from hongyan.store import Role
from hongyan.store.history import Places, difference

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store.marking import Marks
    from hongyan.store.rules import Effect


@click.command(context_settings=SETTINGS, short_help="Delete messages.")
@of_messages
@click.option("--for-ever", is_flag=True, help="Not to the trash: here and on the server for good.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting for ever.")
@click.pass_obj
def delete(app: App, /, *, for_ever: bool, yes: bool, **asked: Unpack[Asked]) -> None:
    """Move all that QUERY finds, or messages whose ids are given, to the trash.

    With --for-ever they are gone, which nothing takes back: you are asked first.
    """
    if for_ever:
        _for_ever(app, asked, sure=yes)
        return
    places = Places(app.store)

    def wanted(marks: Marks) -> Effect:
        trash = places.of(marks.account_id, Role.TRASH)
        return difference(marks, marks.keywords, {trash})

    change(app, asked, "moved to the trash", wanted)


def _for_ever(app: App, asked: Asked, *, sure: bool) -> None:
    ids = found(app, asked)
    if not asked["as_object"] and (asked["dry_run"] or not sure):
        preview(app, ids)
    if not asked["dry_run"] and ids:
        if not sure:
            question = f"Delete {messages(len(ids))} for ever, here and on the server?"
            click.confirm(question, abort=True, err=True)
        app.store.messages.delete_many(ids)
    tell(asked, "deleted for ever", ids, ids, run=None)
