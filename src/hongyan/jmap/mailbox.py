"""Mailbox (RFC 8621 §2): getting, finding, changing."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, NotFound
from hongyan.jmap import setting
from hongyan.jmap.arguments import Arguments, boolean, id_or_reference, optional, text, unsigned
from hongyan.jmap.errors import Json, NotSet
from hongyan.jmap.standard import Type, changed, changes_json
from hongyan.store import Kind, MailboxId, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hongyan.jmap.call import Call
    from hongyan.store import Mailbox

_SERVER_SET: Final = frozenset(
    {"id", "totalEmails", "unreadEmails", "totalThreads", "unreadThreads", "myRights"}
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def every(call: Call) -> dict[str, Mailbox]:
    """Return the account's mailboxes by id."""
    return {str(mailbox.id): mailbox for mailbox in call.store.mailboxes.list(call.account.id)}


def _find(call: Call, ids: Sequence[str]) -> Mapping[str, Mailbox]:
    known = every(call)
    return {id_: known[id_] for id_ in ids if id_ in known}


def _rights(mailbox: Mailbox) -> Json:
    return {
        **dict.fromkeys(("mayReadItems", "mayAddItems", "mayRemoveItems"), True),
        **dict.fromkeys(("maySetSeen", "maySetKeywords", "mayCreateChild", "mayRename"), True),
        "mayDelete": mailbox.role is not Role.INBOX,
        "maySubmit": True,
    }


MAILBOX: Type[Mailbox] = Type(
    Kind.MAILBOX,
    lambda call: list(every(call)),
    _find,
    {
        "id": lambda mailbox: mailbox.id,
        "name": lambda mailbox: mailbox.name,
        "parentId": lambda mailbox: mailbox.parent_id,
        "role": lambda mailbox: mailbox.role.value if mailbox.role else None,
        "sortOrder": lambda mailbox: mailbox.sort_order,
        "totalEmails": lambda mailbox: mailbox.total,
        "unreadEmails": lambda mailbox: mailbox.unread,
        "totalThreads": lambda mailbox: mailbox.total_threads,
        "unreadThreads": lambda mailbox: mailbox.unread_threads,
        "myRights": _rights,
        "isSubscribed": lambda mailbox: mailbox.is_subscribed,
    },
)


def changes(call: Call) -> Json:
    """Answer Mailbox/changes (§2.2).

    Whether counts alone changed is not kept, so ``updatedProperties`` is null.
    """
    return call.answer(**changes_json(changed(call, Kind.MAILBOX)), updatedProperties=None)


def set_(call: Call) -> Json:
    """Answer Mailbox/set (§2.5)."""
    account = call.account
    state = setting.take_if_in_state(call)
    wanted = setting.take(call)
    with_messages = call.flag("onDestroyRemoveEmails")
    call.end()

    def destroy(call: Call, id_: str) -> None:
        _destroy(call, id_, with_messages=with_messages)

    with call.store.transaction():
        old = setting.require_state(call, Kind.MAILBOX, state)
        wanted = replace(wanted, destroy=_leaves_first(call, wanted.destroy))
        outcome = setting.carry_out(call, wanted, setting.Actions(_create, _update, destroy))
        new = call.store.changes.state(account.id, Kind.MAILBOX)
    call.changed(old, new)
    return call.answer(oldState=old, newState=new, **outcome.json())


