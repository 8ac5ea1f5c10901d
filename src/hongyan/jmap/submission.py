"""EmailSubmission (RFC 8621 §7): the standard view of the outbox: getting and finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hongyan.jmap import identity, listing
from hongyan.jmap.arguments import array, id_, one_of, utc_date
from hongyan.jmap.sorting import take_sort
from hongyan.jmap.standard import Type
from hongyan.jmap.times import utc
from hongyan.store import Delivery, Kind, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.store import Item, Recipient

UNDO: Final = ("pending", "final", "canceled")
_NOT_YET: Final = frozenset({State.HELD, State.QUEUED, State.DEFERRED})
_DELIVERED: Final = {
    Delivery.DELIVERED: "yes",
    Delivery.FAILED: "no",
    Delivery.DELAYED: "queued",
}
_ended: Final = frozenset({State.REFUSED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Submission:
    """An item of the outbox with what only other rows know of it."""

    item: Item
    identity_id: str
    thread_id: str | None

    @property
    def undo_status(self) -> str:
        """Whether it can still be taken back."""
        if self.item.state is State.CANCELLED:
            return "canceled"
        begun = any(each.state is State.SENT for each in self.item.recipients)
        return "pending" if self.item.state in _NOT_YET and not begun else "final"

    @property
    def send_at(self) -> datetime:
        """When it went, or will go: at once, or at the time that was chosen."""
        return self.item.send_at or self.item.created_at


def submissions(call: Call, items: Iterable[Item]) -> dict[str, Submission]:
    """Return submissions by id."""
    every = list(items)
    known = identity.every(call)
    by_email = {each.email.lower(): id_ for id_, each in reversed(known.items())}
    first = next(iter(known))
    emails = [str(item.email_id) for item in every if item.email_id]
    threads = {str(row.id): str(row.thread_id) for row in call.store.messages.list(emails)}
    return {
        str(item.id): Submission(
            item, by_email.get(item.sender.lower(), first), threads.get(item.email_id or "")
        )
        for item in every
    }


def every_one(call: Call) -> dict[str, Submission]:
    """Return all submissions of the account, oldest first."""
    return submissions(call, call.store.outbox.list(call.account.id))


def _find(call: Call, ids: Sequence[str]) -> Mapping[str, Submission]:
    known = every_one(call)
    return {each: known[each] for each in ids if each in known}


def _envelope(item: Item) -> Json:
    return {
        "mailFrom": {"email": item.sender, "parameters": None},
        "rcptTo": [{"email": each.address, "parameters": None} for each in item.recipients],
    }


def _delivery(recipient: Recipient) -> Json:
    if recipient.state is State.SENT:
        delivered = _DELIVERED.get(recipient.delivery, "unknown")
    elif recipient.state in _ended:
        delivered = "no"
    else:
        delivered = "unknown" if recipient.state is State.UNCERTAIN else "queued"
    return {
        "smtpReply": recipient.words,
        "delivered": delivered,
        "displayed": "yes" if recipient.displayed else "unknown",
    }


SUBMISSION: Type[Submission] = Type(
    Kind.SUBMISSION,
    lambda call: list(every_one(call)),
    _find,
    {
        "id": lambda each: each.item.id,
        "identityId": lambda each: each.identity_id,
        "emailId": lambda each: each.item.email_id,
        "threadId": lambda each: each.thread_id,
        "envelope": lambda each: _envelope(each.item),
        "sendAt": lambda each: utc(each.send_at),
        "undoStatus": lambda each: each.undo_status,
        "deliveryStatus": lambda each: {
            recipient.address: _delivery(recipient) for recipient in each.item.recipients
        },
        "dsnBlobIds": lambda _: [],
        "mdnBlobIds": lambda _: [],
    },
)


def _among(of: Callable[[Submission], object]) -> Callable[[Any], listing.Test]:
    def condition(value: object) -> listing.Test:
        wanted = set(array(id_)(value))
        return lambda each: of(each) in wanted

    return condition


def _before(value: object) -> listing.Test:
    moment = utc_date(value)
    return lambda each: each.send_at < moment


def _after(value: object) -> listing.Test:
    moment = utc_date(value)
    return lambda each: each.send_at >= moment


def _undo(value: object) -> listing.Test:
    wanted = one_of(*UNDO)(value)
    return lambda each: each.undo_status == wanted


_CONDITIONS: Final = {
    "identityIds": _among(lambda each: each.identity_id),
    "emailIds": _among(lambda each: each.item.email_id),
    "threadIds": _among(lambda each: each.thread_id),
    "undoStatus": _undo,
    "before": _before,
    "after": _after,
}
_KEYS: Final[dict[str, Callable[[Submission], Any]]] = {
    "emailId": lambda each: _number(each.item.email_id),
    "threadId": lambda each: _number(each.thread_id),
    "sentAt": lambda each: each.send_at,
}


def _number(id_: str | None) -> int:
    return int(id_[1:]) if id_ else 0


def _ids(call: Call) -> list[str]:
    condition = listing.take_filter(call, _CONDITIONS)
    sort = take_sort(call, _KEYS)
    found = [each for each in every_one(call).values() if condition(each)]
    found.sort(key=lambda each: (*(one.key(each) for one in sort), int(each.item.id[1:])))
    return [each.item.id for each in found]


def query(call: Call) -> Json:
    """Answer EmailSubmission/query."""
    return listing.query(call, Kind.SUBMISSION, _ids)


def query_changes(call: Call) -> Json:
    """Answer EmailSubmission/queryChanges."""
    return listing.query_changes(call, Kind.SUBMISSION, _ids)
