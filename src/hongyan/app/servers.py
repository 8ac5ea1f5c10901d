"""The servers of the accounts: connecting to them, breaking off, and trying them out."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from hongyan import imap, pop3, smtp
from hongyan.app.clock import now
from hongyan.app.greeting import greet
from hongyan.errors import AuthenticationRefused, Cancelled, HongyanError
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.net.record import Recorder
from hongyan.reasons import Reason
from hongyan.sync.visit import FirstVisit, Visit

if TYPE_CHECKING:
    from hongyan.app.accounts import Accounts
    from hongyan.app.network import Network
    from hongyan.sasl import Credentials
    from hongyan.store import Account, Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Check:
    """What a test of one of an account's servers found; ``names`` are what it offers then."""

    endpoint: Endpoint
    words: tuple[str, ...]
    error: HongyanError | None = None
    names: frozenset[str] = frozenset()


Tried: TypeAlias = tuple[list[str], frozenset[str]]
"""What a login told: words for the person, and the names of what the server then offers."""

Record: TypeAlias = Callable[[Endpoint], Recorder | None]


def unrecorded(endpoint: Endpoint) -> Recorder | None:
    """Record nothing."""


def urls_of(account: Account) -> tuple[str, ...]:
    """Return the addresses of all servers that an account has."""
    return tuple(url for url in (account.imap_url, account.pop3_url, account.smtp_url) if url)


class Servers:
    """Connections; ``record`` gives each its recorder, or None."""

    def __init__(
        self,
        accounts: Accounts,
        *,
        store: Callable[[], Store],
        network: Network,
        record: Record = unrecorded,
    ) -> None:
        self._accounts = accounts
        self._store = store
        self._network = network
        self._record = record
        self._lock = threading.Lock()
        self._drivers: weakref.WeakSet[BlockingDriver] = weakref.WeakSet()
        self._cancelled = False

    def logged_in(self, account: Account, work: Callable[[Callable[[], Credentials]], T]) -> T:
        """Do ``work`` with what gives the account's credentials; again if a token was refused.

        ``work`` must have done nothing when it raises `AuthenticationRefused`.
        """
        credentials = cache(lambda: self._accounts.credentials(account))
        try:
            return work(credentials)
        except AuthenticationRefused:
            renewed = self._accounts.after_refusal(account, credentials())
            if renewed is None:
                raise
        return work(lambda: renewed)

    def connect(self, url: str, *, within: float = 30.0) -> BlockingDriver:
        """Return a driver that connected within as many seconds.

        Raises `NetworkError`, and `Cancelled` after `cancel`.
        """
        endpoint = Endpoint.parse(url)
        driver = BlockingDriver(
            endpoint, recorder=self._record(endpoint), resolve=self._network.resolve
        )
        with self._lock:
            self._drivers.add(driver)
            cancelled = self._cancelled
        if cancelled:
            driver.close()
            raise Cancelled(Reason.ENDING.of())
        return driver.connect(within=within)

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
        return tuple(self.check_one(account, url) for url in urls_of(account))

    def check_one(self, account: Account, url: str) -> Check:
        """Try one of the account's servers up to the login and leave again."""
        endpoint = Endpoint.parse(url)

        def work(credentials: Callable[[], Credentials]) -> Tried:
            visit = self.visit(account, endpoint)
            visit.refuse_early()
            return self._try(endpoint, visit, credentials)

        return _checked(endpoint, lambda: self.logged_in(account, work))

    def try_login(self, url: str, credentials: Credentials) -> Check:
        """Try a server that is nobody's yet up to the login and leave again."""
        endpoint = Endpoint.parse(url)
        return _checked(endpoint, lambda: self._try(endpoint, FirstVisit(), lambda: credentials))

    def _try(
        self, endpoint: Endpoint, visit: Visit | FirstVisit, credentials: Callable[[], Credentials]
    ) -> Tried:
        with self.connect(str(endpoint)) as driver:
            words, names = _TRIES[endpoint.protocol](visit, driver, credentials())
            tunnel = driver.channel.tunnel
            session = tunnel.session if tunnel else None
            line = f"{session.version}, {session.cipher}" if session else "no TLS"
            return [*words, line], names

    def greet(self, url: str, *, within: float) -> tuple[str, ...]:
        """Open a session without logging in, in as many seconds; return the mechanisms offered.

        Raises `NetworkError`, `ProtocolError`, `Refused`, `Unsafe`.
        """
        with self.connect(url, within=within) as driver:
            return greet(driver, within=within).mechanisms


def _checked(endpoint: Endpoint, work: Callable[[], Tried]) -> Check:
    try:
        words, names = work()
    except HongyanError as error:
        return Check(endpoint, (), error)
    return Check(endpoint, tuple(words), names=names)


def _try_imap(visit: Visit | FirstVisit, driver: BlockingDriver, credentials: Credentials) -> Tried:
    conn = visit.open_imap(driver, credentials)
    status = driver.run(imap.status(conn, "INBOX", ("MESSAGES",)))
    driver.run(imap.logout(conn))
    names = frozenset(conn.capabilities.names)
    quick = "QRESYNC" if "QRESYNC" in names else "no QRESYNC"
    return [f"{status.values.get('MESSAGES', 0)} messages", quick], names


def _try_pop3(visit: Visit | FirstVisit, driver: BlockingDriver, credentials: Credentials) -> Tried:
    conn = visit.open_pop3(driver, credentials)
    stat = driver.run(pop3.stat(conn))
    driver.run(pop3.quit_(conn))
    pipelining = "pipelining" if conn.capabilities.pipelining else "no pipelining"
    words = [f"{stat.messages} messages", pipelining, *conn.capabilities.terms]
    return words, frozenset(conn.capabilities.names)


def _try_smtp(visit: Visit | FirstVisit, driver: BlockingDriver, credentials: Credentials) -> Tried:
    conn = visit.open_smtp(driver, credentials)
    driver.run(smtp.quit_(conn))
    size = conn.extensions.size_limit
    limit = f"messages up to {size // 1_000_000} MB" if size else "no size limit told"
    pipelining = "pipelining" if conn.extensions.pipelining else "no pipelining"
    return [limit, pipelining], frozenset(conn.extensions.names)


_TRIES: Final = {"imap": _try_imap, "pop3": _try_pop3, "smtp": _try_smtp}
