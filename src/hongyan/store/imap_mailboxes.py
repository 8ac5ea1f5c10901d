"""The mailboxes of IMAP accounts: which of ours is which of the server's, and how it last stood.

Our ids outlive renaming, on either side, and a new UIDVALIDITY.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hongyan.errors import InvalidArgument, NotFound
from hongyan.store.database import fetch
from hongyan.store.imap_types import ImapMailbox
from hongyan.store.types import MailboxId, Role, row_number

if TYPE_CHECKING:
    from hongyan.store.database import Database
    from hongyan.store.mailboxes import Mailboxes
    from hongyan.store.types import Mailbox

SLASH: Final = "∕"  # in the place of / within one name of a path

_SELECT: Final = """
    SELECT mailbox, wire, delimiter, called, object_id, uid_validity, uid_next, modseq, exist,
        doubts
    FROM imap_mailboxes
"""


class ImapMailboxes:
    """What is known of the mailboxes of all IMAP accounts."""

    def __init__(self, database: Database, *, mailboxes: Mailboxes) -> None:
        self._database = database
        self._mailboxes = mailboxes

    def begin_visit(self, account_id: str) -> int:
        """Count a visit to the account's server; return its number, from 1."""
        with self._database.write() as db:
            ((visit,),) = fetch(
                db,
                "INSERT INTO imap_accounts (account, visit) VALUES (?, 1) "
                "ON CONFLICT DO UPDATE SET visit = visit + 1 RETURNING visit",
                (row_number("a", account_id),),
            )
        return int(visit)

    def list(self, account_id: str) -> tuple[ImapMailbox, ...]:
        """Return the mailboxes that the server was seen to have, by age."""
        ours = {each.id: each for each in self._mailboxes.list(account_id)}
        paths = self.paths(account_id)
        with self._database.read() as db:
            rows = fetch(
                db,
                f"{_SELECT} WHERE account = ? ORDER BY mailbox",
                (row_number("a", account_id),),
            )
        return tuple(_mailbox(row, ours, paths) for row in rows)

    def paths(self, account_id: str) -> dict[MailboxId, str]:
        """Return the names of our mailboxes with those above them, ``/`` between."""
        ours = {each.id: each for each in self._mailboxes.list(account_id)}

        def path(mailbox: Mailbox) -> str:
            name = mailbox.name.replace("/", SLASH)
            above = ours.get(mailbox.parent_id) if mailbox.parent_id else None
            return f"{path(above)}/{name}" if above else name

        return {id_: path(mailbox) for id_, mailbox in ours.items()}

    def pair(
        self,
        mailbox_id: str,
        *,
        wire: bytes,
        delimiter: str | None,
        object_id: str | None = None,
    ) -> None:
        """Note that a mailbox of ours is the server's ``wire``, newly or under another name.

        The name it has here now counts as agreed. Another that was paired with ``wire`` is so no
        more: it has a new name there too, or is missing.
        """
        row = row_number("b", mailbox_id)
        with self._database.write() as db:
            account_id = self._mailboxes.get(mailbox_id).account_id
            called = self.paths(account_id)[MailboxId(mailbox_id)]
            db.execute(
                "UPDATE imap_mailboxes SET wire = CAST('?' || mailbox AS BLOB) "
                "WHERE account = ? AND wire = ? AND mailbox != ?",
                (row_number("a", account_id), wire, row),
            )
            db.execute(
                """
                INSERT INTO imap_mailboxes (mailbox, account, wire, delimiter, called, object_id)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (mailbox) DO UPDATE SET wire = excluded.wire,
                    delimiter = excluded.delimiter, called = excluded.called,
                    object_id = coalesce(excluded.object_id, object_id)
                """,
                (row, row_number("a", account_id), wire, delimiter, called, object_id),
            )

    def stand(
        self,
        mailbox_id: str,
        *,
        uid_validity: int | None,
        uid_next: int,
        modseq: int | None,
        exist: int,
    ) -> None:
        """Note how a mailbox stood when all that follows from it was noted too; no doubt is left.

        To be called in the same transaction.
        """
        with self._database.write() as db:
            db.execute(
                "UPDATE imap_mailboxes SET uid_validity = ?, uid_next = ?, modseq = ?, exist = ?, "
                "doubts = 0 WHERE mailbox = ?",
                (uid_validity, uid_next, modseq, exist, row_number("b", mailbox_id)),
            )

    def identify(self, mailbox_id: str, object_id: str) -> None:
        """Note the OBJECTID of a mailbox."""
        with self._database.write() as db:
            db.execute(
                "UPDATE imap_mailboxes SET object_id = ? WHERE mailbox = ?",
                (object_id, row_number("b", mailbox_id)),
            )

    def doubt(self, mailbox_id: str, doubts: int) -> None:
        """Note how many visits in a row have found a mailbox empty or missing."""
        with self._database.write() as db:
            db.execute(
                "UPDATE imap_mailboxes SET doubts = ? WHERE mailbox = ?",
                (doubts, row_number("b", mailbox_id)),
            )

    def forget(self, mailbox_id: str) -> None:
        """Forget that the server had this mailbox, and what it had in it."""
        with self._database.write() as db:
            db.execute(
                "DELETE FROM imap_mailboxes WHERE mailbox = ?", (row_number("b", mailbox_id),)
            )

    # -- our side of it

    def create(self, account_id: str, path: str, role: Role | None) -> MailboxId:
        """Make a mailbox of ours under a free name like ``path``, with a role if that is free.

        Raises `InvalidArgument` for an empty name.
        """
        with self._database.write():
            parent, name = self._above(account_id, path)
            free = self._free(account_id, name, parent)
            role = role if role and self._is_free(account_id, role) else None
            return self._mailboxes.create(account_id, free, parent_id=parent, role=role).id

    def call(self, mailbox_id: str, path: str, role: Role | None) -> None:
        """Give a mailbox of ours the name that the server has for it, and a role if it is free."""
        with self._database.write():
            mailbox = self._mailboxes.get(mailbox_id)
            parent, name = self._above(mailbox.account_id, path)
            free = self._free(mailbox.account_id, name, parent)
            likened = parent == mailbox.parent_id and mailbox.name.startswith(f"{name} (")
            if (parent, name) != (mailbox.parent_id, mailbox.name) and not (
                likened and free != name
            ):
                mailbox = replace(mailbox, parent_id=parent, name=free)
            if role and self._is_free(mailbox.account_id, role):
                mailbox = replace(mailbox, role=role)
            if mailbox != self._mailboxes.get(mailbox_id):
                self._mailboxes.update(mailbox)

    def remove(self, mailbox_id: str) -> None:
        """Forget a mailbox of the server, and remove ours unless messages or others are in it."""
        with self._database.write():
            self.forget(mailbox_id)
            with suppress(InvalidArgument):
                self._mailboxes.delete(mailbox_id)

    def _above(self, account_id: str, path: str) -> tuple[MailboxId | None, str]:
        """Return the mailbox that is to hold ``path``, made where it is missing, and the name."""
        *above, name = path.split("/")
        parent: MailboxId | None = None
        for each in above:
            parent = self._mailboxes.ensure(account_id, each, parent_id=parent).id
        return parent, name

    def _free(self, account_id: str, name: str, parent: MailboxId | None) -> str:
        """Return ``name``, or one like it: two of the server's names may look the same to us."""
        tried, number = name, 1
        while True:
            try:
                self._mailboxes.find(account_id, tried, parent_id=parent)
            except NotFound:
                return tried
            number += 1
            tried = f"{name} ({number})"

    def _is_free(self, account_id: str, role: Role) -> bool:
        return all(each.role is not role for each in self._mailboxes.list(account_id))


def _mailbox(
    row: tuple[Any, ...], ours: dict[MailboxId, Mailbox], paths: dict[MailboxId, str]
) -> ImapMailbox:
    number, wire, delimiter, called, object_id, *standing = row
    uid_validity, uid_next, modseq, exist, doubts = standing
    id_ = MailboxId(f"b{number}")
    return ImapMailbox(
        id=id_,
        wire=wire,
        delimiter=delimiter,
        called=called,
        name=paths.get(id_),
        role=ours[id_].role if id_ in ours else None,
        object_id=object_id,
        uid_validity=uid_validity,
        uid_next=uid_next,
        modseq=modseq,
        exist=exist,
        doubts=doubts,
    )
