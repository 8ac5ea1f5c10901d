"""The servers of the accounts: connecting to them, and trying them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hongyan import pop3, smtp
from hongyan.client.session import open_pop3, open_smtp
from hongyan.errors import HongyanError
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.net.record import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.net.record import Line
    from hongyan.sasl import Credentials
    from hongyan.store import Account


@dataclass(frozen=True, slots=True)
class Check:
    """What a test of one of an account's servers found."""

    endpoint: Endpoint
    words: tuple[str, ...]
    error: HongyanError | None = None


class Servers:
    """Connections; ``recorder`` gives what each line goes to at the time, or None."""

    def __init__(
        self,
        credentials: Callable[[Account], Credentials],
        *,
        recorder: Callable[[], Callable[[Line], None] | None],
    ) -> None:
        self.credentials = credentials
        self._recorder = recorder

    def connect(self, url: str) -> BlockingDriver:
        """Return a connected driver. Raises `NetworkError`."""
        endpoint = Endpoint.parse(url)
        record = self._recorder()
        recorder = Recorder(record) if record else None
        if recorder:
            recorder.note(str(endpoint))
        return BlockingDriver(endpoint, recorder=recorder).connect()

    def check(self, account: Account) -> tuple[Check, ...]:
        """Try each of the account's servers up to the login and leave again."""
        tests = ((account.pop3_url, _try_pop3), (account.smtp_url, _try_smtp))
        return tuple(self._check(account, url, test) for url, test in tests if url)

    def _check(
        self, account: Account, url: str, test: Callable[[BlockingDriver, Credentials], list[str]]
    ) -> Check:
        endpoint = Endpoint.parse(url)
        try:
            with self.connect(url) as driver:
                words = test(driver, self.credentials(account))
                tunnel = driver.channel.tunnel
                session = tunnel.session if tunnel else None
                words.append(f"{session.version}, {session.cipher}" if session else "no TLS")
        except HongyanError as error:
            return Check(endpoint, (), error)
        return Check(endpoint, tuple(words))


def _try_pop3(driver: BlockingDriver, credentials: Credentials) -> list[str]:
    conn = driver.run(open_pop3(driver.channel, credentials))
    stat = driver.run(pop3.stat(conn))
    driver.run(pop3.quit_(conn))
    pipelining = "pipelining" if conn.capabilities.pipelining else "no pipelining"
    return [f"{stat.messages} messages", pipelining]


def _try_smtp(driver: BlockingDriver, credentials: Credentials) -> list[str]:
    conn = driver.run(open_smtp(driver.channel, credentials))
    driver.run(smtp.quit_(conn))
    size = conn.extensions.size_limit
    limit = f"messages up to {size // 1_000_000} MB" if size else "no size limit told"
    return [limit, "pipelining" if conn.extensions.pipelining else "no pipelining"]
