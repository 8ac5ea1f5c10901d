"""Person/query: who a name that is being typed may be; people one has written to come first."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from hongyan.errors import NotFound
from hongyan.jmap.arguments import optional, positive, text
from hongyan.mime.jmap import date_text
from hongyan.store import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.mime.types import Address
    from hongyan.store import Email, Store

_LOOKED_AT: Final = 2_000  # of the newest messages of each mailbox
_FRESH: Final = 30.0  # seconds
_WRITTEN: Final = 1_000  # how much more it counts to have written to somebody


class PersonMethods:
    """The methods of Person. Whom the person knows is counted anew after a while."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._counted = -_FRESH
        self._people: list[Json] = []

    def query(self, call: Call) -> Json:
        """Answer Person/query: names and addresses that hold what is typed."""
        typed = call.take("text", text).casefold()
        limit = call.take("limit", optional(positive), None) or 10
        call.end()
        found = [
            each for each in self._all() if typed in f"{each['name']} {each['email']}".casefold()
        ]
        return {"list": found[:limit]}

    def _all(self) -> list[Json]:
        if self._clock() - self._counted > _FRESH:
            self._people = self._count()
            self._counted = self._clock()
        return self._people

    def _count(self) -> list[Json]:
        seen = _Seen()
        for account in self._store.accounts.list():
            for email in self._page(account.id, Role.SENT):
                seen.add((*email.to, *email.cc), email.received_at, weight=_WRITTEN)
            for email in self._page(account.id, Role.INBOX):
                seen.add(email.from_, email.received_at, weight=1)
            seen.forget(account.address)
        return seen.list()

    def _page(self, account_id: str, role: Role) -> Iterable[Email]:
        try:
            mailbox = self._store.mailboxes.find(account_id, role)
        except NotFound:
            return ()
        return self._store.messages.page(mailbox.id, limit=_LOOKED_AT)


class _Seen:
    def __init__(self) -> None:
        self._weights: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        self._last: dict[str, datetime] = {}

    def add(self, addresses: Iterable[Address], moment: datetime, *, weight: int) -> None:
        for each in addresses:
            email = each.email.lower()
            self._weights[email] += weight
            self._counts[email] += 1
            self._names[email] = self._names.get(email) or each.name or ""
            self._last[email] = max(moment, self._last.get(email, moment))

    def forget(self, email: str) -> None:
        self._weights.pop(email.lower(), None)

    def list(self) -> list[Json]:
        return [
            {
                "name": self._names[email],
                "email": email,
                "count": self._counts[email],
                "lastAt": date_text(self._last[email]),
            }
            for email, _ in self._weights.most_common()
        ]
