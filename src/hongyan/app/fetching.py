"""Bringing new mail, by whichever protocol an account has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.net.endpoint import Endpoint
from hongyan.store.holds import nobody
from hongyan.sync import arrivals, evidence
from hongyan.sync import pop3 as maildrop
from hongyan.sync.progress import silent
from hongyan.sync.sent_copy import SentCopies

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hongyan.app.servers import Servers
    from hongyan.sasl import Credentials
    from hongyan.store import Account, Store
    from hongyan.store.holds import Holder
    from hongyan.sync.progress import Report


class Fetching:
    """Visits to the servers that hold an account's mail."""

    def __init__(self, store: Store, servers: Servers, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._servers = servers
        self._clock = clock

    def fetch(
        self,
        account: Account,
        report: Report = silent,
        *,
        what: str = "hongyan",
        patience: float = 0.0,
        waiting: Callable[[Holder], None] = nobody,
    ) -> maildrop.Collected | None:
        """Fetch what is new; None for an account without a POP3 server.

        One program at a time visits an account: ``what`` we are called, how many seconds we wait
        for another, and whom to tell. Raises `StoreError` when that was in vain.
        """
        url = account.pop3_url
        if not url:
            return None

        def collect(credentials: Callable[[], Credentials]) -> maildrop.Collected:
            self._servers.visit(account, Endpoint.parse(url)).refuse_early()
            shown = credentials()
            holds = self._store.holds
            with holds.hold(account.id, what=what, within=patience, waiting=waiting):
                began = self._clock()
                try:
                    with self._servers.connect(url) as driver:
                        return maildrop.collect(
                            account,
                            driver,
                            self._store,
                            credentials=shown,
                            clock=self._clock,
                            report=report,
                        )
                finally:
                    self._look_through(account, began)

        return self._servers.logged_in(account, collect)

    def _look_through(self, account: Account, began: datetime) -> None:
        """See what the arrivals mean, also those of a visit that broke off."""
        arrivals.look_through(
            self._store, account.id, [lambda email: evidence.take_report(self._store, email)]
        )
        evidence.look_for_copies(self._store, account.id)
        SentCopies(account, self._store, clock=self._clock).visited(began)
