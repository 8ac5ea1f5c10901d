"""The accounts: who the person is, where the servers are, where each password lives.

A password never enters the store; ``secret`` names its place. Removing an account removes its mail,
its outbox and its log in one transaction, by the schema's foreign keys and triggers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import apsw

from hongyan.errors import InvalidArgument, NotFound
from hongyan.guard import argument, shown
from hongyan.store.database import fetch
from hongyan.store.types import Account, AccountId, row_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.store.blobs import Blobs
    from hongyan.store.database import Database

_PLACES: Final = ("keychain", "oauth")  # both in the keychain: a password, or a sign-in's tokens
_SELECT: Final = (
    "SELECT id, address, name, pop3_url, imap_url, smtp_url, username, secret FROM accounts"
)
_INSERT: Final = """
    INSERT INTO accounts (address, name, pop3_url, imap_url, smtp_url, username, secret)
    VALUES (:address, :name, :pop3_url, :imap_url, :smtp_url, :username, :secret) RETURNING id
"""
_UPDATE: Final = """
    UPDATE accounts SET name = :name, username = :username, imap_url = :imap_url,
        pop3_url = :pop3_url, smtp_url = :smtp_url, secret = :secret
    WHERE id = :id
"""


class Accounts:
    """The accounts of the profile."""

    def __init__(self, database: Database, *, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def add(  # noqa: PLR0913  # an account has that many fields
        self,
        address: str,
        *,
        secret: str,
        name: str = "",
        username: str = "",
        pop3_url: str | None = None,
        imap_url: str | None = None,
        smtp_url: str | None = None,
    ) -> Account:
        """Add an account; ``username`` is the address when empty.

        ``secret`` says where the secret lives: ``keychain``, ``oauth`` or ``command:…``. Raises
        `InvalidArgument` for control characters, for anything that could be a password in
        ``secret``, and when the address has an account already.
        """
        if "@" not in address:
            raise InvalidArgument("address", f"{shown(address)!r} is no mail address")
        if secret not in _PLACES and not secret.startswith("command:"):
            raise InvalidArgument("secret", "is none of keychain, oauth and command:…")
        values = {
            "address": address,
            "name": name,
            "pop3_url": pop3_url,
            "imap_url": imap_url,
            "smtp_url": smtp_url,
            "username": username or address,
            "secret": secret,
        }
        for field, value in values.items():
            argument(field, value or "")
        with self._database.write() as db:
            try:
                ((number,),) = fetch(db, _INSERT, values)
            except apsw.ConstraintError:
                raise InvalidArgument("address", f"{address} has an account already") from None
        return self.get(f"a{number}")

    def update(self, account: Account) -> Account:
        """Write the name, login, servers and place of the secret anew. Raises `NotFound`."""
        values = {
            "name": account.name,
            "username": account.username,
            "imap_url": account.imap_url,
            "pop3_url": account.pop3_url,
            "smtp_url": account.smtp_url,
            "secret": account.secret,
        }
        for field, value in values.items():
            argument(field, value or "")
        with self._database.write() as db:
            db.execute(_UPDATE, {**values, "id": row_number("a", account.id)})
        return self.get(account.id)

    def list(self) -> tuple[Account, ...]:
        """Return all accounts in the order they were added."""
        with self._database.read() as db:
            rows = fetch(db, f"{_SELECT} ORDER BY id")
        return tuple(map(_account, rows))

    def get(self, address_or_id: str) -> Account:
        """Return one account. Raises `NotFound`."""
        with self._database.read() as db:
            rows = fetch(
                db,
                f"{_SELECT} WHERE address = ? OR 'a' || id = ?",
                (address_or_id, address_or_id),
            )
        if not rows:
            raise NotFound(f"there is no account {shown(address_or_id, limit=80)!r}")
        return _account(rows[0])

    def remove(self, account_id: str) -> None:
        """Remove an account with all that belongs to it. Raises `NotFound`."""
        number = row_number("a", self.get(account_id).id)
        with self._database.write() as db:
            db.execute("DELETE FROM accounts WHERE id = ?", (number,))
        self._blobs.remove_doomed()


def _account(row: Iterable[object]) -> Account:
    number, address, name, pop3_url, imap_url, smtp_url, username, secret = row
    return Account(
        id=AccountId(f"a{number}"),
        address=str(address),
        name=str(name),
        pop3_url=None if pop3_url is None else str(pop3_url),
        imap_url=None if imap_url is None else str(imap_url),
        smtp_url=None if smtp_url is None else str(smtp_url),
        username=str(username),
        secret=str(secret),
    )
