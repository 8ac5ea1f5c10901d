"""Hiring: what a worker of an account is made of.

Most of the program; it is loaded when the first is hired, so that the page does not wait for it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from hongyan.net.endpoint import Endpoint
from hongyan.store import Role
from hongyan.sync.schedule import Schedule
from hongyan.sync.untold import Untold
from hongyan.sync.worker import Bell, Task, Worker
from hongyan.sync.workers import SystemClock, Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan import imap
    from hongyan.app.servers import Record, Servers
    from hongyan.net.blocking import BlockingDriver
    from hongyan.net.record import Recorder
    from hongyan.net.ring import Ring
    from hongyan.sasl import Credentials
    from hongyan.store import Store
    from hongyan.sync.activity import Activities
    from hongyan.sync.progress import Report
    from hongyan.sync.worker import Watch

SERVE: Final = "hongyan serve"
_PATIENCE: Final = 5.0  # seconds for another program's visit, less than any pause


class Staff:
    """Makes the workers of a profile; ``connect`` gives each its own servers.

    ``tell`` takes a line about what a rule's command left undone.
    """

    def __init__(
        self,
        store: Store,
        connect: Callable[[Record], Servers],
        *,
        activities: Activities,
        wire: Ring,
        tell: Callable[[str], None],
    ) -> None:
        self._store = store
        self._connect = connect
        self._activities = activities
        self._wire = wire
        self._tell = tell
        self._clock = SystemClock()

    def workers(self) -> Workers:
        """Return workers for all accounts, not yet started."""
        return Workers(
            lambda: [account.id for account in self._store.accounts.list()],
            self.hire,
            untold=Untold(self._store).accounts,
            activities=self._activities,
            clock=self._clock,
        )

    def hire(self, account_id: str) -> Worker:
        """Return a worker with connections of its own, which it can break off."""
        from hongyan.app.fetching import Fetching
        from hongyan.app.sending import Sending

        def record(endpoint: Endpoint) -> Recorder:
            return self._wire.recorder(str(endpoint), account_id=account_id)

        servers = self._connect(record)
        fetching = Fetching(self._store, servers, clock=self._clock.now, tell=self._tell)
        sending = Sending(self._store, servers, clock=self._clock.now)

        keeps_flags = self._store.accounts.get(account_id).imap_url is not None

        def fetch(report: Report) -> None:
            account = self._store.accounts.get(account_id)
            fetching.fetch(account, report, what=SERVE, patience=_PATIENCE)

        def send(report: Report) -> None:
            sending.send_due(self._store.accounts.get(account_id), report)

        def bring_back(_: Report) -> None:
            self._store.snoozes.bring_back(account_id, self._clock.now())

        return Worker(
            account_id,
            [
                Task(
                    bring_back,
                    Schedule(random.random),
                    regular=False,
                    due=lambda: self._store.snoozes.next_due(account_id),
                ),
                Task(fetch, Schedule(random.random), tells=keeps_flags),
                Task(
                    send,
                    Schedule(random.random),
                    regular=False,
                    due=lambda: self._store.outbox.next_due(account_id),
                ),
            ],
            publish=self._activities.publish,
            watch=self._watch(account_id, servers),
            clock=self._clock,
            cancel=servers.cancel,
        )

    def _watch(self, account_id: str, servers: Servers) -> Watch:
        """Return what a worker rests in: for IMAP a line of its own, which the server rings."""
        account = self._store.accounts.get(account_id)
        url = account.imap_url
        if url is None:
            return Bell()
        from hongyan.sync.imap_idle import ImapWatch

        def open_line(
            credentials: Callable[[], Credentials],
        ) -> tuple[BlockingDriver, imap.Connection]:
            driver = servers.connect(url)
            try:
                visit = servers.visit(account, Endpoint.parse(url))
                return driver, visit.open_imap(driver, credentials())
            except BaseException:
                driver.close()
                raise

        def uid_next() -> int:
            known = self._store.imap_mailboxes.list(account_id)
            return next((each.uid_next for each in known if each.role is Role.INBOX), 0)

        return ImapWatch(lambda: servers.logged_in(account, open_line), uid_next=uid_next)
