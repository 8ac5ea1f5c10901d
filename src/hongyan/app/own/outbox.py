"""The outbox as it is: every item with its recipients and the servers' words."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.app.own.shapes import coded, date, listed, page, take_ids, worded
from hongyan.errors import HongyanError, NotFound, StoreError, Unsafe
from hongyan.jmap.arguments import Arguments, array, id_, json_object, one_of, optional
from hongyan.jmap.errors import MethodError, SetError
from hongyan.reasons import Reason
from hongyan.store import State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.store import Item, Store

_VERBS: Final = ("hold", "release", "retry", "cancel", "forget")
_states = optional(array(one_of(*(state.value for state in State))))


class OutboxMethods:
    """The methods of OutboxItem; ``wake`` has an account's waiting mail sent."""

    def __init__(self, store: Store, *, wake: Callable[[str], None]) -> None:
        self._store = store
        self._wake = wake

    def get(self, call: Call) -> Json:
        """Answer Outbox/get."""
        ids = take_ids(call)
        objects: dict[str, Json] = {}
        for each in [item.id for item in self._store.outbox.list()] if ids is None else ids:
            with suppress(NotFound):
                objects[each] = self._json(self._store.outbox.get(each))
        return listed(ids, objects)

    def query(self, call: Call) -> Json:
        """Answer Outbox/query: the newest first."""
        filter_ = Arguments(call.take("filter", json_object, {}))
        account = filter_.take("accountId", optional(id_), None)
        states = filter_.take("states", _states, None)
        filter_.end()

        def chosen(_: Json) -> Sequence[str]:
            items = self._store.outbox.list(account)
            wanted = [each for each in items if states is None or each.state.value in states]
            return [each.id for each in sorted(wanted, key=lambda each: each.created_at)][::-1]

        return page(call, chosen, {})

    def set_(self, call: Call) -> Json:
        """Answer Outbox/set: each item stands or falls by itself."""
        wanted = {verb: call.take(verb, array(id_), []) for verb in _VERBS}
        call.end()
        updated: list[str] = []
        destroyed: list[str] = []
        failed: dict[str, Json] = {}
        for verb, ids in wanted.items():
            for each in ids:
                try:
                    self._do(verb, each)
                except HongyanError as error:
                    failed[each] = _not_set(error).json()
                else:
                    (destroyed if verb == "forget" else updated).append(each)
        return {"updated": updated, "destroyed": destroyed, "notUpdated": failed or None}

    def _do(self, verb: str, item_id: str) -> None:
        outbox = self._store.outbox
        if verb == "forget":
            outbox.forget(item_id)
            return
        verbs = {
            "hold": outbox.hold,
            "release": outbox.let_go,
            "retry": outbox.retry,
            "cancel": outbox.cancel,
        }
        item = verbs[verb](item_id)
        if verb in ("release", "retry"):
            self._wake(item.account_id)

    def resolve(self, call: Call) -> Json:
        """Answer Outbox/resolve: the person's word about an uncertain item."""
        item_id = call.take("id", id_)
        outcome = call.take("outcome", one_of("sent", "notSent"))
        call.end()
        try:
            if outcome == "sent":
                item = self._store.outbox.believe_sent(item_id, Reason.PERSON_SAYS.of())
            else:
                item = self._store.outbox.retry(item_id)
                self._wake(item.account_id)
        except Unsafe as error:
            raise MethodError("forbidden", str(error), **coded(error)) from None
        return {"item": self._json(item)}

    def _json(self, item: Item) -> Json:
        size, subject = 0, ""
        with suppress(StoreError, NotFound):
            octets = self._store.blobs.open(item.blob_id)
            size, subject = len(octets), mime.parse(octets).subject
        return {
            "id": item.id,
            "accountId": item.account_id,
            "emailId": item.email_id,
            "state": item.state.value,
            "subject": subject,
            "from": item.sender,
            "recipients": [
                {"email": each.address, "state": each.state.value, **worded(each.words)}
                for each in item.recipients
            ],
            "messageId": item.message_id,
            "size": size,
            "createdAt": date(item.created_at),
            "nextTryAt": date(item.next_try) if item.pending else None,
            "attempts": item.attempts,
            **worded(item.words),
        }


def _not_set(error: HongyanError) -> SetError:
    kinds = {NotFound: "notFound", Unsafe: "unsafe"}
    return SetError(kinds.get(type(error), "refused"), str(error), more=coded(error))
