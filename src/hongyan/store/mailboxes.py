"""The mailboxes of an account: a tree, by role and by name, with counts kept, not counted.

A name is data from the person or from a server: any text, stored as it is (RFC 8621 §2). No two
mailboxes of one parent share a name, no two of one account a role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import apsw

from hongyan.errors import InvalidArgument, NotFound
from hongyan.guard import shown
from hongyan.store.changes import Event
from hongyan.store.database import fetch
from hongyan.store.folding import storable
from hongyan.store.marking import Change
from hongyan.store.types import AccountId, Kind, Mailbox, MailboxId, Role, nothing_like, row_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.store.changes import ChangeLog
    from hongyan.store.database import Database
    from hongyan.store.messages import Messages

SELECT: Final = """
    SELECT id, account, name, role, total, unread, parent, sort_order, is_subscribed,
        total_threads, unread_threads
    FROM mailboxes
"""
_NAMES: Final = {role: role.value.capitalize() for role in Role}
_TOGETHER: Final = 500
_DEPTH_LIMIT: Final = 50


class Mailboxes:
    """The mailboxes of all accounts."""

    def __init__(self, database: Database, *, messages: Messages, changes: ChangeLog) -> None:
        self._database = database
        self._messages = messages
        self._changes = changes

    def list(self, account_id: str) -> tuple[Mailbox, ...]:
        """Return the mailboxes of an account, oldest first."""
        with self._database.read() as db:
            rows = fetch(
                db, f"{SELECT} WHERE account = ? ORDER BY id", (row_number("a", account_id),)
            )
        return tuple(map(_mailbox, rows))

    def get(self, mailbox_id: str) -> Mailbox:
        """Return one mailbox with its counts of now. Raises `NotFound`."""
        with self._database.read() as db:
            rows = fetch(db, f"{SELECT} WHERE id = ?", (row_number("b", mailbox_id),))
        if not rows:
            raise nothing_like("b", mailbox_id)
        return _mailbox(rows[0])

    def find(
        self, account_id: str, role_or_name: Role | str, *, parent_id: str | None = None
    ) -> Mailbox:
        """Return the mailbox with a role, or with an exact name below a parent. Raises `NotFound`.

        Without a parent: one at the top.
        """
        if isinstance(role_or_name, Role):
            value, where = role_or_name.value, "role = ?2"
        else:
            value, where = storable(role_or_name), "coalesce(parent, 0) = ?3 AND name = ?2"
        parent = 0 if parent_id is None else row_number("b", parent_id)
        with self._database.read() as db:
            rows = fetch(
                db,
                f"{SELECT} WHERE account = ?1 AND {where} AND ?3 IS NOT NULL",
                (row_number("a", account_id), value, parent),
            )
        if not rows:
            raise NotFound(f"there is no mailbox {shown(value, limit=80)!r}")
        return _mailbox(rows[0])

    def ensure(
        self, account_id: str, role_or_name: Role | str, *, parent_id: str | None = None
    ) -> Mailbox:
        """Return the mailbox with a role or a name, created when it is missing.

        One at the top that has a role's name already, but no role, is given it. Raises `NotFound`
        for the account or the parent, `InvalidArgument` for an empty name.
        """
        with self._database.write():
            try:
                return self.find(account_id, role_or_name, parent_id=parent_id)
            except NotFound:
                if not isinstance(role_or_name, Role):
                    return self.create(account_id, role_or_name, parent_id=parent_id)
                return self._ensure_role(account_id, role_or_name)

    def _ensure_role(self, account_id: str, role: Role) -> Mailbox:
        try:
            named = self.find(account_id, _NAMES[role])
        except NotFound:
            return self.create(account_id, _NAMES[role], role=role)
        with self._database.write() as db:
            self._save(db, named, role=role)
        return self.get(named.id)

    def create(  # a mailbox has that many properties
        self,
        account_id: str,
        name: str,
        *,
        parent_id: str | None = None,
        role: Role | None = None,
        sort_order: int = 0,
        is_subscribed: bool = True,
    ) -> Mailbox:
        """Make a mailbox.

        Raises `NotFound` for the account, `InvalidArgument` for ``name`` (empty, or there already),
        ``role`` (there already), ``parentId`` (of another account, or none), ``sortOrder``.
        """
        account = row_number("a", account_id)
        with self._database.write() as db:
            if not fetch(db, "SELECT 1 FROM accounts WHERE id = ?", (account,)):
                raise nothing_like("a", account_id)
            ((number,),) = self._saved(
                db,
                "INSERT INTO mailboxes (account, parent, name, role, sort_order, is_subscribed) "
                "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                (
                    account,
                    self._parent_of(db, account, parent_id),
                    _name(name),
                    role and role.value,
                    _order(sort_order),
                    is_subscribed,
                ),
            )
            self._changes.record(db, account, [(Kind.MAILBOX, f"b{number}", Event.CREATED)])
            return self.get(f"b{number}")

    def update(self, mailbox: Mailbox) -> Mailbox:
        """Store the name, parent, role, order and subscription of ``mailbox``; return it anew.

        Raises `NotFound` when it is no more, `InvalidArgument` as `create` does, and for
        ``parentId`` when it would be below itself.
        """
        with self._database.write() as db:
            self._save(db, mailbox, role=mailbox.role)
        return self.get(mailbox.id)

    def _save(self, db: apsw.Connection, mailbox: Mailbox, *, role: Role | None) -> None:
        row = row_number("b", mailbox.id)
        account = row_number("a", self.get(mailbox.id).account_id)
        parent = self._parent_of(db, account, mailbox.parent_id, below=row)
        self._saved(
            db,
            "UPDATE mailboxes SET parent = ?, name = ?, role = ?, sort_order = ?, "
            "is_subscribed = ? WHERE id = ?",
            (
                parent,
                _name(mailbox.name),
                role and role.value,
                _order(mailbox.sort_order),
                mailbox.is_subscribed,
                row,
            ),
        )
        self._changes.record(db, account, [(Kind.MAILBOX, mailbox.id, Event.UPDATED)])

    def delete(self, mailbox_id: str, *, with_messages: bool = False) -> None:
        """Remove a mailbox; ``with_messages``: what is in no other mailbox is deleted for ever.

        Raises `NotFound`; `InvalidArgument` for ``mailboxHasChild``, or for ``mailboxHasEmail``
        without ``with_messages`` (RFC 8621 §2.5).
        """
        row = row_number("b", mailbox_id)
        with self._database.write() as db:
            account = row_number("a", self.get(mailbox_id).account_id)
            if fetch(db, "SELECT 1 FROM mailboxes WHERE parent = ? LIMIT 1", (row,)):
                raise InvalidArgument("mailboxHasChild", "other mailboxes are below it")
            if not with_messages and _first(db, row, limit=1):
                raise InvalidArgument("mailboxHasEmail", "messages are in it")
            while found := _first(db, row, limit=_TOGETHER):
                alone = [f"m{message}" for message, others in found if not others]
                shared = [f"m{message}" for message, others in found if others]
                self._messages.delete_many(alone)
                self._messages.change(shared, Change(remove_mailboxes=frozenset({mailbox_id})))
            db.execute("DELETE FROM mailboxes WHERE id = ?", (row,))
            self._changes.record(db, account, [(Kind.MAILBOX, mailbox_id, Event.DESTROYED)])

    def _parent_of(
        self, db: apsw.Connection, account: int, parent_id: str | None, *, below: int = 0
    ) -> int | None:
        """Return the row of a parent that may have the row ``below`` as its child."""
        if parent_id is None:
            return None
        parent = at = row_number("b", parent_id)
        for _ in range(_DEPTH_LIMIT):
            rows = fetch(
                db, "SELECT parent FROM mailboxes WHERE id = ? AND account = ?", (at, account)
            )
            if not rows or at == below:
                break
            at = rows[0][0]
            if at is None:
                return parent
        raise InvalidArgument("parentId", "cannot be the parent of this mailbox")

    @staticmethod
    def _saved(db: apsw.Connection, sql: str, values: Iterable[object]) -> tuple[Any, ...]:
        try:
            return tuple(fetch(db, sql, tuple(values)))
        except apsw.ConstraintError as error:
            field = "role" if "mailboxes.role" in str(error) else "name"
            raise InvalidArgument(field, "another mailbox has it already") from None


def _first(db: apsw.Connection, mailbox: int, *, limit: int) -> list[tuple[int, int]]:
    """Return some messages of a mailbox, each with whether it is in others too."""
    return fetch(
        db,
        "SELECT message, EXISTS (SELECT 1 FROM memberships AS o WHERE o.message = p.message "
        "AND o.mailbox != p.mailbox) FROM memberships AS p WHERE mailbox = ? LIMIT ?",
        (mailbox, limit),
    )


def _name(name: str) -> str:
    if not name:
        raise InvalidArgument("name", "is empty")
    return storable(name)


def _order(order: int) -> int:
    if not 0 <= order < 2**31:
        raise InvalidArgument("sortOrder", "is not between 0 and 2³¹")
    return order


def _mailbox(row: tuple[Any, ...]) -> Mailbox:
    (number, account, name, role, total, unread, parent, order, subscribed, threads, unreads) = row
    return Mailbox(
        id=MailboxId(f"b{number}"),
        account_id=AccountId(f"a{account}"),
        name=name,
        role=Role(role) if role else None,
        total=total,
        unread=unread,
        parent_id=MailboxId(f"b{parent}") if parent else None,
        sort_order=order,
        is_subscribed=bool(subscribed),
        total_threads=threads,
        unread_threads=unreads,
    )