def _leaves_first(call: Call, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids so that a mailbox comes after those below it."""
    known = every(call)

    def depth(id_: str) -> int:
        found, at = 0, known.get(call.resolve(id_))
        while at is not None and at.parent_id is not None and found <= len(known):
            found, at = found + 1, known.get(at.parent_id)
        return found

    return tuple(sorted(ids, key=depth, reverse=True))


def _own(call: Call, id_: str) -> Mailbox:
    mailbox = call.store.mailboxes.get(id_)
    if mailbox.account_id != call.account.id:
        raise NotFound(f"there is no mailbox {id_} in this account")
    return mailbox


def _create(call: Call, given: Json) -> Json:
    for name in set(given) & _SERVER_SET:
        raise NotSet("invalidProperties", f"{name} is not for the client to say", name)
    wished = _wished(call, given)
    mailbox = call.store.mailboxes.create(
        call.account.id,
        wished.name,
        parent_id=wished.parent_id,
        role=wished.role,
        sort_order=wished.sort_order,
        is_subscribed=wished.is_subscribed,
    )
    unsaid = [name for name in MAILBOX.show if name not in given]
    return MAILBOX.shown(mailbox, ("id", *unsaid))


def _update(call: Call, id_: str, patch: Json) -> None:
    mailbox = _own(call, id_)
    now = MAILBOX.shown(mailbox, MAILBOX.show)
    then = setting.patched(now, patch)
    if fixed := sorted(name for name in _SERVER_SET if then[name] != now[name]):
        raise NotSet("invalidProperties", "these are the server's to change", *fixed)
    wished = _wished(call, {name: then[name] for name in then if name not in _SERVER_SET})
    if wished != _of(mailbox):
        call.store.mailboxes.update(
            replace(
                mailbox,
                name=wished.name,
                parent_id=wished.parent_id,
                role=wished.role,
                sort_order=wished.sort_order,
                is_subscribed=wished.is_subscribed,
            )
        )


@dataclass(frozen=True, slots=True)
class _Wished:
    """What a client may say of a mailbox."""

    name: str
    parent_id: MailboxId | None
    role: Role | None
    sort_order: int
    is_subscribed: bool


def _of(mailbox: Mailbox) -> _Wished:
    return _Wished(
        mailbox.name, mailbox.parent_id, mailbox.role, mailbox.sort_order, mailbox.is_subscribed
    )


def _wished(call: Call, given: Json) -> _Wished:
    fields = Arguments(given)
    parent = fields.take("parentId", optional(id_or_reference), None)
    wished = _Wished(
        name=_name(call, fields.take("name", text)),
        parent_id=MailboxId(_parent(call, parent)) if parent else None,
        role=_role(fields.take("role", optional(text), None)),
        sort_order=fields.take("sortOrder", unsigned, 0),
        is_subscribed=fields.take("isSubscribed", boolean, default=True),
    )
    fields.end()
    return wished


def _name(call: Call, name: str) -> str:
    """Return a Net-Unicode name within the limit (§2). Raises `NotSet`."""
    limit = call.limits.max_size_mailbox_name
    if not 0 < len(name.encode("utf-8", "replace")) <= limit or _CONTROL.search(name):
        words = f"a name has 1 to {limit} octets and no control characters"
        raise NotSet("invalidProperties", words, "name")
    return unicodedata.normalize("NFC", name)


def _parent(call: Call, reference: str) -> str:
    """Return the id of a parent that may have one more level below. Raises `NotSet`."""
    id_ = call.resolve(reference)
    known = every(call)
    at, depth = known.get(id_), 1
    if at is None:
        raise NotSet("invalidProperties", f"there is no mailbox {reference}", "parentId")
    while at is not None and at.parent_id is not None:
        at, depth = known.get(at.parent_id), depth + 1
        if depth >= call.limits.max_mailbox_depth:
            raise NotSet("invalidProperties", "mailboxes cannot be nested deeper", "parentId")
    return id_


def _role(word: str | None) -> Role | None:
    try:
        return Role(word) if word else None
    except ValueError:
        raise NotSet("invalidProperties", f"there is no role {word!r}", "role") from None


def _destroy(call: Call, id_: str, *, with_messages: bool) -> None:
    mailbox = _own(call, id_)
    if mailbox.role is Role.INBOX:
        raise NotSet("forbidden", "new mail needs the inbox")
    try:
        call.store.mailboxes.delete(id_, with_messages=with_messages)
    except InvalidArgument as why:
        raise NotSet(why.field, why.reason) from None
