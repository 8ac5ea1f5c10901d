"""Opening a session with a server that an account has visited before.

What the server offered is kept in the store between visits and over program starts: a weaker offer
is refused (no silent step down), a POP3 server is asked for its capabilities once a day only, and
nobody logs in sooner than LOGIN-DELAY allows (RFC 2449 §6.5).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hongyan import imap
from hongyan.client.session import open_imap, open_pop3, open_smtp
from hongyan.errors import Refused
from hongyan.pop3 import Capabilities
from hongyan.store import Offer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hongyan import pop3, smtp
    from hongyan.client.session import Login
    from hongyan.net.blocking import BlockingDriver
    from hongyan.net.endpoint import Endpoint
    from hongyan.sasl import Credentials
    from hongyan.store import Account, Store

_ASK_ANEW: Final = timedelta(days=1)


class FirstVisit:
    """A visit to a server of which nothing is known, to see whether it is the right one."""

    def open_imap(self, driver: BlockingDriver, login: Login) -> imap.Connection:
        """Open an IMAP session; see `hongyan.client.session.open_imap`."""
        return driver.run(open_imap(driver.channel, login))

    def open_pop3(self, driver: BlockingDriver, login: Login) -> pop3.Connection:
        """Open a POP3 session; see `hongyan.client.session.open_pop3`."""
        return driver.run(open_pop3(driver.channel, login))

    def open_smtp(self, driver: BlockingDriver, login: Login) -> smtp.Connection:
        """Open an SMTP session; see `hongyan.client.session.open_smtp`."""
        return driver.run(open_smtp(driver.channel, login))


class Visit:
    """A visit of an account to one of its servers, with what is remembered of it."""

    def __init__(
        self, account: Account, endpoint: Endpoint, store: Store, *, clock: Callable[[], datetime]
    ) -> None:
        self._account = account
        self._server = str(endpoint)
        self._host = endpoint.host
        self._store = store
        self._clock = clock
        self._known = store.offers.get(account.id, self._server)

    @property
    def not_before(self) -> datetime | None:
        """When the server allows the next login; None when it is allowed now."""
        if self._known is None:
            return None
        delay = Capabilities(self._known.names).login_delay or 0
        allowed = self._known.login_at + timedelta(seconds=delay)
        return allowed if self._known.login_at <= self._clock() < allowed else None

    def refuse_early(self) -> None:
        """Raise `Refused`, a temporary one, when the server does not allow a login yet."""
        if allowed := self.not_before:
            seconds = max(1, round((allowed - self._clock()).total_seconds()))
            raise Refused(
                f"{self._host} allows no login yet: it wants a pause after each; the next may be "
                f"in {seconds} seconds",
                code="LOGIN-DELAY",
                temporary=True,
            )

    def open_pop3(
        self,
        driver: BlockingDriver,
        credentials: Credentials,
        *,
        riders: tuple[pop3.Verb, ...] = (),
    ) -> pop3.Connection:
        """Open a POP3 session; see `hongyan.client.session.open_pop3`, and `refuse_early`."""
        self.refuse_early()
        fresh = self._fresh
        flow = open_pop3(
            driver.channel,
            credentials,
            offered=fresh.names if fresh else None,
            remembered=self._known.mechanisms if self._known else (),
            riders=riders,
        )
        conn = driver.run(flow)
        said = conn.capabilities
        self._remember(said.names, said.mechanisms, paced=said.login_delay is not None)
        return conn

    def open_imap(self, driver: BlockingDriver, credentials: Credentials) -> imap.Connection:
        """Open an IMAP session; see `hongyan.client.session.open_imap`."""
        remembered = self._known.mechanisms if self._known else ()
        conn = driver.run(open_imap(driver.channel, credentials, remembered=remembered))
        names: dict[str, tuple[str, ...]] = dict.fromkeys(conn.capabilities.names, ())
        self._remember(names, conn.mechanisms)
        return conn

    def compress(self, driver: BlockingDriver, conn: imap.Connection) -> bool:
        """Compress a session in which much will come, where the server can (RFC 4978).

        Mail shrinks to less than half, and what is saved on a line is more than what inflating
        costs; between programs on one machine nothing is saved. Returns whether it was done.
        """
        if driver.channel.endpoint.on_this_machine or not conn.offers("COMPRESS=DEFLATE"):
            return False
        try:
            driver.run(imap.compress(conn))
        except Refused:  # TLS compresses already (RFC 4978 §3)
            return False
        return True

    def open_smtp(self, driver: BlockingDriver, credentials: Credentials) -> smtp.Connection:
        """Open an SMTP session; see `hongyan.client.session.open_smtp`."""
        remembered = self._known.mechanisms if self._known else ()
        conn = driver.run(open_smtp(driver.channel, credentials, remembered=remembered))
        self._remember(conn.extensions.names, conn.extensions.mechanisms)
        return conn

    @property
    def _fresh(self) -> Offer | None:
        """What is remembered, unless it is so old that the server should be asked again."""
        if self._known and self._known.asked_at <= self._clock() < self._known.asked_at + _ASK_ANEW:
            return self._known
        return None

    def _remember(
        self, names: dict[str, tuple[str, ...]], mechanisms: tuple[str, ...], *, paced: bool = False
    ) -> None:
        """Write down what is new, and for a server that wants pauses when the login was."""
        fresh = self._fresh
        if fresh and fresh.names == names and not paced:
            return
        now = self._clock()
        asked = fresh.asked_at if fresh and fresh.names == names else now
        offer = Offer(names, mechanisms, asked, now)
        self._store.offers.keep(self._account.id, self._server, offer)
