"""Identity (RFC 8621 §6): who the person can write as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hongyan.jmap.standard import Type
from hongyan.store import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hongyan.jmap.call import Call


@dataclass(frozen=True, slots=True)
class Identity:
    """A name and an address to write from."""

    id: str
    name: str
    email: str


def _of(call: Call) -> dict[str, Identity]:
    account = call.account
    return {"i1": Identity("i1", account.name, account.address)}


def _everything(call: Call) -> Sequence[str]:
    return list(_of(call))


def _find(call: Call, ids: Sequence[str]) -> Mapping[str, Identity]:
    every = _of(call)
    return {id_: every[id_] for id_ in ids if id_ in every}


IDENTITY: Type[Identity] = Type(
    Kind.SUBMISSION,
    _everything,
    _find,
    {
        "id": lambda identity: identity.id,
        "name": lambda identity: identity.name,
        "email": lambda identity: identity.email,
        "replyTo": lambda _: None,
        "bcc": lambda _: None,
        "textSignature": lambda _: "",
        "htmlSignature": lambda _: "",
        "mayDelete": lambda _: False,
    },
)
