"""Email/set (RFC 8621 §4.6): creating, marking, moving, deleting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.errors import NotFound
from hongyan.jmap import setting
from hongyan.jmap.email_create import create, require_mailboxes
from hongyan.jmap.errors import Json, NotSet
from hongyan.store import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.jmap.call import Call
    from hongyan.store import Email

_CHANGEABLE: Final = frozenset({"keywords", "mailboxIds"})


def set_(call: Call) -> Json:
    """Answer Email/set."""
    account = call.account
    state = setting.take_if_in_state(call)
    wanted = setting.take(call)
    call.end()
    with call.store.transaction():
        old = setting.require_state(call, Kind.EMAIL, state)
        outcome = setting.carry_out(call, wanted, setting.Actions(create, _update, _destroy))
        new = call.store.changes.state(account.id, Kind.EMAIL)
    call.changed(old, new)
    return call.answer(oldState=old, newState=new, **outcome.json())


def _update(call: Call, id_: str, patch: Json) -> None:
    row = _own(call, id_)
    if fixed := {path.split("/")[0] for path in patch} - _CHANGEABLE:
        raise NotSet("invalidProperties", "these never change", *sorted(fixed))
    now: Json = {
        "keywords": dict.fromkeys(row.keywords, True),
        "mailboxIds": dict.fromkeys(row.mailbox_ids, True),
    }
    then = setting.patched(now, patch)
    keywords, mailboxes = true_names(then, "keywords"), true_names(then, "mailboxIds")
    wanted = [call.resolve(each) for each in mailboxes]
    require_mailboxes(call, wanted)
    call.store.messages.set_mailboxes(id_, wanted)
    call.store.messages.set_keywords(id_, keywords)


def true_names(object_: Json, name: str) -> list[str]:
    """Return the names in a ``String[Boolean]`` property, all of which must be true."""
    value = object_.get(name)
    if not isinstance(value, dict) or any(each is not True for each in value.values()):
        raise NotSet("invalidProperties", f"{name} is an object whose values are true", name)
    return list(value)


def _destroy(call: Call, id_: str) -> None:
    call.store.messages.delete(_own(call, id_).id)


def _own(call: Call, id_: str) -> Email:
    row = call.store.messages.get(id_)
    if row.account_id != call.account.id:
        raise NotFound(f"there is no message {id_} in this account")
    return row


def several(call: Call, ids: Iterable[str]) -> dict[str, Email]:
    """Return the account's messages among ``ids``."""
    account = call.account.id
    rows = call.store.messages.list(ids)
    return {str(row.id): row for row in rows if row.account_id == account}
