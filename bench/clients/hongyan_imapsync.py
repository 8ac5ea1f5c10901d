"""Hongyan synchronises an IMAP account into a profile, as `hongyan sync` does; or only logs in.

Besides its time it tells when a list of the inbox first had something to show, seen from another
thread as another program would.
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.clients.report import parameters, timed
from hongyan import imap
from hongyan.client.session import open_imap
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.sasl import Credentials
from hongyan.store import Role, Store
from hongyan.sync.imap import synchronise


def now() -> datetime:
    return datetime.now(UTC)


class Reader(threading.Thread):
    """Looks again and again whether the inbox can be listed; ``after`` is when it could."""

    def __init__(self, store: Store, account_id: str) -> None:
        super().__init__(daemon=True)
        self._store = store
        self._account_id = account_id
        self._start = time.monotonic()
        self.after = 0.0

    def run(self) -> None:
        """Look."""
        while not self.after:
            for box in self._store.mailboxes.list(self._account_id):
                if box.role is Role.INBOX and self._store.messages.page(box.id, limit=50):
                    self.after = time.monotonic() - self._start
            time.sleep(0.02)


def visit(url: str, username: str, password: str, home: Path) -> tuple[int, int]:
    with Store.open(home, clock=now) as store:
        known = store.accounts.list()
        account = known[0] if known else store.accounts.add(username, secret="keychain")
        reader = Reader(store, account.id)
        reader.start()
        with BlockingDriver(Endpoint.parse(url)).connect() as driver:
            conn = driver.run(open_imap(driver.channel, Credentials(username, password)))
            synced = driver.run(synchronise(conn, account, store, clock=now))
            driver.run(imap.logout(conn))
        reader.join(1.0)
        sys.stdout.write(f"readable after {reader.after:.3f} s\n")
    return synced.messages, synced.octets


def log_in(url: str, username: str, password: str) -> tuple[int, int]:
    with BlockingDriver(Endpoint.parse(url)).connect() as driver:
        driver.run(open_imap(driver.channel, Credentials(username, password)))
    return 0, 0


def main() -> None:
    given = parameters()
    home = given.pop("home")
    timed(lambda: visit(**given, home=Path(home)) if home else log_in(**given))


if __name__ == "__main__":  # its helpers load this module, too
    main()
