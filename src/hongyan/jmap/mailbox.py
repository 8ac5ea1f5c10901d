"""Mailbox (RFC 8621 §2): getting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.jmap.standard import Type
from hongyan.store import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.store import Mailbox


def _everything(call: Call) -> Sequence[str]:
    return [mailbox.id for mailbox in call.store.mailboxes.list(call.account.id)]


def _find(call: Call, ids: Sequence[str]) -> Mapping[str, Mailbox]:
    every = {str(mailbox.id): mailbox for mailbox in call.store.mailboxes.list(call.account.id)}
    return {id_: every[id_] for id_ in ids if id_ in every}


def _rights(mailbox: Mailbox) -> Json:
    changeable = mailbox.role is None
    return {
        **dict.fromkeys(("mayReadItems", "mayAddItems", "mayRemoveItems"), True),
        **dict.fromkeys(("maySetSeen", "maySetKeywords", "mayCreateChild", "mayRename"), True),
        "mayDelete": changeable,
        "maySubmit": True,
    }


MAILBOX: Type[Mailbox] = Type(
    Kind.MAILBOX,
    _everything,
    _find,
    {
        "id": lambda mailbox: mailbox.id,
        "name": lambda mailbox: mailbox.name,
        "parentId": lambda _: None,
        "role": lambda mailbox: mailbox.role.value if mailbox.role else None,
        "sortOrder": lambda _: 0,
        "totalEmails": lambda mailbox: mailbox.total,
        "unreadEmails": lambda mailbox: mailbox.unread,
        "totalThreads": lambda mailbox: mailbox.total,
        "unreadThreads": lambda mailbox: mailbox.unread,
        "myRights": _rights,
        "isSubscribed": lambda _: True,
    },
)
