"""Mailboxes as people name them on the command line: by role, by name, by path, by id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import NotFound
from hongyan.guard import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hongyan.app import App
    from hongyan.store import Account, Mailbox


def called(app: App, accounts: Iterable[Account], name: str) -> list[Mailbox]:
    """Return the mailboxes of accounts that ``name`` means, such as archive or Lists/python."""
    found = []
    for account in accounts:
        boxes = {str(box.id): box for box in app.store.mailboxes.list(account.id)}
        found += [box for box in boxes.values() if name.lower() in _names(box, boxes)]
    return found


def no_mailbox(app: App, accounts: Iterable[Account], name: str) -> NotFound:
    """Return the error that names those that there are, the nearest first."""
    known = [box for each in accounts for box in app.store.mailboxes.list(each.id)]
    names: Sequence[str] = list(dict.fromkeys(box.name for box in known))
    listed = ", ".join(nearest(name, names) or names) or "none yet"
    return NotFound(f"there is no mailbox {name!r}; there are: {listed}")


def _names(box: Mailbox, boxes: dict[str, Mailbox]) -> set[str]:
    names = {str(box.id), box.name.lower(), _path(box, boxes).lower()}
    return names | {box.role.value} if box.role else names


def _path(box: Mailbox, boxes: dict[str, Mailbox]) -> str:
    parent = boxes.get(box.parent_id) if box.parent_id else None
    return f"{_path(parent, boxes)}/{box.name}" if parent else box.name
