"""What another program changed is noticed once, for the accounts whose server has to hear of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.store import Role, Store
from hongyan.sync.untold import Untold
from tests.sync.imap_profile import letter, now, profile

if TYPE_CHECKING:
    from pathlib import Path


def test_a_change_by_another_program_is_given_once(tmp_path: Path) -> None:
    with profile(tmp_path, "imap://127.0.0.1:1?tls=none", "me@example.test", "secret") as mine:
        store = mine.store
        store.accounts.add("other@example.test", secret="keychain")
        inbox = store.mailboxes.ensure(mine.account.id, Role.INBOX)
        store.imap_mailboxes.pair(inbox.id, wire=b"INBOX", delimiter="/")
        id_ = store.messages.add(mine.account.id, inbox.id, letter("goose"), received_at=now())
        store.imap_messages.bind(inbox.id, 1, id_, flags=frozenset(), size=9)
        _, state = store.imap_messages.different(mine.account.id)
        store.imap_messages.settle(mine.account.id, state)
        untold = Untold(store)
        assert untold.accounts() == []
        with Store.open(tmp_path, clock=now) as another:
            another.messages.patch_keywords(id_, add=["$flagged"])
        assert untold.accounts() == [mine.account.id]
        assert untold.accounts() == []
