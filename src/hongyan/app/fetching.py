"""Bringing new mail, by whichever protocol an account has."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hongyan import imap
from hongyan.errors import NotFound
from hongyan.net.endpoint import Endpoint
from hongyan.reasons import Reason
from hongyan.store.holds import nobody
from hongyan.sync import arrivals, evidence, plan
from hongyan.sync import pop3 as maildrop
from hongyan.sync.imap import synchronise
from hongyan.sync.imap_tour import Synced
from hongyan.sync.progress import Progress, silent
from hongyan.sync.rules import Ruling, untold
from hongyan.sync.sent_copy import SentCopies

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hongyan.app.servers import Servers
    from hongyan.net.blocking import BlockingDriver
    from hongyan.sasl import Credentials
    from hongyan.store import Account, Store
    from hongyan.store.holds import Holder
    from hongyan.store.maildrops import Policy
    from hongyan.sync.progress import Report
    from hongyan.sync.rules import Errand

Fetched: TypeAlias = maildrop.Collected | Synced


class Fetching:
    """Visits to the servers that hold an account's mail."""

    def __init__(
        self,
        store: Store,
        servers: Servers,
        *,
        clock: Callable[[], datetime],
        tell: Callable[[str], None] = untold,
    ) -> None:
        """``tell`` takes a line about what a rule's command left undone."""
        self._tell = tell
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
    ) -> Fetched | None:
        """Bring what is new: by IMAP where the account has that, else by POP3, else None.

        By IMAP, what was changed here is told to the server too. One program at a time visits an
        account: ``what`` we are called, how many seconds we wait for another, and whom to tell.
        Raises `Busy` when that was in vain.
        """
        bring = self._synchronise if account.imap_url else self._collect
        url = account.imap_url or account.pop3_url
        if not url:
            return None

        def visit(credentials: Callable[[], Credentials]) -> Fetched:
            self._servers.visit(account, Endpoint.parse(url)).refuse_early()
            shown = credentials()
            holds = self._store.holds
            with holds.hold(account.id, what=what, within=patience, waiting=waiting):
                began = self._clock()
                report(Progress("Connecting"))
                try:
                    with self._servers.connect(url) as driver:
                        brought = bring(account, driver, shown, report)
                finally:
                    self._look_through(account)
                SentCopies(account, self._store, clock=self._clock).visited(began)
                return brought

        return self._servers.logged_in(account, visit)

    def leaving(self, account: Account, policy: Policy) -> tuple[plan.Remove, ...]:
        """Return what would leave the account's POP3 server by ``policy`` now, and why.

        Raises `NotFound` for an account without one.
        """
        url = account.pop3_url
        if not url:
            raise NotFound(Reason.NO_POP3.of(address=account.address))

        def look(credentials: Callable[[], Credentials]) -> tuple[plan.Remove, ...]:
            with self._servers.connect(url) as driver:
                return maildrop.leaving(
                    account,
                    driver,
                    self._store,
                    policy,
                    credentials=credentials(),
                    clock=self._clock,
                )

        return self._servers.logged_in(account, look)

    def _look_through(self, account: Account) -> None:
        """See what the arrivals mean, also those of a visit that broke off."""
        errands: list[Errand] = []
        ruling = Ruling(self._store, clock=self._clock, tell=self._tell)
        arrivals.look_through(
            self._store,
            account.id,
            [
                lambda arrived: evidence.take_reports(self._store, arrived),
                lambda arrived: errands.extend(ruling.arrived(account.id, arrived)),
            ],
        )
        evidence.look_for_copies(self._store, account.id)
        ruling.run(errands)

    def _collect(
        self, account: Account, driver: BlockingDriver, credentials: Credentials, report: Report
    ) -> maildrop.Collected:
        return maildrop.collect(
            account,
            driver,
            self._store,
            credentials=credentials,
            clock=self._clock,
            report=report,
        )

    def _synchronise(
        self, account: Account, driver: BlockingDriver, credentials: Credentials, report: Report
    ) -> Synced:
        visit = self._servers.visit(account, driver.channel.endpoint)
        conn = visit.open_imap(driver, credentials)
        visit.compress(driver, conn)
        synced = driver.run(
            synchronise(conn, account, self._store, clock=self._clock, report=report)
        )
        driver.run(imap.logout(conn))
        return synced
