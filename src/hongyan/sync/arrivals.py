"""Looking through what has arrived: once each, in the order of arrival, whatever the protocol.

What arrived is read off the store's change log, from where we were to where it is. A batch, with
all that is done about it, is one transaction with the new place: a program that is killed goes on
there, and nothing is done twice or left out. What is known by its header alone waits for its body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.store import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hongyan.store import MessageId, Store

PLACE: Final = "arrived"
_BATCH: Final = 100


def look_through(
    store: Store, account_id: str, handlers: Sequence[Callable[[Sequence[MessageId]], object]]
) -> int:
    """Hand the messages that servers have given since to the handlers; return how many."""
    count = 0
    while True:
        with store.transaction():
            place = store.learned.get(account_id, PLACE) or "0"
            changes = store.changes.since(account_id, place, Kind.EMAIL, limit=_BATCH)
            if changes is None:  # the log is shorter than our absence: nothing old is judged
                store.learned.set(account_id, PLACE, store.changes.state(account_id))
                return count
            late = store.messages.no_longer_put_off(account_id, limit=_BATCH)
            given = store.messages.put_off(store.messages.given_by_servers(changes.created))
            for handle in handlers:
                handle((*late, *given))
            count += len(late) + len(given)
            store.learned.set(account_id, PLACE, changes.new_state)
            if not changes.has_more and len(late) < _BATCH:
                return count
