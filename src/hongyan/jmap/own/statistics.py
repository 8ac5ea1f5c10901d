"""Statistics/get: mail per day and hour, per person, answer times, sizes, what could be left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hongyan import mime
from hongyan.errors import NotFound
from hongyan.jmap.arguments import array, id_, optional, text, utc_date
from hongyan.jmap.call import account_of
from hongyan.mime.jmap import Form, date_text, header_form
from hongyan.store.statistics import SIZES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime, tzinfo

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.store import Store
    from hongyan.store.statistics import Period, Sender

_PEOPLE: Final = 50
_LISTS: Final = 50
_LOOKED_AT: Final = 200  # senders, for a list behind them
_HEAD: Final = 65_536  # octets


@dataclass(slots=True)
class _Person:
    email: str
    name: str = ""
    received: int = 0
    sent: int = 0
    answers: list[float] = field(default_factory=list)

    def json(self) -> Json:
        usual = round(median(self.answers)) if self.answers else None
        counts = {"received": self.received, "sent": self.sent}
        return {"name": self.name, "email": self.email, **counts, "answerSeconds": usual}


@dataclass(slots=True)
class _List:
    """What sends mail that can be unsubscribed; the newest message says how."""

    id: str
    name: str
    unsubscribe: str
    account_id: str
    newest: Sender
    count: int = 0

    def json(self) -> Json:
        return {
            "listId": self.id,
            "name": self.name,
            "count": self.count,
            "lastAt": date_text(self.newest.last_at),
            "unsubscribe": self.unsubscribe,
            "accountId": self.account_id,
            "emailId": self.newest.newest,
        }


@dataclass(slots=True)
class _Counted:
    """What is counted of all accounts together."""

    days: dict[str, list[int]] = field(default_factory=dict)
    weekdays: list[list[int]] = field(default_factory=lambda: [[0] * 24 for _ in range(7)])
    sizes: Counter[int] = field(default_factory=Counter)
    people: dict[str, _Person] = field(default_factory=dict)
    lists: dict[str, _List] = field(default_factory=dict)
    total: int = 0
    octets: int = 0
    since: datetime | None = None

    def person(self, name: str | None, email: str) -> _Person:
        found = self.people.setdefault(email.lower(), _Person(email))
        found.name = found.name or name or ""
        return found


def get(call: Call) -> Json:
    """Answer Statistics/get."""
    ids = call.take("accountIds", optional(array(id_)), None)
    after = call.take("after", optional(utc_date), None)
    before = call.take("before", optional(utc_date), None) or call.server.clock()
    zone = call.take("zone", _zone, "UTC")
    call.end()
    known = [each.id for each in call.store.accounts.list()]
    accounts = known if ids is None else [account_of(call.store, each).id for each in ids]
    counted = _Counted()
    for account_id in dict.fromkeys(accounts):
        period = call.store.statistics.period(account_id, after, before)
        counted.since = min(filter(None, (counted.since, period.after)))
        _count_hours(counted, call.store, account_id, period, zone)
        _count_people(counted, call.store, account_id, period)
    for account_id in known:
        _forget_own(counted, call.store, account_id)
    return _json(counted)


def _zone(value: object) -> tzinfo:
    name = text(value)
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone that is known here") from None


def _count_hours(
    counted: _Counted, store: Store, account_id: str, period: Period, zone: tzinfo
) -> None:
    hours, totals = store.statistics.hours(account_id, period, zone)
    for at, hour in hours.items():
        day = counted.days.setdefault(at.date().isoformat(), [0, 0])
        day[0] += hour.received
        day[1] += hour.sent
        counted.weekdays[at.weekday()][at.hour] += hour.received
    counted.total += totals.messages
    counted.octets += totals.octets
    below = 0
    for size, up_to in zip((*SIZES, 0), (*totals.up_to, totals.messages), strict=True):
        counted.sizes[size] += up_to - below
        below = up_to


def _count_people(counted: _Counted, store: Store, account_id: str, period: Period) -> None:
    senders = list(store.statistics.senders(account_id, period))
    for sender in senders:
        counted.person(sender.address.name, sender.address.email).received += sender.count
    for address, count in store.statistics.recipients(account_id, period):
        counted.person(address.name, address.email).sent += count
    for address, seconds in store.statistics.answers(account_id, period):
        counted.person(address.name, address.email).answers.append(seconds)
    _count_lists(counted, store, account_id, senders[:_LOOKED_AT])


def _count_lists(
    counted: _Counted, store: Store, account_id: str, senders: Iterable[Sender]
) -> None:
    newest = {sender.newest: sender for sender in senders}
    for message_id, blob_id in store.statistics.blobs(list(newest)).items():
        sender = newest[message_id]
        try:
            found = _list(bytes(store.blobs.open(blob_id)[:_HEAD]), account_id, sender)
        except NotFound:
            continue  # deleted meanwhile
        if found is None:
            continue
        known = counted.lists.setdefault(found.id, found)
        known.count += sender.count
        if sender.last_at > known.newest.last_at:
            known.newest, known.unsubscribe = sender, found.unsubscribe


def _list(head: bytes, account_id: str, sender: Sender) -> _List | None:
    message = mime.parse(head)
    ways = _form(message.header("List-Unsubscribe"), Form.URLS) or []
    way = next((each for each in ways if each.lower().startswith(("https:", "mailto:"))), None)
    if way is None:
        return None
    told = str(_form(message.header("List-Id"), Form.TEXT) or "")
    name, bracket, rest = told.rpartition("<")
    list_id = rest.partition(">")[0].strip() if bracket else told.strip()
    shown = name.strip(' "') or sender.address.name or sender.address.email
    return _List(list_id or sender.address.email.lower(), shown, way, account_id, sender)


def _form(value: bytes | None, form: Form) -> Any:  # noqa: ANN401  # JSON
    return None if value is None else header_form(value, form)


def _forget_own(counted: _Counted, store: Store, account_id: str) -> None:
    own = [each.email for each in store.identities.list(account_id)]
    for email in (store.accounts.get(account_id).address, *own):
        counted.people.pop(email.lower(), None)


def _days(days: Mapping[str, list[int]]) -> Iterator[Json]:
    """Yield every day from the first to the last, those without mail too."""
    if not days:
        return
    at, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    while at <= last:
        received, sent = days.get(at.isoformat(), (0, 0))
        yield {"day": at.isoformat(), "received": max(0, received), "sent": sent}
        at += timedelta(days=1)


def _json(counted: _Counted) -> Json:
    wrote = [each for each in counted.people.values() if each.received or each.sent]
    people = sorted(wrote, key=lambda each: (-each.received - each.sent, each.email))
    lists = sorted(counted.lists.values(), key=lambda each: (-each.count, each.id))
    return {
        "since": date_text(counted.since),
        "perDay": list(_days(counted.days)),
        "perHour": [[max(0, count) for count in day] for day in counted.weekdays],
        "people": [each.json() for each in people[:_PEOPLE]],
        "sizes": [{"upTo": size, "count": counted.sizes[size]} for size in (*SIZES, 0)],
        "lists": [each.json() for each in lists[:_LISTS]],
        "total": counted.total,
        "octets": counted.octets,
    }
