"""Identities: kept, changed, counted in the log, refused when they could do harm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hongyan.errors import InvalidArgument, NotFound
from hongyan.mime.types import Address
from hongyan.store import AccountId, Identity, IdentityId, Kind


def identity(profile: Any, **values: Any) -> Identity:
    given = {"name": "Ann", "email": "ann@example.org", **values}
    return Identity(id=IdentityId(""), account_id=profile.account.id, **given)


def test_an_identity_lives(profile: Any) -> None:
    store, state = profile.store, profile.store.changes.state(profile.account.id)
    bcc = (Address("Kept", "kept@example.org"),)
    made = store.identities.add(identity(profile, bcc=bcc, text_signature="-- \n雁"))
    assert store.identities.list(profile.account.id) == (made,)
    assert (made.bcc, made.text_signature, made.reply_to) == (bcc, "-- \n雁", ())
    changed = store.identities.update(replace(made, name="Anna", bcc=()))
    assert store.identities.get(made.id) == changed == replace(made, name="Anna", bcc=())
    store.identities.delete(made.id)
    assert store.identities.list(profile.account.id) == ()
    for act in (store.identities.get, store.identities.delete):
        with pytest.raises(NotFound):
            act(made.id)
    assert store.changes.since(profile.account.id, state, Kind.IDENTITY).created == ()
    assert store.check() == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "nobody"},
        {"email": "a@b\r\nBcc: c@d"},
        {"name": "a\nb"},
        {"reply_to": (Address(None, "x"),)},
    ],
)
def test_what_cannot_be(profile: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        profile.store.identities.add(identity(profile, **wrong))


def test_an_account_that_is_not(profile: Any) -> None:
    with pytest.raises(NotFound):
        profile.store.identities.add(replace(identity(profile), account_id=AccountId("a9")))
