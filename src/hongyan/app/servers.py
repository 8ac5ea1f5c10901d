"""The servers of the accounts: connecting to them, breaking off, and trying them out."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hongyan import pop3, smtp
from hongyan.app.clock import now
from hongyan.errors import Cancelled, HongyanError
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.net.record import Recorder
from hongyan.sync.visit import Visit

if TYPE_CHECKING:
    from hongyan.sasl import Credentials
    from hongyan.store import Account, Store


@dataclass(frozen=True, slots=True)
class Check:
    """What a test of one of an account's servers found."""

    endpoint: Endpoint
    words: tuple[str, ...]
    error: HongyanError | None = None


Record: TypeAlias = Callable[[Endpoint], Recorder | None]


def unrecorded(endpoint: Endpoint) -> Recorder | None:
    """Record nothing."""


class Servers:
    """Connections; ``record`` gives each its recorder, or None."""

    def __init__(
        self,
        credentials: Callable[[Account], Credentials],
        *,
        store: Callable[[], Store],
        record: Record = unrecorded,
    ) -> None:
        self.credentials = credentials
        self._store = store
        self._record = record
        self._lock = threading.Lock()
        self._drivers: weakref.WeakSet[BlockingDriver] = weakref.WeakSet()
        self._cancelled = False

    def connect(self, url: str) -> BlockingDriver:
        """Return a connected driver. Raises `NetworkError`, and `Cancelled` after `cancel`."""
        endpoint = Endpoint.parse(url)
        driver = BlockingDriver(endpoint, recorder=self._record(endpoint))
        with self._lock:
            self._drivers.add(driver)
            cancelled = self._cancelled
        if cancelled:
            driver.close()
            raise Cancelled("the program is about to end")
        return driver.connect()

    def cancel(self) -> None:
        """Break off what every connection is doing, and open no more; from any thread."""
        with self._lock:
            self._cancelled = True
            drivers = tuple(self._drivers)
        for driver in drivers:
            driver.cancel()

    def visit(self, account: Account, endpoint: Endpoint) -> Visit:
        """Return a visit to one of the account's servers, with what is remembered of it."""
        return Visit(account, endpoint, self._store(), clock=now)

    def check(self, account: Account) -> tuple[Check, ...]:
        """Try each of the account's servers up to the login and leave again."""
        tests = ((account.pop3_url, _try_pop3), (account.smtp_url, _try_smtp))
        return tuple(self._check(account, url, test) for url, test in tests if url)

    def _check(
        self,
        account: Account,
        url: str,
        test: Callable[[Visit, BlockingDriver, Credentials], list[str]],
    ) -> Check:
        endpoint = Endpoint.parse(url)
        visit = self.visit(account, endpoint)
        try:
            visit.refuse_early()
            with self.connect(url) as driver:
                words = test(visit, driver, self.credentials(account))
                tunnel = driver.channel.tunnel
                session = tunnel.session if tunnel else None
                words.append(f"{session.version}, {session.cipher}" if session else "no TLS")
        except HongyanError as error:
            return Check(endpoint, (), error)
        return Check(endpoint, tuple(words))


def _try_pop3(visit: Visit, driver: BlockingDriver, credentials: Credentials) -> list[str]:
    conn = visit.open_pop3(driver, credentials)
    stat = driver.run(pop3.stat(conn))
    driver.run(pop3.quit_(conn))
    pipelining = "pipelining" if conn.capabilities.pipelining else "no pipelining"
    return [f"{stat.messages} messages", pipelining, *conn.capabilities.terms]


def _try_smtp(visit: Visit, driver: BlockingDriver, credentials: Credentials) -> list[str]:
    conn = visit.open_smtp(driver, credentials)
    driver.run(smtp.quit_(conn))
    size = conn.extensions.size_limit
    limit = f"messages up to {size // 1_000_000} MB" if size else "no size limit told"
    return [limit, "pipelining" if conn.extensions.pipelining else "no pipelining"]
