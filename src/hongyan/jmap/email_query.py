"""Email/query (RFC 8621 §4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.jmap.arguments import anything, array, id_, json_object, optional
from hongyan.jmap.errors import MethodError
from hongyan.jmap.window import Listed, Window
from hongyan.store import Kind

if TYPE_CHECKING:
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json

_ALL = 100_000


def query(call: Call) -> Json:
    """Answer Email/query."""
    account = call.account
    condition = call.take("filter", optional(json_object), None) or {}
    call.take("sort", optional(array(anything)), None)
    collapse = call.flag("collapseThreads")
    window = Window.take(call)
    call.end()
    with call.store.view():
        state = call.store.changes.state(account.id, Kind.EMAIL)
        ids = _ids(call, condition)
        if collapse:
            ids = _collapsed(call, ids)
        part = window.of(Listed(ids))
    return call.answer(queryState=state, canCalculateChanges=False, **part)


def _ids(call: Call, condition: Json) -> list[str]:
    mailboxes = [mailbox.id for mailbox in call.store.mailboxes.list(call.account.id)]
    wanted = condition.pop("inMailbox", None)
    text = condition.pop("text", None)
    if condition:
        raise MethodError("unsupportedFilter")
    if wanted is not None:
        mailboxes = [mailbox for mailbox in mailboxes if mailbox == id_(wanted)]
    if text:
        hits = call.store.search.find(text, account=call.account.id, limit=_ALL)
        return [hit.id for hit in hits]
    rows = [row for each in mailboxes for row in call.store.messages.page(each, limit=_ALL)]
    rows.sort(key=lambda row: row.received_at, reverse=True)
    return list(dict.fromkeys(row.id for row in rows))


def _collapsed(call: Call, ids: list[str]) -> list[str]:
    seen: dict[str, str] = {}
    for each in ids:
        seen.setdefault(call.store.messages.get(each).thread_id, each)
    return list(seen.values())
