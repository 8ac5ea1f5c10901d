"""``hongyan move`` and ``hongyan archive``: where messages lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from hongyan.cli.changing import SETTINGS, Asked, change, of_messages, owners
from hongyan.cli.mailbox import called, no_mailbox
from hongyan.errors import InvalidArgument
from hongyan.store import Role
from hongyan.store.history import Places, difference

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store.marking import Marks
    from hongyan.store.rules import Effect


@click.command(context_settings=SETTINGS, short_help="Move messages.")
@click.argument("mailbox", metavar="MAILBOX")
@of_messages
@click.option("--create", is_flag=True, help="Make the mailbox where there is none.")
@click.pass_obj
def move(app: App, /, mailbox: str, *, create: bool, **asked: Unpack[Asked]) -> None:
    """Move all that QUERY finds, or messages whose ids are given, to MAILBOX.

    It is named as in 'hongyan list': archive, junk, Receipts, Lists/python. Each message goes to
    the mailbox of that name of its own account.
    """
    places = _places(app, asked, mailbox, create=create)

    def wanted(marks: Marks) -> Effect:
        target = places.get(marks.account_id)
        if target is None:
            raise no_mailbox(app, [app.store.accounts.get(marks.account_id)], mailbox)
        return difference(marks, marks.keywords, {target})

    change(app, asked, f"moved to {mailbox}", wanted)


def _places(app: App, asked: Asked, name: str, *, create: bool) -> dict[str, str]:
    """Return the mailbox of each account; one for a role is made when it is needed."""
    accounts = owners(app, asked)
    role = next((each for each in Role if each.value == name.lower()), None)
    if role is not None:
        known = Places(app.store)
        return {str(each.id): known.of(each.id, role) for each in accounts}
    found: dict[str, str] = {}
    for box in called(app, accounts, name):
        if box.account_id in found:
            raise InvalidArgument("MAILBOX", f"{name} means several; give its path or its id")
        found[box.account_id] = box.id
    if create and not asked["dry_run"]:
        for each in accounts:
            found.setdefault(each.id, app.store.mailboxes.ensure(each.id, name).id)
    return found


@click.command(context_settings=SETTINGS, short_help="Archive messages.")
@of_messages
@click.pass_obj
def archive(app: App, /, **asked: Unpack[Asked]) -> None:
    """Take out of the inbox what QUERY finds there, or messages whose ids are given, and keep it.

    It lies in the archive then; what is not in the inbox stays where it is.
    """
    places = Places(app.store)

    def wanted(marks: Marks) -> Effect:
        inbox = places.of(marks.account_id, Role.INBOX)
        if inbox not in marks.mailbox_ids:
            return difference(marks, marks.keywords, marks.mailbox_ids)
        into = marks.mailbox_ids - {inbox} | {places.of(marks.account_id, Role.ARCHIVE)}
        return difference(marks, marks.keywords, into)

    change(app, asked, "archived", wanted)
