"""Noticing what other programs changed here, such as the command line beside the served page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hongyan.store import AccountId, Store


class Untold:
    """Knows how far each account had come when it was last asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[AccountId, str] = {}

    def accounts(self) -> list[AccountId]:
        """Return the accounts that changed since, and whose IMAP server is to be told of it.

        A change that a server would not take is given once, not each time.
        """
        found = []
        for account in self._store.accounts.list():
            state = self._store.changes.state(account.id)
            if account.imap_url and self._seen.get(account.id) != state:
                self._seen[account.id] = state
                if self._store.imap_messages.different(account.id)[0]:
                    found.append(account.id)
        return found
