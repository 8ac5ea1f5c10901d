"""Emails/query: an Email/query through several accounts at once, such as all their inboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.jmap.arguments import array, id_
from hongyan.jmap.call import account_of
from hongyan.jmap.email_query import Asked
from hongyan.jmap.errors import invalid
from hongyan.jmap.window import Window

if TYPE_CHECKING:
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json


def query(call: Call) -> Json:
    """Answer Emails/query: ``ids`` in one order with the account of each, and ``byAccount``."""
    wanted: list[str] = call.take("accountIds", array(id_))
    if not wanted:
        raise invalid("accountIds", "names nothing")
    accounts = [account_of(call.store, each).id for each in dict.fromkeys(wanted)]
    asked, window = Asked.take(call, accounts), Window.take(call)
    call.end()
    with call.store.view():
        found = asked.window(window)
        owners = call.store.messages.accounts(found.ids)
    by_account = {
        account: [each for each in found.ids if owners[each] == account] for account in accounts
    }
    return {
        **window.answer(found.position, found.ids, found.total),
        "owners": [owners[each] for each in found.ids],
        "byAccount": by_account,
    }
