"""A store of each earlier schema opens, with everything that was in it.

The fixtures are stores that the program of that time has written, two or three messages each: when a
migration is added, its predecessor's is to be made by the commit before (`VACUUM`, gzip).
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from hongyan.store import Role, Store, database
from tests.store.uidls import known_uidls

FIXTURES = Path(__file__).parent / "fixtures"


def test_there_is_one_of_every_earlier_schema() -> None:
    names = {f"schema-{number}.db.gz" for number in range(1, len(database._scripts()))}
    assert {path.name for path in FIXTURES.glob("schema-*.db.gz")} == names


@pytest.fixture(params=range(1, len(database._scripts())))
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    packed = FIXTURES / f"schema-{request.param}.db.gz"
    (tmp_path / "mail.db").write_bytes(gzip.decompress(packed.read_bytes()))
    return tmp_path


def test_it_opens_whole(home: Path, clock: Any) -> None:
    with Store.open(home, clock=clock) as store:
        assert store.check() == ()
        (account,) = store.accounts.list()
        assert account.address == "me@example.org"
        inbox = store.mailboxes.find(account.id, Role.INBOX)
        first, second = store.messages.get("m1"), store.messages.get("m2")
        assert inbox.id in first.mailbox_ids | second.mailbox_ids
        assert first.keywords == {"$seen"}
        assert "发票" in second.preview
        assert [hit.id for hit in store.search.find("发票")] == ["m2"]
        assert known_uidls(store, account.id).keys() == {"one", "two", "gone"}
        assert len(store.outbox.list()) == 1


def test_it_goes_on_where_it_was(home: Path, clock: Any) -> None:
    """New mail finds its thread; what is deleted is gone; all of it is whole at the end."""
    with Store.open(home, clock=clock) as store:
        (account,) = store.accounts.list()
        inbox = store.mailboxes.find(account.id, Role.INBOX)
        state = store.changes.state(account.id)
        before = store.mailboxes.get(inbox.id).total
        parent = store.messages.get("m1").message_id
        raw = f"Subject: Re\r\nReferences: <{parent}>\r\n\r\nlate goose\r\n".encode()
        new = store.messages.add(account.id, inbox.id, raw, received_at=clock(), uidl="new")
        assert store.messages.get(new).thread_id == store.messages.get("m1").thread_id
        assert store.mailboxes.get(inbox.id).total == before + 1
        assert int(store.changes.state(account.id)) > int(state)
        store.messages.delete("m2")
        assert store.search.find("发票") == []
        store.reindex()
        assert [hit.id for hit in store.search.find('"late goose"')] == [new]
        assert store.check() == ()
