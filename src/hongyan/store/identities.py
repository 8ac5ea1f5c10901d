"""Who the person can write as: the identities of an account (RFC 8621 §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hongyan.errors import InvalidArgument
from hongyan.guard import argument
from hongyan.store.changes import Event
from hongyan.store.columns import addresses_in, addresses_out
from hongyan.store.database import fetch
from hongyan.store.folding import storable
from hongyan.store.types import AccountId, Identity, IdentityId, Kind, nothing_like, row_number

if TYPE_CHECKING:
    from hongyan.store.changes import ChangeLog
    from hongyan.store.database import Database

_SELECT: Final = (
    "SELECT id, account, email, name, reply_to, bcc, text_signature, html_signature FROM identities"
)


class Identities:
    """The identities of all accounts; an account begins without any."""

    def __init__(self, database: Database, *, changes: ChangeLog) -> None:
        self._database = database
        self._changes = changes

    def list(self, account_id: str) -> tuple[Identity, ...]:
        """Return the identities of an account, oldest first."""
        with self._database.read() as db:
            rows = fetch(
                db, f"{_SELECT} WHERE account = ? ORDER BY id", (row_number("a", account_id),)
            )
        return tuple(map(_identity, rows))

    def get(self, identity_id: str) -> Identity:
        """Return one identity. Raises `NotFound`."""
        with self._database.read() as db:
            rows = fetch(db, f"{_SELECT} WHERE id = ?", (row_number("i", identity_id),))
        if not rows:
            raise nothing_like("i", identity_id)
        return _identity(rows[0])

    def add(self, identity: Identity) -> Identity:
        """Store ``identity`` under an id of its own (the given one counts for nothing).

        Raises `NotFound` for the account, `InvalidArgument` for an address.
        """
        account = row_number("a", identity.account_id)
        with self._database.write() as db:
            if not fetch(db, "SELECT 1 FROM accounts WHERE id = ?", (account,)):
                raise nothing_like("a", identity.account_id)
            ((number,),) = fetch(
                db,
                "INSERT INTO identities (account, email, name, reply_to, bcc, text_signature, "
                "html_signature) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (account, *_values(identity)),
            )
            self._changes.record(db, account, [(Kind.IDENTITY, f"i{number}", Event.CREATED)])
        return self.get(f"i{number}")

    def update(self, identity: Identity) -> Identity:
        """Store what ``identity`` says. Raises `NotFound`, `InvalidArgument` for an address."""
        with self._database.write() as db:
            account = row_number("a", self.get(identity.id).account_id)
            db.execute(
                "UPDATE identities SET email = ?, name = ?, reply_to = ?, bcc = ?, "
                "text_signature = ?, html_signature = ? WHERE id = ?",
                (*_values(identity), row_number("i", identity.id)),
            )
            self._changes.record(db, account, [(Kind.IDENTITY, identity.id, Event.UPDATED)])
        return self.get(identity.id)

    def delete(self, identity_id: str) -> None:
        """Remove an identity. Raises `NotFound`."""
        with self._database.write() as db:
            account = row_number("a", self.get(identity_id).account_id)
            db.execute("DELETE FROM identities WHERE id = ?", (row_number("i", identity_id),))
            self._changes.record(db, account, [(Kind.IDENTITY, identity_id, Event.DESTROYED)])


def _values(identity: Identity) -> tuple[str, ...]:
    every = (identity.email, *(each.email for each in (*identity.reply_to, *identity.bcc)))
    for email in every:
        argument("email", email)
        if "@" not in email:
            raise InvalidArgument("email", "is no mail address")
    return (
        identity.email,
        argument("name", identity.name),
        addresses_out(identity.reply_to),
        addresses_out(identity.bcc),
        storable(identity.text_signature),
        storable(identity.html_signature),
    )


def _identity(row: tuple[Any, ...]) -> Identity:
    number, account, email, name, reply_to, bcc, text_signature, html_signature = row
    return Identity(
        id=IdentityId(f"i{number}"),
        account_id=AccountId(f"a{account}"),
        email=email,
        name=name,
        reply_to=addresses_in(reply_to),
        bcc=addresses_in(bcc),
        text_signature=text_signature,
        html_signature=html_signature,
    )
