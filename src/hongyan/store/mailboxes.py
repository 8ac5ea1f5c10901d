"""The mailboxes of an account, by role and by name, with counts that are kept, not counted.

A name is data from the person or from a server: any text, stored as it is (RFC 8621 §2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import apsw

from hongyan.errors import InvalidArgument, NotFound
from hongyan.guard import shown
from hongyan.store.changes import Event
from hongyan.store.database import fetch
from hongyan.store.folding import storable
from hongyan.store.types import AccountId, Kind, Mailbox, MailboxId, Role, nothing_like, row_number

if TYPE_CHECKING:
    from hongyan.store.changes import ChangeLog
    from hongyan.store.database import Database

_SELECT: Final = "SELECT id, account, name, role, total, unread FROM mailboxes"
_NAMES: Final = {role: role.value.capitalize() for role in Role}


class Mailboxes:
    """The mailboxes of all accounts."""

    def __init__(self, database: Database, *, changes: ChangeLog) -> None:
        self._database = database
        self._changes = changes

    def list(self, account_id: str) -> tuple[Mailbox, ...]:
        """Return the mailboxes of an account, oldest first."""
        with self._database.read() as db:
            rows = fetch(
                db, f"{_SELECT} WHERE account = ? ORDER BY id", (row_number("a", account_id),)
            )
        return tuple(map(_mailbox, rows))

    def get(self, mailbox_id: str) -> Mailbox:
        """Return one mailbox with its counts of now. Raises `NotFound`."""
        with self._database.read() as db:
            rows = fetch(db, f"{_SELECT} WHERE id = ?", (row_number("b", mailbox_id),))
        if not rows:
            raise nothing_like("b", mailbox_id)
        return _mailbox(rows[0])

    def find(self, account_id: str, role_or_name: Role | str) -> Mailbox:
        """Return the mailbox with a role or an exact name. Raises `NotFound`."""
        is_role = isinstance(role_or_name, Role)
        value = role_or_name.value if isinstance(role_or_name, Role) else storable(role_or_name)
        with self._database.read() as db:
            rows = fetch(
                db,
                f"{_SELECT} WHERE account = ? AND {'role' if is_role else 'name'} = ?",
                (row_number("a", account_id), value),
            )
        if not rows:
            raise NotFound(f"there is no mailbox {shown(value, limit=80)!r}")
        return _mailbox(rows[0])

    def ensure(self, account_id: str, role_or_name: Role | str) -> Mailbox:
        """Return the mailbox with a role or a name, created when it is missing.

        Raises `NotFound` for the account, `InvalidArgument` for an empty name.
        """
        with self._database.write() as db:
            try:
                return self.find(account_id, role_or_name)
            except NotFound:
                return self._create(db, account_id, role_or_name)

    def _create(self, db: apsw.Connection, account_id: str, role_or_name: Role | str) -> Mailbox:
        role = role_or_name if isinstance(role_or_name, Role) else None
        name = _NAMES[role_or_name] if isinstance(role_or_name, Role) else role_or_name
        if not name:
            raise InvalidArgument("name", "is empty")
        account = row_number("a", account_id)
        try:
            # A mailbox that has a role's name already, but no role, is given it.
            ((number,),) = fetch(
                db,
                """
                INSERT INTO mailboxes (account, name, role) VALUES (?, ?, ?)
                ON CONFLICT (account, name) DO UPDATE SET role = excluded.role RETURNING id
                """,
                (account, storable(name), role.value if role else None),
            )
        except apsw.ConstraintError:
            raise nothing_like("a", account_id) from None
        self._changes.record(db, account, [(Kind.MAILBOX, f"b{number}", Event.CREATED)])
        return self.get(f"b{number}")


def _mailbox(row: tuple[Any, ...]) -> Mailbox:
    number, account, name, role, total, unread = row
    return Mailbox(
        id=MailboxId(f"b{number}"),
        account_id=AccountId(f"a{account}"),
        name=name,
        role=Role(role) if role else None,
        total=total,
        unread=unread,
    )
