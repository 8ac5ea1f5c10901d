"""A profile that is synchronised with the server in memory; `conftest` makes one with three letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.sync.imap import synchronise
from tests.sync.imap_profile import now
from tests.sync.toy_imap import ToyImap

if TYPE_CHECKING:
    from hongyan.store import Account, Store
    from hongyan.sync.imap_tour import Synced


class Mine:
    """A profile, its account, and the server that it is synchronised with."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.account: Account = store.accounts.add("a@example.test", secret="keychain")
        self.server = ToyImap()

    def sync(self) -> Synced:
        self.server.told.clear()
        return self.server.run(
            synchronise(self.server.connection(), self.account, self.store, clock=now)
        )

    def ids(self, name: str = "Inbox") -> dict[str, str]:
        box = self.store.mailboxes.find(self.account.id, name)
        return {each.subject: each.id for each in self.store.messages.page(box.id, limit=100)}
