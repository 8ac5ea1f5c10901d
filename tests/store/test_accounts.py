"""Accounts and mailboxes."""

from __future__ import annotations

from typing import Any

import pytest

from hongyan.errors import InvalidArgument, NotFound
from hongyan.store import Offer, Role


def test_an_account_is_found_by_address_and_id(profile: Any) -> None:
    accounts = profile.store.accounts
    added = accounts.add(
        "you@example.org",
        secret="command:pass show mail",
        pop3_url="pop3s://pop.example.org:995",
        smtp_url="smtp://smtp.example.org",
        username="you",
    )
    assert accounts.get("YOU@example.org") == accounts.get(added.id) == added
    assert accounts.list() == (profile.account, added)
    assert (added.username, profile.account.username) == ("you", "me@example.org")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("address", {"address": "nobody"}),
        ("address", {"address": "a@b\r\nX: y"}),
        ("address", {"address": "ME@example.org"}),
        ("secret", {"secret": "hunter2"}),
        ("smtp_url", {"smtp_url": "smtp://x\n"}),
    ],
)
def test_what_no_account_can_be(profile: Any, field: str, values: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        profile.store.accounts.add(**{"address": "a@b.example", "secret": "keychain", **values})
    assert caught.value.field == field
    assert "hunter2" not in str(caught.value)


def test_removing_an_account_removes_all_that_is_its(profile: Any, make_letter: Any) -> None:
    profile.add(make_letter("x" * 400_000), uidl="1", keywords=["a"])
    profile.store.outbox.add("a1", b"mail", sender="a@b", recipients=["c@d"])
    now = profile.clock()
    profile.store.offers.keep("a1", "pop3s://x:995", Offer({}, ("PLAIN",), now, now))
    other = profile.store.accounts.add("you@example.org", secret="keychain")
    profile.store.accounts.remove("me@example.org")
    with profile.store._database.read() as db:
        tables = [
            name
            for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE sql LIKE '%STRICT%'")
        ]
        left = {name: db.execute(f"SELECT count(*) FROM {name}").get for name in tables}
    assert {name for name, count in left.items() if count} == {"accounts", "properties"}
    assert not [path for path in (profile.home / "blobs").rglob("*") if path.is_file()]
    assert profile.found("") == set()
    assert profile.store.accounts.list() == (other,)
    with pytest.raises(NotFound):
        profile.store.accounts.remove("me@example.org")


def test_mailboxes_by_role_and_name(profile: Any) -> None:
    mailboxes = profile.store.mailboxes
    sent = mailboxes.ensure(profile.account.id, Role.SENT)
    named = mailboxes.ensure(profile.account.id, "../../x'; --")
    assert (sent.name, sent.role, named.role) == ("Sent", Role.SENT, None)
    assert mailboxes.ensure(profile.account.id, Role.SENT) == sent
    assert mailboxes.find(profile.account.id, "Sent") == sent
    assert [each.name for each in mailboxes.list(profile.account.id)] == [
        "Inbox",
        "Sent",
        "../../x'; --",
    ]
    plain = mailboxes.ensure(profile.account.id, "Trash")
    assert mailboxes.ensure(profile.account.id, Role.TRASH).id == plain.id
    with pytest.raises(NotFound):
        mailboxes.find(profile.account.id, Role.JUNK)
    with pytest.raises(NotFound):
        mailboxes.ensure("a99", "x")
    with pytest.raises(InvalidArgument):
        mailboxes.ensure(profile.account.id, "")
