"""Identity (RFC 8621 §6): who the person can write as; the account's own address always can."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hongyan.errors import NotFound
from hongyan.jmap import setting
from hongyan.jmap.arguments import Arguments, optional, text
from hongyan.jmap.email_fields import addresses
from hongyan.jmap.errors import Json, NotSet
from hongyan.jmap.standard import Type
from hongyan.mime import jmap
from hongyan.store import Identity, IdentityId, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hongyan.jmap.call import Call
    from hongyan.mime import Address

_SERVER_SET: Final = frozenset({"id", "mayDelete"})


def every(call: Call) -> dict[str, Identity]:
    """Return the identities of an account by id; one is made where there is none yet."""
    known = call.store.identities.list(call.account.id)
    if not known:
        account = call.account
        with call.store.transaction():
            known = call.store.identities.list(account.id) or (
                call.store.identities.add(
                    Identity(
                        id=IdentityId(""),
                        account_id=account.id,
                        email=account.address,
                        name=account.name,
                    )
                ),
            )
    return {str(identity.id): identity for identity in known}


def _find(call: Call, ids: Sequence[str]) -> Mapping[str, Identity]:
    known = every(call)
    return {id_: known[id_] for id_ in ids if id_ in known}


def _addresses(found: Sequence[Address]) -> object:
    return jmap.addresses(found) if found else None


IDENTITY: Type[Identity] = Type(
    Kind.IDENTITY,
    lambda call: list(every(call)),
    _find,
    {
        "id": lambda identity: identity.id,
        "name": lambda identity: identity.name,
        "email": lambda identity: identity.email,
        "replyTo": lambda identity: _addresses(identity.reply_to),
        "bcc": lambda identity: _addresses(identity.bcc),
        "textSignature": lambda identity: identity.text_signature,
        "htmlSignature": lambda identity: identity.html_signature,
        "mayDelete": lambda _: True,
    },
)


def set_(call: Call) -> Json:
    """Answer Identity/set (§6.3)."""
    account = call.account
    state = setting.take_if_in_state(call)
    wanted = setting.take(call)
    call.end()
    every(call)
    with call.store.transaction():
        old = setting.require_state(call, Kind.IDENTITY, state)
        outcome = setting.carry_out(call, wanted, setting.Actions(_create, _update, _destroy))
        new = call.store.changes.state(account.id, Kind.IDENTITY)
    return call.answer(oldState=old, newState=new, **outcome.json())


def _create(call: Call, given: Json) -> Json:
    for name in set(given) & _SERVER_SET:
        raise NotSet("invalidProperties", f"{name} is not for the client to say", name)
    added = call.store.identities.add(_read(call, "", given))
    return IDENTITY.shown(added, ["id", *(name for name in IDENTITY.show if name not in given)])


def _update(call: Call, id_: str, patch: Json) -> None:
    identity = _own(call, id_)
    now = IDENTITY.shown(identity, IDENTITY.show)
    then = setting.patched(now, patch)
    fixed = sorted(name for name in (*_SERVER_SET, "email") if then[name] != now[name])
    if fixed:
        raise NotSet("invalidProperties", "these never change", *fixed)
    wanted = {name: value for name, value in then.items() if name not in _SERVER_SET}
    call.store.identities.update(replace(_read(call, id_, wanted), id=identity.id))


def _destroy(call: Call, id_: str) -> None:
    _own(call, id_)
    call.store.identities.delete(id_)


def _own(call: Call, id_: str) -> Identity:
    identity = call.store.identities.get(id_)
    if identity.account_id != call.account.id:
        raise NotFound(f"there is no identity {id_} in this account")
    return identity


def _read(call: Call, id_: str, given: Json) -> Identity:
    fields = Arguments(given)
    identity = Identity(
        id=IdentityId(id_),
        account_id=call.account.id,
        email=fields.take("email", text),
        name=fields.take("name", text, ""),
        reply_to=_take_addresses(fields, "replyTo"),
        bcc=_take_addresses(fields, "bcc"),
        text_signature=fields.take("textSignature", text, ""),
        html_signature=fields.take("htmlSignature", text, ""),
    )
    fields.end()
    return identity


def _take_addresses(fields: Arguments, name: str) -> tuple[Address, ...]:
    found: list[Address] | None = fields.take(name, optional(addresses), None)
    return tuple(found or ())
